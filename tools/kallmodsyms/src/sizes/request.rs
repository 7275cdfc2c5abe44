// SPDX-License-Identifier: GPL-2.0

//! A request for sizes.

use std::path::PathBuf;

/// A request for the bytes of a kernel.
#[derive(Clone, Debug, Default)]
pub struct Sizes {
    /// The file of a kernel in any form, or a build directory; `None` for the running kernel.
    pub file: Option<PathBuf>,
    /// A second kernel; the answer then has the differences from `file` to this kernel.
    pub diff: Option<PathBuf>,
    /// The thing that a row counts.
    pub by: By,
    /// The form of the answer.
    pub format: TableFormat,
    /// True if differences in [`TableFormat::Text`] are in colour.
    pub color: bool,
    /// A file to write a web page to, in place of a table; `-` writes the page to the output.
    pub html: Option<PathBuf>,
}

/// The thing that a row counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// A module, a set of modules that share object files, or the object files of a directory that are in no
    /// module.
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
    /// Aligned columns for people, with a row of sums.
    #[default]
    Text,
    /// Comma-separated values, with a first line of column names.
    Csv,
    /// A JSON array of objects.
    Json,
}

impl By {
    /// The name of the column that, besides the modules, identifies a row.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::Module | Self::Path => "path",
            Self::Object => "object",
        }
    }
}
