// SPDX-License-Identifier: GPL-2.0

//! The size tables, encoded as the kernel reads them, and the check that they decode to what went in.
//! rust/format/sizes.rs says what they are.

use crate::elf::Symbol;
use crate::error::{show, Error, Result};
use crate::format::sizes::{RawSizes, SizeTables, NO_SIZE, RANK_STEP, VALUES};
use crate::hash::FastMap;

/// The encoded tables; see [`RawSizes`] for their meaning.
#[derive(Debug, Default)]
pub(crate) struct Sizes {
    pub(crate) bits: Vec<u64>,
    pub(crate) bit_ranks: Vec<u32>,
    /// One a byte here.
    nibbles: Vec<u8>,
    pub(crate) nibble_ranks: Vec<u32>,
    pub(crate) values: Vec<u32>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) byte_ranks: Vec<u32>,
    pub(crate) words: Vec<u64>,
}

impl Sizes {
    /// Encodes the sizes of `symbols`, which are sorted by address, and checks the result.
    pub(crate) fn encode(symbols: &[Symbol<'_>]) -> Result<Self> {
        let gaps = gaps(symbols);
        let mut sizes = Self {
            values: frequent(symbols, &gaps),
            ..Self::default()
        };
        sizes.bits = vec![0; symbols.len().div_ceil(64)];
        for (index, (symbol, &gap)) in symbols.iter().zip(&gaps).enumerate() {
            rank(&mut sizes.bit_ranks, index, sizes.nibbles.len());
            if symbol.size != gap {
                if let Some(word) = sizes.bits.get_mut(index / 64) {
                    *word |= 1 << (index % 64);
                }
                sizes.add(symbol.size, gap);
            }
        }
        sizes.check(symbols, &gaps)?;
        Ok(sizes)
    }

    /// Adds a size that is not its gap.
    fn add(&mut self, size: u64, gap: u64) {
        rank(&mut self.nibble_ranks, self.nibbles.len(), self.bytes.len());
        let value = value(size, gap);
        let nibble = self
            .values
            .iter()
            .position(|&frequent| Some(frequent) == value);
        if let Some(nibble) = nibble {
            self.nibbles.push(nibble as u8);
            return;
        }
        self.nibbles.push(VALUES as u8);
        rank(&mut self.byte_ranks, self.bytes.len(), self.words.len());
        match gap.checked_sub(size) {
            Some(less @ 0..255) => self.bytes.push(less as u8),
            _ => {
                self.bytes.push(255);
                self.words.push(size);
            }
        }
    }

    /// The nibbles, two a byte.
    pub(crate) fn packed_nibbles(&self) -> Vec<u8> {
        let pairs = self.nibbles.chunks(2);
        pairs
            .map(|pair| {
                pair.iter()
                    .rev()
                    .fold(0, |packed, nibble| packed << 4 | nibble)
            })
            .collect()
    }

    /// How many nibbles, bytes and words there are.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.nibbles.len(), self.bytes.len(), self.words.len()]
    }

    /// Decodes with the kernel's own decoder and compares, as one who reads all in order and as one
    /// who asks for one.
    fn check(&self, symbols: &[Symbol<'_>], gaps: &[u64]) -> Result<()> {
        let wrong = |what: String| {
            Error::new(
                format!("the sizes do not decode to what was encoded: {what}"),
                "This is a defect of this program. Turn CONFIG_KALLMODSYMS_SIZES off, and please \
                 report it.",
            )
        };
        let nibbles = self.packed_nibbles();
        let raw = RawSizes {
            bits: &self.bits,
            bit_ranks: &self.bit_ranks,
            nibbles: &nibbles,
            nibble_ranks: &self.nibble_ranks,
            values: &self.values,
            bytes: &self.bytes,
            byte_ranks: &self.byte_ranks,
            words: &self.words,
        };
        let tables = SizeTables::new(raw, symbols.len() as u32);
        let tables = tables.map_err(|error| wrong(error.to_string()))?;
        let mut cursor = tables.cursor(0);
        for (index, (symbol, &gap)) in (0..).zip(symbols.iter().zip(gaps)) {
            let is_sample = index % 61 == 0;
            if tables.next(&mut cursor, gap) != symbol.size
                || is_sample && tables.size(index, gap) != symbol.size
            {
                return Err(wrong(format!("symbol {}", show(symbol.name))));
            }
        }
        Ok(())
    }
}

/// For each symbol, the bytes to the next one at a higher address: as the kernel computes it, 0 for
/// the last ones and where it does not fit in 32 bits, which is from the end of x86_64's per-cpu
/// symbols to the image.
fn gaps(symbols: &[Symbol<'_>]) -> Vec<u64> {
    let mut gaps = vec![0; symbols.len()];
    let mut next: Option<(u64, u64)> = None;
    for (symbol, gap) in symbols.iter().zip(&mut gaps).rev() {
        *gap = match next {
            Some((address, gap)) if address == symbol.value => gap,
            Some((address, _)) => Some(address - symbol.value)
                .filter(|&gap| gap <= u32::MAX.into())
                .unwrap_or(0),
            None => 0,
        };
        next = Some((symbol.value, *gap));
    }
    gaps
}

/// What a nibble must stand for to say that a symbol of this gap has this size, if one can.
fn value(size: u64, gap: u64) -> Option<u32> {
    if size == 0 {
        return Some(NO_SIZE);
    }
    gap.checked_sub(size)
        .and_then(|less| u32::try_from(less).ok())
        .filter(|&less| less != NO_SIZE)
}

/// The values that serve most symbols, of equally frequent ones the smallest.
fn frequent(symbols: &[Symbol<'_>], gaps: &[u64]) -> Vec<u32> {
    let mut counts: FastMap<u32, usize> = FastMap::default();
    for (symbol, &gap) in symbols
        .iter()
        .zip(gaps)
        .filter(|(symbol, &gap)| symbol.size != gap)
    {
        if let Some(value) = value(symbol.size, gap) {
            *counts.entry(value).or_default() += 1;
        }
    }
    let mut values: Vec<(usize, u32)> = counts
        .into_iter()
        .map(|(value, count)| (count, value))
        .collect();
    values.sort_unstable_by_key(|&(count, value)| (std::cmp::Reverse(count), value));
    let mut values: Vec<u32> = values.into_iter().map(|(_, value)| value).collect();
    values.resize(VALUES, NO_SIZE);
    values
}

/// Notes how many entries go `down` before entry `index` of a level, for each that has a rank.
fn rank(ranks: &mut Vec<u32>, index: usize, down: usize) {
    if index % RANK_STEP == 0 {
        ranks.push(down as u32);
    }
}
