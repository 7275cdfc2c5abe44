// SPDX-License-Identifier: GPL-2.0

//! Scratch files for code that reads files. `TMPDIR` sets the directory; memory (/dev/shm) is the quickest.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

thread_local! {
    static SCRATCH: TempDir = TempDir::new().expect("a directory for temporary files");
}

/// A path in a directory of this thread's.
pub(crate) fn path(name: &str) -> PathBuf {
    SCRATCH.with(|directory| directory.path().join(name))
}

/// A file of this name and content, in a directory of this thread's.
pub(crate) fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = path(name);
    fs::write(&path, content).expect("a temporary file");
    path
}
