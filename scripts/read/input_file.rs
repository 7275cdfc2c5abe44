// SPDX-License-Identifier: GPL-2.0

//! Whole input files, read into memory.

use std::fs;
use std::path::Path;

use crate::common::error::{Error, Result};

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
