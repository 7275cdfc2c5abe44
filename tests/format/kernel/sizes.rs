// SPDX-License-Identifier: GPL-2.0

//! Encodes the size tables, without code of the generator. The parent module must contain the format code
//! as its module `format`.

use super::format::sizes::{RawSizes, NO_SIZE, RANK_STEP, VALUES};

/// The size tables.
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
    /// Encodes symbols. Each symbol is its gap and its size. `values` are the values of the nibbles.
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

    /// The tables as the decoder takes them.
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

/// Adds a rank if entry `index` needs one. The rank is `escapes`, the number of escapes before the entry.
fn rank(ranks: &mut Vec<u32>, index: usize, escapes: usize) {
    if index % RANK_STEP == 0 {
        ranks.push(escapes as u32);
    }
}
