// SPDX-License-Identifier: GPL-2.0

//! The prefixes of core symbols' lines: address and size, for many symbols at once.
//!
//! A loop in this file finds and formats the addresses and sizes of a batch of symbols. A loop in
//! `walk.rs` expands the names. A single loop for addresses, sizes and names would need more
//! registers than the processor has. For the same reason, functions outside of the loop handle rare
//! symbols, and values for rare symbols stay in memory.

use super::{
    addresses::Places,
    hexadecimal::{hex, pair, size_word, small_size, DIGITS},
    name_expansion::put,
    sizes::{SizeReader, SizeTables},
    symbol_tables::Tables,
};

/// The most symbols in a batch. A batch ends at a multiple of this number at the latest. So one
/// word of level 1 of the sizes has the bits of all symbols in the batch.
pub(super) const BATCH: usize = 64;

/// The part of a line before the type that differs within a batch: the last [`LOW_DIGITS`] digits
/// of the address, a space, the size and a space.
#[derive(Clone, Copy)]
pub(super) struct Prefix {
    low: [u16; LOW_DIGITS / 2],
    /// The size with its spaces; see [`size_word`].
    size: u64,
}

/// The number of last digits of an address that may differ within a batch.
const LOW_DIGITS: usize = 4;

/// The prefixes of consecutive symbols.
///
/// A batch ends before the next symbol whose number is a multiple of [`BATCH`], after the last
/// symbol, or after the number of symbols that [`look_up`](Self::look_up) was asked for. A batch
/// from `look_up` also ends before a symbol with other first digits in its address.
pub(super) struct PrefixBatch {
    /// By symbol number modulo [`BATCH`]. Entries of symbols outside of the batch have any value.
    prefixes: [Prefix; BATCH],
    /// The number of the first symbol after the batch.
    end: u32,
    /// A reader whose next size is that of symbol number `end`. [`skip`](Self::skip) does not move
    /// the reader.
    sizes: SizeReader,
    /// The cache of [`uncommon_gap`].
    gap: Option<(usize, usize)>,
    /// The first digits of all addresses in the batch.
    high: [u8; DIGITS - LOW_DIGITS],
}

/// A distance of 1 to this many bytes is a gap in the image, or in the per-cpu area: the image and
/// the per-cpu area are further apart.
const MAX_GAP: usize = 1 << 30;

impl PrefixBatch {
    /// An empty batch before symbol number `index`.
    pub(super) fn new<P, O>(tables: &Tables<'_, '_, P, O>, index: u32) -> Self {
        let sizes = tables.sizes.map(|sizes| sizes.reader(index));
        Self {
            prefixes: [Prefix::ZEROS; BATCH],
            end: index,
            sizes: sizes.unwrap_or_default(),
            gap: None,
            high: [b'0'; DIGITS - LOW_DIGITS],
        }
    }

    /// Empties the batch, and goes before symbol number `index`.
    pub(super) fn go_to<P, O>(&mut self, tables: &Tables<'_, '_, P, O>, index: u32) {
        let sizes = tables.sizes.map(|sizes| sizes.reader(index));
        self.sizes = sizes.unwrap_or_default();
        self.end = index;
    }

    /// The number of the first symbol after the batch.
    pub(super) const fn end(&self) -> u32 {
        self.end
    }

    /// The first digits of all addresses in the batch; zeros before the first lookup.
    pub(super) fn high(&self) -> [u8; DIGITS - LOW_DIGITS] {
        self.high
    }

    /// The prefixes from symbol number `index` on, which is in the batch.
    pub(super) fn from(&self, index: u32) -> &[Prefix] {
        let first = index as usize % BATCH;
        self.prefixes.get(first..).unwrap_or_default()
    }

    /// Ends the batch at the next multiple of [`BATCH`] or after the last symbol, without a lookup.
    pub(super) fn skip<P: Places, O>(&mut self, tables: &Tables<'_, '_, P, O>) {
        let left = BATCH.wrapping_sub(self.end as usize % BATCH);
        let left = left.min(tables.places.rows(self.end).len());
        self.end = self.end.wrapping_add(left as u32);
    }

    /// Makes the next batch of up to `count` symbols, and looks up their addresses and sizes.
    #[inline(never)]
    pub(super) fn look_up<P: Places, O>(&mut self, tables: &Tables<'_, '_, P, O>, count: usize) {
        let first = self.end;
        let rows = tables.places.rows(first);
        let free = BATCH.wrapping_sub(first as usize % BATCH);
        let count = count.min(rows.len()).min(free);
        let wanted = rows.get(..count).unwrap_or_default();
        let Some((&row, rows)) = rows.split_first() else {
            return;
        };
        // Addresses rise, so a binary search finds the last symbol with the first digits `high`.
        let high = tables.places.place(first, row).address >> (4 * LOW_DIGITS);
        let (mut end, mut limit) = (0, count);
        // The last symbol usually has the same first digits.
        let mut next = count.wrapping_sub(1);
        while let Some(&row) = wanted.get(next).filter(|_| end < limit) {
            let index = first.wrapping_add(next as u32);
            if tables.places.place(index, row).address >> (4 * LOW_DIGITS) == high {
                end = next.wrapping_add(1);
            } else {
                limit = next;
            }
            next = end.wrapping_add(limit) / 2;
        }
        let count = end;
        self.format_high(high);
        self.end = first.wrapping_add(count as u32);

        match rows.get(..count) {
            Some(rows) => self.fill(tables, first, row, rows),
            // The last symbol of the batch is the last of all symbols, and no row follows its row.
            None => {
                self.fill(tables, first, row, rows);
                self.add_last(tables, self.end.wrapping_sub(1));
            }
        }
    }

    /// Makes the prefix of symbol number `index`, the last of all symbols.
    #[cold]
    #[inline(never)]
    fn add_last<P: Places, O>(&mut self, tables: &Tables<'_, '_, P, O>, index: u32) {
        let prefix = self.prefixes.get_mut(index as usize % BATCH);
        // Every symbol has a place, and every index modulo `BATCH` an entry.
        let Some((prefix, place)) = prefix.zip(tables.places.get(index)) else {
            return;
        };
        let gap = tables.gap(place, index);
        let size = tables.sizes.map(|sizes| sizes.size(index, gap as u64));
        *prefix = Prefix::new(place.address, size.map_or(gap, |size| size as usize));
    }

    /// Makes the prefixes of consecutive symbols from symbol number `first` on, one prefix for each
    /// row of `after`. Stops at the next multiple of [`BATCH`]. `row` is the row of symbol `first`,
    /// and `after` has the rows of the symbols after `first`.
    fn fill<P: Places, O>(
        &mut self,
        tables: &Tables<'_, '_, P, O>,
        first: u32,
        row: P::Row,
        after: &[P::Row],
    ) {
        let mut index = first;
        let mut address = tables.places.place(first, row).address;
        // The bits of the symbols up to the next multiple of 64.
        let mut bits = tables.sizes.map_or(0, |sizes| sizes.bits_from(first));
        let stored = tables.sizes.unwrap_or(&SizeTables::NONE);
        let prefixes = self.prefixes.get_mut(first as usize % BATCH..);
        let prefixes = prefixes.unwrap_or_default().iter_mut();
        for (&row, prefix) in after.iter().zip(prefixes) {
            let next = tables.places.place(index.wrapping_add(1), row).address;
            let mut size = next.wrapping_sub(address);
            // The next symbol is at the same address, or only one of the two is a per-cpu symbol.
            if size.wrapping_sub(1) >= MAX_GAP {
                size = uncommon_gap(&mut self.gap, tables, index);
            }
            if bits & 1 != 0 {
                size = self.sizes.next_escaped(stored, size as u64) as usize;
            }
            bits >>= 1;
            *prefix = Prefix::new(address, size);
            address = next;
            index = index.wrapping_add(1);
        }
    }

    /// Formats `bits`, an address without its last [`LOW_DIGITS`] digits, as the first digits.
    fn format_high(&mut self, bits: usize) {
        let mut rest = bits;
        for chunk in self.high.rchunks_mut(LOW_DIGITS) {
            let digits = hex(rest as u32).to_le_bytes();
            let (_, digits) = digits.split_at(LOW_DIGITS);
            chunk.copy_from_slice(digits);
            rest >>= 4 * LOW_DIGITS;
        }
    }
}

/// The gap of symbol number `index`, as [`Tables::gap`] finds it. Call this if the gap does not end
/// at symbol number `index` + 1. Returns 0 if the kernel has no symbol number `index`.
///
/// `last` caches the last address and its gap: hundreds of symbols in a row can have one address.
#[cold]
#[inline(never)]
fn uncommon_gap<P: Places, O>(
    last: &mut Option<(usize, usize)>,
    tables: &Tables<'_, '_, P, O>,
    index: u32,
) -> usize {
    let Some(place) = tables.places.get(index) else {
        return 0;
    };
    match *last {
        Some((address, gap)) if address == place.address => gap,
        _ => {
            let gap = tables.gap(place, index);
            *last = Some((place.address, gap));
            gap
        }
    }
}

impl Prefix {
    /// The prefix of every symbol for a reader that sees no addresses and sizes.
    const ZEROS: Self = Self {
        low: [u16::from_le_bytes([b'0'; 2]); LOW_DIGITS / 2],
        size: size_word(0),
    };

    #[inline(always)]
    fn new(address: usize, size: usize) -> Self {
        Self {
            low: [pair((address >> 8) as u8), pair(address as u8)],
            size: word_of_size(size),
        }
    }

    /// Stores `high` and the prefix at the beginning of `room`. Returns the length of both; 255 if
    /// the size has too many digits.
    #[inline(always)]
    pub(super) fn put(&self, room: &mut [u8], high: [u8; DIGITS - LOW_DIGITS]) -> u8 {
        put(room, 0, high);
        let [first, second] = self.low;
        put(room, DIGITS - LOW_DIGITS, first.to_le_bytes());
        put(room, DIGITS - 2, second.to_le_bytes());
        put(room, DIGITS, self.size.to_le_bytes());
        (self.size >> 56) as u8
    }
}

/// The size with its spaces; see [`size_word`].
#[inline(always)]
fn word_of_size(size: usize) -> u64 {
    match size {
        0..=0xff => small_size(size as u8),
        0x100..=0xffff => {
            // The first digits, then the last two digits and a space.
            let first = small_size((size >> 8) as u8);
            let shift = if size < 0x1000 { 16 } else { 24 };
            let space = u64::from(b' ');
            let rest = u64::from(pair(size as u8)) ^ space | (space << 16);
            (first ^ (rest << shift)).wrapping_add(2 << 56)
        }
        _ => word_of_large_size(size),
    }
}

/// [`word_of_size`] of a size above 0xffff, which is rare.
#[cold]
#[inline(never)]
fn word_of_large_size(size: usize) -> u64 {
    size_word(u32::try_from(size).unwrap_or(u32::MAX))
}
