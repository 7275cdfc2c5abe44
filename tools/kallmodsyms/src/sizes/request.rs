// SPDX-License-Identifier: GPL-2.0

//! A request for sizes.

use std::path::PathBuf;

/// A request for the bytes of a kernel.
#[derive(Clone, Debug, Default)]
pub struct Sizes {
    /// The file of a kernel in any form, or a build directory; `None` for the running kernel.
    pub file: Option<PathBuf>,
    /// A second kernel, to show the differences from the first one.
    pub diff: Option<PathBuf>,
    /// The meaning of a row.
    pub by: By,
    /// The form of the answer.
    pub format: TableFormat,
    /// True if differences for people are in colour.
    pub color: bool,
    /// A file for a web page of all levels, in the place of a table; `-` for the output.
    pub html: Option<PathBuf>,
}

/// The meaning of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// A module, modules that share object files, or a directory with object files of no module.
    #[default]
    Module,
    /// An object file.
    Object,
    /// A directory.
    Path,
}

/// The form of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TableFormat {
    /// Columns for people, and a sum.
    #[default]
    Text,
    /// Comma-separated values, with a line of names.
    Csv,
    /// An array of objects of JSON.
    Json,
}

impl By {
    /// The name of the column that tells one row from another, besides the modules.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::Module | Self::Path => "path",
            Self::Object => "object",
        }
    }
}
