// SPDX-License-Identifier: GPL-2.0

//! The one kind of failure this program has: something in an input is wrong, and the link must
//! stop.

use std::fmt;
use std::path::{Path, PathBuf};

/// A failure, with all that a person needs to mend it.
#[derive(Debug)]
pub(crate) struct Error {
    /// The file that is at fault, if one is, and its 1-based line, if one is.
    place: Option<(PathBuf, Option<usize>)>,
    /// What is wrong.
    problem: String,
    /// What to do about it.
    remedy: String,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure that is not about one file.
    pub(crate) fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            place: None,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// A failure in a file as a whole.
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

    /// A failure at a line of a file.
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

    /// What is wrong and where, in one line.
    pub(crate) fn problem(&self) -> String {
        let text = self.to_string();
        text.lines().next().unwrap_or_default().to_owned()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some((file, Some(line))) => write!(f, "{}:{line}: ", file.display())?,
            Some((file, None)) => write!(f, "{}: ", file.display())?,
            None => {}
        }
        write!(f, "{}\n  {}", self.problem, self.remedy)
    }
}

/// Shows bytes from an input in a message: printable as they are, at most the first 200 of them.
pub(crate) fn show(bytes: &[u8]) -> String {
    let shown = bytes.get(..200).unwrap_or(bytes);
    let dots = if shown.len() < bytes.len() { "..." } else { "" };
    format!("{}{dots}", shown.escape_ascii())
}
