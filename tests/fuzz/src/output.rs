// SPDX-License-Identifier: GPL-2.0

//! The generator's output, kept in memory; its inputs are files as ever.

use std::cell::RefCell;
use std::path::Path;

use crate::error::Result;

#[path = "../../../scripts/output.rs"]
mod files;

pub(crate) use files::read;

thread_local! {
    static WRITTEN: RefCell<Written> = const { RefCell::new(Written { printed: Vec::new(), replaced: 0 }) };
}

/// What one run has written.
#[derive(Default)]
pub(crate) struct Written {
    /// To standard output, call by call.
    pub(crate) printed: Vec<Vec<u8>>,
    /// Files.
    pub(crate) replaced: usize,
}

/// What this thread has written since the last time.
pub(crate) fn take() -> Written {
    WRITTEN.take()
}

pub(crate) fn print(parts: &[&[u8]]) -> Result<()> {
    WRITTEN.with_borrow_mut(|written| written.printed.push(parts.concat()));
    Ok(())
}

/// A file that would be written.
pub(crate) struct Target;

impl Target {
    pub(crate) fn new(_path: &Path, _content: Vec<u8>) -> Self {
        Self
    }

    pub(crate) fn write(self) -> Result<()> {
        WRITTEN.with_borrow_mut(|written| written.replaced += 1);
        Ok(())
    }
}
