// SPDX-License-Identifier: GPL-2.0

//! What can go wrong.

use std::{error, fmt, io};

/// Why there is no listing.
#[derive(Debug)]
pub enum Error {
    /// The file cannot be opened or read.
    Io(io::Error),
    /// It is not of the format.
    Parse(ParseError),
}

/// A line that is not of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The number of the line, from 1 on.
    pub line: usize,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It does not begin with 1 to 16 lower-case hexadecimal digits and a space.
    Address,
    /// These do not follow.
    Size,
    /// One character and a space do not follow.
    Kind,
    /// A name, and a tab or the end of the line, do not follow.
    Name,
    /// Modules in brackets, with a space between two, and the end of the line do not follow.
    Modules,
    /// It is the last, and has no newline.
    CutOff,
    /// It is not in the first 4 GiB.
    TooFar,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "the address is not a number",
            Self::Size => "the size is not a number",
            Self::Kind => "the type is not one letter",
            Self::Name => "the name is not one",
            Self::Modules => "the modules are not in brackets",
            Self::CutOff => "it is cut off",
            Self::TooFar => "it is not in the first 4 GiB",
        })
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Parse(error) => error.fmt(f),
        }
    }
}

impl error::Error for ParseError {}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Parse(error) => Some(error),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}
