// SPDX-License-Identifier: GPL-2.0

//! The size tables, and an encoder that shares no code with the generator. A user of this file must
//! have the format code in a module `format`.

use super::format::sizes::{RawSizes, NO_SIZE, RANK_STEP, VALUES};

/// The tables.
#[derive(Clone, Debug, Default)]
pub struct Encoded {
    pub bits: Vec<u64>,
    pub bit_ranks: Vec<u32>,
    pub nibbles: Vec<u8>,
    pub nibble_ranks: Vec<u32>,
    pub values: Vec<u32>,
    pub bytes: Vec<u8>,
    pub byte_ranks: Vec<u32>,
    pub words: Vec<u64>,
}

impl Encoded {
    /// Encodes symbols, each with its gap and size, with the given values for nibbles.
    pub fn new(symbols: &[(u64, u64)], values: [u32; VALUES]) -> Self {
        let (mut nibbles, mut bytes) = (Vec::new(), Vec::new());
        let mut encoded = Self {
            values: values.to_vec(),
            ..Self::default()
        };
        encoded.bits = vec![0; symbols.len().div_ceil(64)];
        for (index, &(gap, size)) in symbols.iter().enumerate() {
            rank(&mut encoded.bit_ranks, index, nibbles.len());
            if size == gap {
                continue;
            }
            encoded.bits[index / 64] |= 1 << (index % 64);
            rank(&mut encoded.nibble_ranks, nibbles.len(), bytes.len());
            let less = gap.checked_sub(size);
            let means = |&value: &u32| match value {
                NO_SIZE => size == 0,
                _ => less == Some(value.into()),
            };
            if let Some(nibble) = values.iter().position(means) {
                nibbles.push(nibble as u8);
                continue;
            }
            nibbles.push(15);
            rank(&mut encoded.byte_ranks, bytes.len(), encoded.words.len());
            match less {
                Some(less @ 0..255) => bytes.push(less as u8),
                _ => {
                    bytes.push(255);
                    encoded.words.push(size);
                }
            }
        }
        encoded.nibbles = nibbles
            .chunks(2)
            .map(|pair| pair[0] | (pair.get(1).unwrap_or(&0) << 4))
            .collect();
        encoded.bytes = bytes;
        encoded
    }

    /// The tables, as they are linked.
    pub fn raw(&self) -> RawSizes<'_> {
        RawSizes {
            bits: &self.bits,
            bit_ranks: &self.bit_ranks,
            nibbles: &self.nibbles,
            nibble_ranks: &self.nibble_ranks,
            values: &self.values,
            bytes: &self.bytes,
            byte_ranks: &self.byte_ranks,
            words: &self.words,
        }
    }
}

/// Notes how many entries go down before entry `index`, if that is where it is noted.
fn rank(ranks: &mut Vec<u32>, index: usize, below: usize) {
    if index % RANK_STEP == 0 {
        ranks.push(below as u32);
    }
}
