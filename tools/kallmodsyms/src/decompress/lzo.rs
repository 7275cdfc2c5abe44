// SPDX-License-Identifier: GPL-2.0

//! Files of lzop: a header, and blocks of LZO1X. The lengths and the checksums of a block precede it.
//!
//! ```text
//! 89 4c 5a 4f 00 0d 0a 1a 0a                          magic number
//! 10 40 20 a0 09 40 03 09                             versions, method, level
//! 03 00 00 0d 00 00 81 a4 00 00 00 00 00 00 00 00     flags, mode, time
//! 00 .. .. .. ..                                      no name; checksum of the header
//! 00 04 00 00 00 01 f3 10 .. .. .. .. <0x1f310 bytes> a block of 0x40000 bytes, and its checksum
//! 00 00 00 00                                         the end
//! ```
//!
//! Numbers have the highest byte first.

use std::io;

use super::{bad, CUT_SHORT};

pub(super) const MAGIC: &[u8] = b"\x89LZO\0\r\n\x1a\n";

/// The first version of lzop whose header has two more fields: the version needed to extract, and the level.
const VERSION_WITH_LEVEL: u16 = 0x0940;

/// The methods of compression that make LZO1X.
const METHODS: std::ops::RangeInclusive<u8> = 1..=3;

/// Flags: the optional parts of the header and of each block.
const ADLER32_OF_BYTES: u32 = 0x1;
const ADLER32_OF_COMPRESSED: u32 = 0x2;
const EXTRA_FIELD: u32 = 0x40;
const CRC32_OF_BYTES: u32 = 0x100;
const CRC32_OF_COMPRESSED: u32 = 0x200;
const FILTER: u32 = 0x800;

/// The most decompressed bytes of a block.
const BLOCK: usize = 64 << 20;

/// Decompresses all blocks, or the first `most` decompressed bytes. Ignores checksums, because the reader of
/// the kernel's tables checks the tables.
pub(super) fn decompress(data: &[u8], most: usize) -> io::Result<Vec<u8>> {
    let mut fields = Fields(data);
    let flags = fields.header()?;
    let count = |of: [u32; 2]| of.iter().filter(|&&flag| flags & flag != 0).count();
    let mut bytes = Vec::new();
    while bytes.len() < most {
        let size = fields.u32()? as usize;
        if size == 0 {
            break;
        }
        let compressed = fields.u32()? as usize;
        if size > BLOCK {
            return Err(bad("a block is too large"));
        }
        fields.skip(4 * count([ADLER32_OF_BYTES, CRC32_OF_BYTES]))?;
        // A block that compression does not shorten is stored uncompressed.
        if compressed < size {
            fields.skip(4 * count([ADLER32_OF_COMPRESSED, CRC32_OF_COMPRESSED]))?;
        }
        let compressed = fields.take(compressed)?;
        let block = match compressed.len() < size {
            true => decompress_block(compressed, size)?,
            false => compressed.to_vec(),
        };
        bytes.extend(block.iter().take(most - bytes.len()));
    }
    Ok(bytes)
}

fn decompress_block(compressed: &[u8], size: usize) -> io::Result<Vec<u8>> {
    let mut block = vec![0; size];
    match lzo1x::decompress(compressed, &mut block) {
        Ok(()) => Ok(block),
        Err(error) => Err(bad(&error.to_string())),
    }
}

/// The data that are not read yet.
struct Fields<'d>(&'d [u8]);

impl<'d> Fields<'d> {
    /// Skips the header.
    ///
    /// Return: the flags of the header.
    fn header(&mut self) -> io::Result<u32> {
        self.skip(MAGIC.len())?;
        let version = self.u16()?;
        self.skip(2)?;
        let has_level = version >= VERSION_WITH_LEVEL;
        self.skip(if has_level { 2 } else { 0 })?;
        if !METHODS.contains(&self.u8()?) {
            return Err(bad("a method of compression that is not known"));
        }
        self.skip(if has_level { 1 } else { 0 })?;
        let flags = self.u32()?;
        if flags & FILTER != 0 {
            return Err(bad("the data are filtered"));
        }
        // The mode has 4 bytes. The time has 8 bytes, or 4 in an older version.
        self.skip(if has_level { 12 } else { 8 })?;
        let name = self.u8()?;
        self.skip(usize::from(name) + 4)?;
        if flags & EXTRA_FIELD != 0 {
            let length = self.u32()? as usize;
            self.skip(length)?;
            self.skip(4)?;
        }
        Ok(flags)
    }

    fn take(&mut self, length: usize) -> io::Result<&'d [u8]> {
        let (bytes, rest) = self
            .0
            .split_at_checked(length)
            .ok_or_else(|| bad(CUT_SHORT))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn skip(&mut self, length: usize) -> io::Result<()> {
        self.take(length).map(drop)
    }

    fn number<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let bytes = self.take(N)?.first_chunk();
        bytes.copied().ok_or_else(|| bad(CUT_SHORT))
    }

    fn u8(&mut self) -> io::Result<u8> {
        self.number().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> io::Result<u16> {
        self.number().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> io::Result<u32> {
        self.number().map(u32::from_be_bytes)
    }
}
