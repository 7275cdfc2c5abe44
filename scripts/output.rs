// SPDX-License-Identifier: GPL-2.0

//! Whole files, in and out. A file is replaced whole or not at all.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::error::{Error, Result};

/// Reads an input of the link.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| {
        Error::in_file(
            path,
            error.to_string(),
            "kbuild makes this file for the link of vmlinux: remove vmlinux.o and vmlinux and build \
             again.",
        )
    })
}

/// Writes `content` to standard output.
pub(crate) fn print(content: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(content)
        .and_then(|()| stdout.flush())
        .map_err(|error| {
            Error::new(
                format!("standard output: {error}"),
                "Make room on the disk and build again.",
            )
        })
}

/// Makes `content` the content of `path`, if it is not already, so that its time changes only with
/// it.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    let written = fs::write(new, content).and_then(|()| fs::rename(new, path));
    written.map_err(|error| {
        // The failure to report is the one above; what is left behind is tried to be removed.
        let _ = fs::remove_file(new);
        Error::in_file(
            path,
            error.to_string(),
            "Make room on the disk, or the directory writable, and build again.",
        )
    })
}
