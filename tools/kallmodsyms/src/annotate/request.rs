// SPDX-License-Identifier: GPL-2.0

//! Requests about texts.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::Arc;

use crate::kernel_file::RUNNING;

/// Texts, and the kernel that they are from.
#[derive(Clone, Debug)]
pub struct Texts {
    /// A build directory, an image of any form, or a saved `/proc/kallmodsyms`.
    pub kernel: PathBuf,
    /// Bytes from the addresses of `kernel` to those in the texts; `None` if the texts tell.
    pub offset: Option<u64>,
    /// The texts; `-` is standard input, and so is an empty list.
    pub files: Vec<PathBuf>,
    /// The number of bytes that were read, for an indication of progress.
    pub read: Arc<AtomicU64>,
}

/// A request for texts with marks.
#[derive(Clone, Debug, Default)]
pub struct Annotate {
    /// The texts.
    pub texts: Texts,
    /// Whether marks have object files, where these are known.
    pub objects: bool,
    /// True if marks are in colour.
    pub color: bool,
}

/// A request for a table of what is in texts.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// The texts.
    pub texts: Texts,
    /// What a row is.
    pub by: CountBy,
    /// Whether rows are objects of JSON.
    pub json: bool,
}

/// A row of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CountBy {
    /// The modules of a symbol.
    #[default]
    Module,
    /// An object file.
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
