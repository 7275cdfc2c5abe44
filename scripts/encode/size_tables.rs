// SPDX-License-Identifier: GPL-2.0

//! Encodes the size tables as the kernel reads them, and checks that the tables decode to the sizes of the
//! symbols. rust/format/tables/sizes.rs describes the tables.

use std::cmp::Reverse;

use crate::common::error::{show, Error, Result};
use crate::common::hash::FastMap;
use crate::format::sizes::{
    self, RawSizes, BYTE_ESCAPE, NIBBLE_ESCAPE, NO_SIZE, RANK_STEP, VALUES,
};
use crate::read::elf::Symbol;

/// The size tables; see [`RawSizes`].
#[derive(Debug, Default)]
pub(crate) struct SizeTables {
    pub(crate) bits: Vec<u64>,
    pub(crate) bit_ranks: Vec<u32>,
    /// The nibbles, each in a byte of its own. [`packed_nibbles`](Self::packed_nibbles) returns two in a byte.
    nibbles: Vec<u8>,
    pub(crate) nibble_ranks: Vec<u32>,
    pub(crate) values: Vec<u32>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) byte_ranks: Vec<u32>,
    pub(crate) words: Vec<u64>,
}

impl SizeTables {
    /// Encodes the sizes of `symbols`, which are sorted by address, and checks the result.
    pub(super) fn encode(symbols: &[Symbol<'_>]) -> Result<Self> {
        let gaps = gaps(symbols);
        let mut tables = Self {
            values: frequent(symbols, &gaps),
            ..Self::default()
        };
        for (symbols, gaps) in symbols.chunks(64).zip(gaps.chunks(64)) {
            let first = tables.bits.len() * 64;
            let mut word = 0;
            for (bit, (symbol, &gap)) in symbols.iter().zip(gaps).enumerate() {
                add_rank(&mut tables.bit_ranks, first + bit, tables.nibbles.len())?;
                if symbol.size != gap {
                    word |= 1 << bit;
                    tables.add(symbol.size, gap)?;
                }
            }
            tables.bits.push(word);
        }
        tables.check(symbols, &gaps)?;
        Ok(tables)
    }

    /// Adds a size that differs from its gap.
    fn add(&mut self, size: u64, gap: u64) -> Result<()> {
        add_rank(&mut self.nibble_ranks, self.nibbles.len(), self.bytes.len())?;
        let value = value(size, gap);
        let mut values = self.values.iter();
        let index = values.position(|&frequent| Some(frequent) == value);
        if let Some(nibble) = index.and_then(|index| u8::try_from(index).ok()) {
            self.nibbles.push(nibble);
            return Ok(());
        }
        self.nibbles.push(NIBBLE_ESCAPE);
        add_rank(&mut self.byte_ranks, self.bytes.len(), self.words.len())?;
        let less = gap.checked_sub(size).map(u8::try_from);
        match less {
            Some(Ok(less)) if less != BYTE_ESCAPE => self.bytes.push(less),
            _ => {
                self.bytes.push(BYTE_ESCAPE);
                self.words.push(size);
            }
        }
        Ok(())
    }

    /// The nibbles, two in each byte. The first nibble of a byte is the lower half.
    pub(crate) fn packed_nibbles(&self) -> Vec<u8> {
        let pairs = self.nibbles.chunks(2);
        let packed = pairs.map(|pair| {
            pair.iter()
                .rev()
                .fold(0, |byte, nibble| (byte << 4) | nibble)
        });
        packed.collect()
    }

    /// The numbers of nibbles, bytes and words.
    pub(super) fn counts(&self) -> [usize; 3] {
        [self.nibbles.len(), self.bytes.len(), self.words.len()]
    }

    /// Decodes the tables with the kernel's own decoder, and compares the decoded sizes with the encoded
    /// sizes. Decodes all sizes in order, like a reader of the listing, and every 61st size alone, like a
    /// lookup.
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
        let count = u32::try_from(symbols.len()).map_err(|_| too_many())?;
        let tables = sizes::SizeTables::new(raw, count);
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

/// The gap of each symbol, as the kernel computes it: the distance to the next symbol at a higher address.
/// The gap is 0 if no such symbol follows, or if the distance does not fit into 32 bits. An example is the
/// distance from the last per-cpu symbols of x86_64 in Linux 6.12 to the image.
fn gaps(symbols: &[Symbol<'_>]) -> Vec<u64> {
    let mut gaps = vec![0; symbols.len()];
    let mut next: Option<(u64, u64)> = None;
    for (symbol, gap) in symbols.iter().zip(&mut gaps).rev() {
        *gap = match next {
            Some((address, gap)) if address == symbol.value => gap,
            Some((address, _)) => match address - symbol.value {
                distance if distance <= u32::MAX.into() => distance,
                _ => 0,
            },
            None => 0,
        };
        next = Some((symbol.value, *gap));
    }
    gaps
}

/// The value of a nibble for a symbol of this size and gap; `None` if no value can express the size.
fn value(size: u64, gap: u64) -> Option<u32> {
    if size == 0 {
        return Some(NO_SIZE);
    }
    let less = u32::try_from(gap.checked_sub(size)?).ok()?;
    (less != NO_SIZE).then_some(less)
}

/// The most frequent values, the most frequent value first. Of two equally frequent values, the smaller comes
/// first.
fn frequent(symbols: &[Symbol<'_>], gaps: &[u64]) -> Vec<u32> {
    let mut counts: FastMap<u32, usize> = FastMap::default();
    let stored = symbols.iter().zip(gaps);
    for (symbol, &gap) in stored.filter(|(symbol, &gap)| symbol.size != gap) {
        if let Some(value) = value(symbol.size, gap) {
            *counts.entry(value).or_default() += 1;
        }
    }
    let mut counts: Vec<(u32, usize)> = counts.into_iter().collect();
    counts.sort_unstable_by_key(|&(value, count)| (Reverse(count), value));
    let mut values: Vec<u32> = counts.into_iter().map(|(value, _)| value).collect();
    values.resize(VALUES, NO_SIZE);
    values
}

/// Stores the rank of entry `index` of a level, if `index` is a multiple of [`RANK_STEP`]. The rank is `escapes`,
/// the number of escapes before the entry.
fn add_rank(ranks: &mut Vec<u32>, index: usize, escapes: usize) -> Result<()> {
    if index % RANK_STEP == 0 {
        ranks.push(u32::try_from(escapes).map_err(|_| too_many())?);
    }
    Ok(())
}

fn too_many() -> Error {
    Error::new("more than 2^32 symbols", "Build a smaller kernel.")
}
