// SPDX-License-Identifier: GPL-2.0

//! The numbers of core symbols, for some symbols in one go.
//!
//! They are looked up and made into text in a loop of their own, as the processor does not have the
//! registers to do that and expand names too. What is rare is left to functions, and what is needed
//! for some of the symbols only is kept in memory, so that the loop itself has enough of them.

use super::{
    digits::{hex, pair, small_size, DIGITS},
    sizes::{SizeReader, SizeTables},
    walk::{Places, Tables},
    window::put,
};

/// Symbols that are looked up in one go, from one multiple of this on to the next: as many as have
/// their first bit of the sizes in one word.
pub(super) const BATCH: usize = 64;

/// What stands before the type of a symbol: the address, a space, the size and a space.
#[derive(Clone, Copy)]
#[repr(align(8))]
pub(super) struct Prefix {
    text: [u8; Self::SIZE],
    /// 255 if it does not fit.
    len: u8,
}

/// Symbols that are looked up.
pub(super) struct Batch {
    /// By number modulo [`BATCH`]. Those that were not looked up are of anything.
    prefixes: [Prefix; BATCH],
    /// The number of the symbol behind them.
    end: u32,
    /// Reads the size of that one next.
    sizes: SizeReader,
    /// See [`distant_gap`].
    gap: Option<(usize, usize)>,
    /// The last address.
    address: Address,
}

/// A gap that is known to be one within an area if it is less than this.
const MAX_GAP: usize = 1 << 30;

impl Batch {
    /// A batch without symbols, before number `index`.
    pub(super) fn new<P>(tables: &Tables<'_, '_, P>, index: u32) -> Self {
        let sizes = tables.sizes.map(|sizes| sizes.reader(index));
        Self {
            prefixes: [Prefix::NONE; BATCH],
            end: index,
            sizes: sizes.unwrap_or_default(),
            gap: None,
            address: Address::new(0),
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

    /// The prefixes from symbol number `index` on, which was looked up.
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

    /// Looks up `count` symbols, or those up to the next multiple of [`BATCH`] or to the last one.
    #[inline(never)]
    pub(super) fn look_up<P: Places>(&mut self, tables: &Tables<'_, '_, P>, count: usize) {
        let first = self.end;
        let rows = tables.places.rows(first);
        let free = BATCH.wrapping_sub(first as usize % BATCH);
        let count = count.min(rows.len()).min(free);
        let Some((&row, rows)) = rows.split_first() else {
            return;
        };
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
        let high = &mut self.address;
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
            high.put(address, &mut prefix.text);
            prefix.put_size(size);
            address = next;
            index = index.wrapping_add(1);
        }
    }
}

/// The bytes from symbol number `index`, which the next one does not end, to the next symbol at a
/// higher address; if there is none, 0 if sizes are stored, or the bytes to the end of the section.
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
            let gap = tables.places.gap(place, index);
            let gap = match tables.sizes {
                Some(_) => gap.unwrap_or(0),
                None => gap.unwrap_or_else(|| tables.places.rest(place)),
            };
            *last = Some((place.address, gap));
            gap
        }
    }
}

impl Prefix {
    /// Bytes of one with a size below 16 MiB.
    const SIZE: usize = DIGITS + 8;

    const NONE: Self = Self {
        text: [0; Self::SIZE],
        len: 0,
    };

    /// The prefix of every symbol if addresses and sizes are not shown.
    pub(super) const ZEROS: Self = {
        let mut text = [b'0'; Self::SIZE];
        text[DIGITS] = b' ';
        text[DIGITS + 2] = b' ';
        let len = DIGITS as u8 + 3;
        Self { text, len }
    };

    /// The text with something behind it, and its length, which is 255 if the text is not all of it.
    #[inline(always)]
    pub(super) fn get(&self) -> ([u8; Self::SIZE], u8) {
        (self.text, self.len)
    }

    /// Puts the size and the spaces around it behind the address.
    #[inline(always)]
    fn put_size(&mut self, size: usize) {
        if size <= u8::MAX.into() {
            let (text, len) = small_size(size as u8);
            put(&mut self.text, DIGITS, text);
            self.len = len;
        } else if size <= u16::MAX.into() {
            let (text, len) = small_size((size >> 8) as u8);
            put(&mut self.text, DIGITS, text);
            // Over the space behind it.
            let at = len.wrapping_sub(1);
            let low = u32::from(pair(size as u8)) | u32::from(b' ') << 16;
            put(&mut self.text, at.into(), low.to_le_bytes());
            self.len = at.wrapping_add(3);
        } else {
            self.put_large_size(size);
        }
    }

    /// The same for any size.
    #[cold]
    #[inline(never)]
    fn put_large_size(&mut self, size: usize) {
        let zeros = (size as u32 | 1).leading_zeros() / 4;
        let digits = 8_usize.wrapping_sub(zeros as usize);
        if size >> 24 != 0 {
            self.len = u8::MAX;
            return;
        }
        let text = hex(size as u32) >> (8 * zeros) << 8 | u64::from(b' ');
        put(&mut self.text, DIGITS, text.to_le_bytes());
        let at = DIGITS.wrapping_add(digits).wrapping_add(1);
        put(&mut self.text, at, [b' ']);
        self.len = at.wrapping_add(1) as u8;
    }
}

/// The digits of an address. All but the last four are mostly those of the address before.
#[derive(Clone, Copy)]
struct Address {
    /// The address without its lowest 16 bits.
    high: usize,
    /// Its digits.
    digits: [u8; DIGITS],
}

impl Address {
    fn new(address: usize) -> Self {
        let mut digits = [0; DIGITS];
        let mut rest = address;
        for chunk in digits.rchunks_exact_mut(8) {
            chunk.copy_from_slice(&hex(rest as u32).to_le_bytes());
            rest = rest.checked_shr(32).unwrap_or(0);
        }
        Self {
            high: address >> 16,
            digits,
        }
    }

    /// Makes all digits those of `address`.
    #[cold]
    #[inline(never)]
    fn go_to(&mut self, address: usize) {
        *self = Self::new(address);
    }

    /// Goes to `address`, and puts its digits at the beginning of `text`.
    #[inline(always)]
    fn put(&mut self, address: usize, text: &mut [u8; Prefix::SIZE]) {
        if address >> 16 != self.high {
            self.go_to(address);
        }
        put(text, 0, self.digits);
        put(text, DIGITS - 4, pair((address >> 8) as u8).to_le_bytes());
        put(text, DIGITS - 2, pair(address as u8).to_le_bytes());
    }
}
