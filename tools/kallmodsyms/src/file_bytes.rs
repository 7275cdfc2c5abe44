// SPDX-License-Identifier: GPL-2.0

//! The bytes of a file: mapped into memory, or read if the file has no length.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

/// The initial size of the buffer for a file of `/proc`. Large reads of such a file are faster than small ones.
const LARGE: usize = 1 << 20;

/// The bytes of a file.
pub(crate) enum FileBytes {
    /// The mapped file.
    Mapped(Mmap),
    /// A buffer: bytes that were read, decompressed or made by this program.
    Owned(Vec<u8>),
}

impl FileBytes {
    /// The bytes of the regular file `path`.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        // /proc/kallmodsyms has the length 0, and cannot be mapped.
        if file.metadata()?.len() == 0 {
            let mut bytes = Vec::with_capacity(LARGE);
            file.read_to_end(&mut bytes)?;
            return Ok(Self::Owned(bytes));
        }
        // SAFETY:
        // - This process only reads the map.
        // - Nothing here writes to the file. Another program that changes or shortens the file at this
        //   moment changes bytes that are checked before each use, or ends this program by a signal.
        Ok(Self::Mapped(unsafe { Mmap::map(&file) }?))
    }
}

impl Deref for FileBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}
