// SPDX-License-Identifier: GPL-2.0

//! The numbers of core symbols, for some symbols in one go.
//!
//! They are looked up and made into text in a loop of their own, as the processor does not have the
//! registers to do that and expand names too. What is rare is left to functions, and what is needed
//! for some of the symbols only is kept in memory, so that the loop itself has enough of them.

use super::{
    addresses::Places,
    hexadecimal::{hex, pair, size_word, small_size, DIGITS},
    name_expansion::put,
    sizes::{SizeReader, SizeTables},
    symbol_tables::Tables,
};

/// Symbols that are looked up in one go, from one multiple of this on to the next: as many as have
/// their first bit of the sizes in one word.
pub(super) const BATCH: usize = 64;

/// What stands before the type of a symbol, without what is the same for all that are looked up in
/// one go: the last [`LOW`] digits of the address, a space, the size and a space.
#[derive(Clone, Copy)]
pub(super) struct Prefix {
    low: [u16; LOW / 2],
    /// See [`size_word`].
    size: u64,
}

/// Digits of an address that may differ from those of the address before.
const LOW: usize = 4;

/// Symbols that are looked up.
pub(super) struct PrefixBatch {
    /// By number modulo [`BATCH`]. Those that were not looked up are of anything.
    prefixes: [Prefix; BATCH],
    /// The number of the symbol behind them.
    end: u32,
    /// Reads the size of that one next.
    sizes: SizeReader,
    /// See [`distant_gap`].
    gap: Option<(usize, usize)>,
    /// The digits that all their addresses begin with.
    high: [u8; DIGITS - LOW],
}

/// A gap that is known to be one within an area if it is less than this.
const MAX_GAP: usize = 1 << 30;

impl PrefixBatch {
    /// A batch without symbols, before number `index`.
    pub(super) fn new<P>(tables: &Tables<'_, '_, P>, index: u32) -> Self {
        let sizes = tables.sizes.map(|sizes| sizes.reader(index));
        Self {
            prefixes: [Prefix::ZEROS; BATCH],
            end: index,
            sizes: sizes.unwrap_or_default(),
            gap: None,
            high: [b'0'; DIGITS - LOW],
        }
    }

    /// Drops all symbols, and goes before number `index`.
    pub(super) fn go_to<P>(&mut self, tables: &Tables<'_, '_, P>, index: u32) {
        let sizes = tables.sizes.map(|sizes| sizes.reader(index));
        self.sizes = sizes.unwrap_or_default();
        self.end = index;
    }

    /// The number of the symbol behind the last one.
    pub(super) const fn end(&self) -> u32 {
        self.end
    }

    /// The digits that all addresses begin with: zeros if nothing was looked up.
    pub(super) fn high(&self) -> [u8; DIGITS - LOW] {
        self.high
    }

    /// The rest of the prefixes from symbol number `index` on, which was looked up.
    pub(super) fn from(&self, index: u32) -> &[Prefix] {
        let first = index as usize % BATCH;
        self.prefixes.get(first..).unwrap_or_default()
    }

    /// Goes on to the next multiple of [`BATCH`] or behind the last symbol, without looking anything
    /// up.
    pub(super) fn skip<P: Places>(&mut self, tables: &Tables<'_, '_, P>) {
        let left = BATCH.wrapping_sub(self.end as usize % BATCH);
        let left = left.min(tables.places.rows(self.end).len());
        self.end = self.end.wrapping_add(left as u32);
    }

    /// Looks up `count` symbols, or those up to the next multiple of [`BATCH`], to the last one, or
    /// to the last one whose address begins with the same digits.
    #[inline(never)]
    pub(super) fn look_up<P: Places>(&mut self, tables: &Tables<'_, '_, P>, count: usize) {
        let first = self.end;
        let rows = tables.places.rows(first);
        let free = BATCH.wrapping_sub(first as usize % BATCH);
        let count = count.min(rows.len()).min(free);
        let wanted = rows.get(..count).unwrap_or_default();
        let Some((&row, rows)) = rows.split_first() else {
            return;
        };
        // Addresses rise, but for once, from the per-cpu area to the image.
        let high = tables.places.place(first, row).address >> (4 * LOW);
        let (mut end, mut limit) = (0, count);
        // Most often the last one has the same.
        let mut next = count.wrapping_sub(1);
        while let Some(&row) = wanted.get(next).filter(|_| end < limit) {
            let index = first.wrapping_add(next as u32);
            if tables.places.place(index, row).address >> (4 * LOW) == high {
                end = next.wrapping_add(1);
            } else {
                limit = next;
            }
            next = end.wrapping_add(limit) / 2;
        }
        let count = end;
        self.set_high(high);
        self.end = first.wrapping_add(count as u32);

        match rows.get(..count) {
            Some(rows) => self.fill(tables, first, row, rows),
            // The last of all symbols has none behind it. It is at its own address, which does not
            // end it.
            None => {
                self.fill(tables, first, row, rows);
                let last = self.end.wrapping_sub(1);
                let row = rows.last().copied().unwrap_or(row);
                self.fill(tables, last, row, &[row]);
            }
        }
    }

    /// Looks up the symbols from number `first` on, which is in `row`. `after` are the rows behind
    /// each of them, up to the next multiple of [`BATCH`] at most.
    fn fill<P: Places>(
        &mut self,
        tables: &Tables<'_, '_, P>,
        first: u32,
        row: P::Row,
        after: &[P::Row],
    ) {
        let mut index = first;
        let mut address = tables.places.place(first, row).address;
        // They are of the symbols up to the next multiple of 64.
        let mut bits = tables.sizes.map_or(0, |sizes| sizes.bits_from(first));
        let stored = tables.sizes.unwrap_or(&SizeTables::NONE);
        let prefixes = self.prefixes.get_mut(first as usize % BATCH..);
        let prefixes = prefixes.unwrap_or_default().iter_mut();
        for (&row, prefix) in after.iter().zip(prefixes) {
            let next = tables.places.place(index.wrapping_add(1), row).address;
            let mut size = next.wrapping_sub(address);
            // Neither 0 nor as far as from the per-cpu area to the image.
            if size.wrapping_sub(1) >= MAX_GAP {
                size = distant_gap(&mut self.gap, tables, index);
            }
            if bits & 1 != 0 {
                size = self.sizes.next_stored(stored, size as u64) as usize;
            }
            bits >>= 1;
            prefix.low = [pair((address >> 8) as u8), pair(address as u8)];
            prefix.size = word_of_size(size);
            address = next;
            index = index.wrapping_add(1);
        }
    }

    /// Makes the digits that addresses begin with those of `high`.
    fn set_high(&mut self, high: usize) {
        let mut rest = high;
        for chunk in self.high.rchunks_mut(LOW) {
            let digits = hex(rest as u32).to_le_bytes();
            let (_, digits) = digits.split_at(LOW);
            chunk.copy_from_slice(digits);
            rest >>= 4 * LOW;
        }
    }
}

/// What [`Tables::gap`] says of symbol number `index`, which the next one does not end; 0 if there is
/// no such symbol.
///
/// `last` is the last address that this was asked for, and the answer: symbols of one address follow
/// each other, sometimes hundreds of them.
#[cold]
#[inline(never)]
fn distant_gap<P: Places>(
    last: &mut Option<(usize, usize)>,
    tables: &Tables<'_, '_, P>,
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
    /// The prefix of every symbol if addresses and sizes are not shown.
    const ZEROS: Self = Self {
        low: [u16::from_le_bytes([b'0'; 2]); LOW / 2],
        size: size_word(0),
    };

    /// Stores it behind `high`. Returns its length, with that; 255 if it does not fit.
    #[inline(always)]
    pub(super) fn put(&self, window: &mut [u8], high: [u8; DIGITS - LOW]) -> u8 {
        put(window, 0, high);
        let [first, second] = self.low;
        put(window, DIGITS - LOW, first.to_le_bytes());
        put(window, DIGITS - 2, second.to_le_bytes());
        put(window, DIGITS, self.size.to_le_bytes());
        (self.size >> 56) as u8
    }
}

/// See [`size_word`].
#[inline(always)]
fn word_of_size(size: usize) -> u64 {
    match size {
        0..=0xff => small_size(size as u8),
        0x100..=0xffff => {
            // The last two digits and a space behind the digits before them.
            let first = small_size((size >> 8) as u8);
            let shift = if size < 0x1000 { 16 } else { 24 };
            let space = u64::from(b' ');
            let rest = u64::from(pair(size as u8)) ^ space | space << 16;
            (first ^ rest << shift).wrapping_add(2 << 56)
        }
        _ => word_of_large_size(size),
    }
}

/// The same where there is more to do.
#[cold]
#[inline(never)]
fn word_of_large_size(size: usize) -> u64 {
    size_word(u32::try_from(size).unwrap_or(u32::MAX))
}
