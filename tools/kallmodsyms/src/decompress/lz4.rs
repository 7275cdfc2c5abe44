// SPDX-License-Identifier: GPL-2.0

//! The legacy frames of LZ4, as `lz4 -l` makes them for the kernel: a magic number, then blocks. The compressed
//! length of each block precedes it.
//!
//! ```text
//! 02 21 4c 18   c7 9f 3a 00 <0x3a9fc7 bytes>   00 12 01 00 <0x11200 bytes>
//! ```

use std::io;

use super::{bad, CUT_SHORT};

pub(super) const MAGIC: &[u8] = b"\x02\x21\x4c\x18";

/// The decompressed length of each block except the last.
const BLOCK: usize = 8 << 20;

/// Decompresses all blocks, or the first `most` decompressed bytes.
pub(super) fn decompress(data: &[u8], most: usize) -> io::Result<Vec<u8>> {
    let mut rest = data;
    let mut bytes = Vec::new();
    let mut block = Vec::new();
    while !rest.is_empty() && bytes.len() < most {
        let (length, after) = rest.split_first_chunk().ok_or_else(|| bad(CUT_SHORT))?;
        rest = after;
        // Another frame may follow: its magic number stands in place of a length.
        if length == MAGIC {
            continue;
        }
        let length = u32::from_le_bytes(*length) as usize;
        let (compressed, after) = rest
            .split_at_checked(length)
            .ok_or_else(|| bad(CUT_SHORT))?;
        rest = after;
        block.resize(BLOCK, 0);
        let length = lz4_flex::block::decompress_into(compressed, &mut block);
        let length = length.map_err(|error| bad(&error.to_string()))?;
        bytes.extend(block.iter().take(length.min(most - bytes.len())));
    }
    Ok(bytes)
}
