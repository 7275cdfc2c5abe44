// SPDX-License-Identifier: GPL-2.0

//! Makes files for code that reads files. `TMPDIR` sets the directory. A directory in memory (/dev/shm) is
//! the fastest.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

thread_local! {
    static SCRATCH: TempDir = TempDir::new().expect("a directory for temporary files");
}

/// The path `name` in the temporary directory of this thread.
pub(crate) fn path(name: &str) -> PathBuf {
    SCRATCH.with(|directory| directory.path().join(name))
}

/// Writes a file in the temporary directory of this thread, and returns its path.
pub(crate) fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = path(name);
    fs::write(&path, content).expect("a temporary file");
    path
}
