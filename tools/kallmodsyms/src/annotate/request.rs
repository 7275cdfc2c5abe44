// SPDX-License-Identifier: GPL-2.0

//! Requests about texts.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::Arc;

use crate::kernel_file::RUNNING;

/// Texts, and the kernel that printed them.
#[derive(Clone, Debug)]
pub struct Texts {
    /// A build directory, an image or a dump of any form, or a listing such as `/proc/kallmodsyms`.
    pub kernel: PathBuf,
    /// The number of bytes to add to an address of `kernel` to get the address in the texts; `None` if the
    /// texts reveal that number.
    pub offset: Option<u64>,
    /// The files of the texts. `-` is standard input, and an empty list means standard input.
    pub files: Vec<PathBuf>,
    /// The number of bytes read so far, for an indication of progress.
    pub read: Arc<AtomicU64>,
}

/// A request for texts with marks.
#[derive(Clone, Debug, Default)]
pub struct Annotate {
    /// The texts.
    pub texts: Texts,
    /// True if marks have object files where they are known.
    pub objects: bool,
    /// True if marks are in colour.
    pub color: bool,
}

/// A request for a table of the modules, or object files, in texts.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// The texts.
    pub texts: Texts,
    /// What a row stands for.
    pub by: CountBy,
    /// True if rows are JSON objects.
    pub json: bool,
}

/// What a row of the table stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CountBy {
    /// A row for each module, for each set of modules that share an object file, and for symbols in no module.
    #[default]
    Module,
    /// A row for each object file.
    Object,
}

impl Default for Texts {
    /// Standard input, from the running kernel.
    fn default() -> Self {
        Self {
            kernel: RUNNING.into(),
            offset: None,
            files: Vec::new(),
            read: Arc::default(),
        }
    }
}
