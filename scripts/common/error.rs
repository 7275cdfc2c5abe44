// SPDX-License-Identifier: GPL-2.0

//! The error of all phases, with the file at fault, the problem and a remedy.

use std::fmt;
use std::path::{Path, PathBuf};

/// A problem and its remedy. An error stops the link, unless a caller turns it into a report.
#[derive(Debug)]
pub(crate) struct Error {
    /// The file at fault, and the 1-based line number if one line is at fault. `None` if no single
    /// file is at fault.
    place: Option<(PathBuf, Option<usize>)>,
    problem: String,
    /// An instruction to the person who builds the kernel.
    remedy: String,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A problem without a single file at fault.
    pub(crate) fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            place: None,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// A problem of a whole file.
    pub(crate) fn in_file(
        file: &Path,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            place: Some((file.into(), None)),
            ..Self::new(problem, remedy)
        }
    }

    /// A problem in one line of a file.
    pub(crate) fn at_line(
        file: &Path,
        line: usize,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            place: Some((file.into(), Some(line))),
            ..Self::new(problem, remedy)
        }
    }

    /// A state that only a defect of this program can cause.
    pub(crate) fn defect(problem: impl Into<String>) -> Self {
        Self::new(
            problem,
            "This is a defect of this program. Turn CONFIG_KALLMODSYMS off, and please report it.",
        )
    }

    /// The place, if a file is at fault, and the problem, in one line.
    pub(crate) fn place_and_problem(&self) -> String {
        let place = match &self.place {
            Some((file, Some(line))) => format!("{}:{line}: ", file.display()),
            Some((file, None)) => format!("{}: ", file.display()),
            None => String::new(),
        };
        format!("{place}{}", self.problem)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  {}", self.place_and_problem(), self.remedy)
    }
}

/// `bytes` of an input as a message shows them: escaped, and only the first 200.
pub(crate) fn show(bytes: &[u8]) -> String {
    match bytes.get(..200) {
        Some(beginning) if bytes.len() > 200 => format!("{}...", beginning.escape_ascii()),
        _ => bytes.escape_ascii().to_string(),
    }
}
