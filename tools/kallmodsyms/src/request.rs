// SPDX-License-Identifier: GPL-2.0

//! Requests: the kernel, the symbols, and the form of the answer.

use std::ops::Range;
use std::path::PathBuf;

/// The kernel that a request is about.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// A build directory, an image or a dump of any form, or a listing such as `/proc/kallmodsyms`.
    pub file: PathBuf,
    /// The KASLR offset: the number of bytes from an address of the link to the address at run time.
    pub offset: u64,
}

/// A request for the lines of a kernel.
#[derive(Clone, Debug, Default)]
pub struct Show {
    /// The kernel.
    pub source: Source,
    /// The form of the lines.
    pub format: Format,
    /// Selected addresses. Without ranges and objects, all symbols are shown.
    pub ranges: Vec<Range<u64>>,
    /// Object files as kbuild names them, from the top of the build: `fs/ext4/super.o`. A path with a slash at
    /// its end selects a directory.
    pub objects: Vec<String>,
}

/// A request for single symbols and addresses.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// The kernel.
    pub source: Source,
    /// True if answers are JSON objects.
    pub json: bool,
    /// Symbols, addresses, `symbol+0xoffset` and `place:symbol`. A place is a module or an object file.
    pub queries: Vec<String>,
}

/// The form of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// As in `/proc/kallmodsyms`.
    #[default]
    Kallmodsyms,
    /// As in `/proc/kallsyms`, without any module.
    Kallsyms,
    /// As in `/proc/kallsyms`, with the first module.
    KallsymsModules,
    /// An array of JSON objects.
    Json,
}

impl Source {
    /// The kernel in `file`, with an offset of 0.
    pub fn of(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            offset: 0,
        }
    }
}

impl Show {
    /// A request for all lines of the kernel in `file`, in the form of `/proc/kallmodsyms`, with an offset of
    /// 0.
    pub fn of(file: impl Into<PathBuf>) -> Self {
        Self {
            source: Source::of(file),
            ..Self::default()
        }
    }
}
