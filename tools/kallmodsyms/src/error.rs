// SPDX-License-Identifier: GPL-2.0

//! Failures: the problem, its place, and the remedy.

use std::fmt;
use std::path::{Path, PathBuf};

/// A failure: its place, the problem and the remedy.
///
/// Its text has two lines: the place and the problem on the first, and the remedy, indented by two spaces, on
/// the second.
///
/// ```
/// let request = kallmodsyms::Show::of("no such file");
/// let error = kallmodsyms::show(&request, &mut Vec::new()).unwrap_err();
/// let text = error.to_string();
/// assert!(text.starts_with("no such file: No such file or directory"));
/// assert!(text.contains("\n  Give a build directory"));
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{}{problem}\n  {remedy}", MessagePrefix(place.as_ref()))]
pub struct Error {
    /// The file at fault, and the line at fault, counted from 1. `None` if no file, or no single line, is at
    /// fault.
    place: Option<(PathBuf, Option<usize>)>,
    problem: String,
    remedy: String,
}

/// The result of functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure without a file at fault.
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
}

/// The place at the beginning of a message: `vmlinux: ` or `.tmp_vmlinux.ranges:3: `.
struct MessagePrefix<'e>(Option<&'e (PathBuf, Option<usize>)>);

impl fmt::Display for MessagePrefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((file, Some(line))) => write!(f, "{}:{line}: ", file.display()),
            Some((file, None)) => write!(f, "{}: ", file.display()),
            None => Ok(()),
        }
    }
}
