// SPDX-License-Identifier: GPL-2.0

//! The size tables of a made-up kernel.

use format::sizes::{RawSizes, RANK_STEP, VALUES};

/// The tables.
#[derive(Default)]
pub struct Sizes {
    bits: Vec<u64>,
    bit_ranks: Vec<u32>,
    nibbles: Vec<u8>,
    nibble_ranks: Vec<u32>,
    bytes: Vec<u8>,
    byte_ranks: Vec<u32>,
    words: Vec<u64>,
}

/// The nibbles' values: no size, or 1 to 14 bytes less.
const NIBBLES: [u32; VALUES] = [u32::MAX, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];

impl Sizes {
    /// The tables, as they are linked.
    pub fn raw(&self) -> RawSizes<'_> {
        RawSizes {
            bits: &self.bits,
            bit_ranks: &self.bit_ranks,
            nibbles: &self.nibbles,
            nibble_ranks: &self.nibble_ranks,
            values: &NIBBLES,
            bytes: &self.bytes,
            byte_ranks: &self.byte_ranks,
            words: &self.words,
        }
    }

    /// Stores the sizes of symbols, given with their gaps.
    pub fn new(symbols: impl ExactSizeIterator<Item = (u64, u64)>) -> Self {
        let mut sizes = Self {
            bits: vec![0; symbols.len().div_ceil(64)],
            ..Self::default()
        };
        let mut nibbles = Vec::new();
        for (index, (gap, size)) in symbols.enumerate() {
            rank(&mut sizes.bit_ranks, index, nibbles.len());
            if size == gap {
                continue;
            }
            sizes.bits[index / 64] |= 1 << (index % 64);
            rank(&mut sizes.nibble_ranks, nibbles.len(), sizes.bytes.len());
            nibbles.push(match gap.wrapping_sub(size) {
                _ if size == 0 => 0,
                less @ 1..15 => less as u8,
                less => {
                    rank(&mut sizes.byte_ranks, sizes.bytes.len(), sizes.words.len());
                    sizes.bytes.push(less.min(255) as u8);
                    sizes.words.extend((less >= 255).then_some(size));
                    15
                }
            });
        }
        for pair in nibbles.chunks(2) {
            sizes.nibbles.push(pair[0] | pair.get(1).unwrap_or(&0) << 4);
        }
        sizes
    }
}

/// Notes how many entries go down before entry `index`, if that is where it is noted.
fn rank(ranks: &mut Vec<u32>, index: usize, down: usize) {
    if index % RANK_STEP == 0 {
        ranks.push(down as u32);
    }
}
