// SPDX-License-Identifier: GPL-2.0

//! Errors of the reader.

use std::{error, fmt, io};

/// The reason why a function returned no listing.
#[derive(Debug)]
pub enum Error {
    /// The file cannot be opened or read.
    Io(io::Error),
    /// A line is malformed.
    Parse(ParseError),
}

/// A malformed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The number of the line, from 1 on.
    pub line: usize,
    /// The reason.
    pub reason: Reason,
}

/// The reason why a line is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The line does not begin with 1 to 16 lower-case hexadecimal digits and a space.
    Address,
    /// After the address, the line does not have 1 to 16 hexadecimal digits and a space.
    Size,
    /// After the size, the line does not have one character and a space.
    Kind,
    /// After the type, the line does not have a name, and then a tab or the end of the line.
    Name,
    /// After the tab, the line does not have modules in brackets, one space apart, up to its end.
    Modules,
    /// The last line has no newline.
    CutOff,
    /// The line is not in the first 4 GiB.
    TooFar,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "the address is not a number",
            Self::Size => "the size is not a number",
            Self::Kind => "the type is not one letter",
            Self::Name => "the name is malformed",
            Self::Modules => "the modules are not in brackets",
            Self::CutOff => "the line is cut off",
            Self::TooFar => "the line is not in the first 4 GiB",
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
