// SPDX-License-Identifier: GPL-2.0

//! The file of a kernel: a vmlinux, which is mapped into memory, or a vmlinuz, which is decompressed.

use std::fs::{self, File};
use std::path::Path;

use memmap2::Mmap;

use crate::elf::GIVE;
use crate::error::{Error, Result};
use crate::vmlinuz;

/// The bytes of a vmlinux.
pub(crate) enum Vmlinux {
    /// The bytes of the file.
    Mapped(Mmap),
    /// The decompressed bytes of a vmlinuz.
    Unpacked(Vec<u8>),
}

impl Vmlinux {
    /// Opens a vmlinux, or the vmlinux inside of a vmlinuz.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| Error::in_file(path, error.to_string(), GIVE);
        // Opening a pipe waits for a writer, and a device has no end.
        let metadata = fs::metadata(path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(Error::in_file(path, "this is not a regular file", GIVE));
        }
        let file = File::open(path).map_err(failed)?;
        if metadata.len() == 0 {
            return Ok(Self::Unpacked(Vec::new()));
        }
        // SAFETY:
        // - The map is private to this process and only read.
        // - Nothing here writes to the file. Another program that changes or shortens the file at this
        //   moment changes bytes that are checked before each use, or ends this program by a signal.
        let map = unsafe { Mmap::map(&file) }.map_err(failed)?;
        match vmlinuz::is_one(&map) {
            true => Ok(Self::Unpacked(vmlinuz::unpack(path, &map)?)),
            false => Ok(Self::Mapped(map)),
        }
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Unpacked(bytes) => bytes,
        }
    }
}
