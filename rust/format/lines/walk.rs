// SPDX-License-Identifier: GPL-2.0

//! The lines of the core symbols, in order.
//!
//! Most of the cost of reading the file is the work for each line and for each token of a line. The
//! quick way to make a line joins these parts:
//!
//! - the address and the size, which [`prefixes`](super::prefixes) looks up for many symbols
//! - the name, which [`name_expansion`](super::name_expansion) expands
//! - the modules, which a [`Group`] has as text for many symbols
//! - the object file in braces, which few lines have; see [`braces`](super::braces)
//!
//! If a name, a size, the modules or the object file are too long for the quick way, [`Line`] makes
//! the line.

use super::{
    braces::{NoObjects, Objects},
    line::{Line, NoSpace},
    name_expansion::{put_suffix, put_symbol, Suffix, WORDS_ANYWHERE},
    names::ModuleNames,
    prefixes::PrefixBatch,
    ranges::{RangeHint, Stretch},
    symbols::Entries,
    tokens::Tokens,
};
use core::mem::{self, size_of};

pub use super::{
    addresses::{Place, Places},
    name_expansion::LINE_ROOM as WINDOW,
    symbol_tables::Tables,
};

/// A walk over the core symbols, line by line. It is larger than 1 KiB.
pub struct Walk<'a, O: Objects<'a> = NoObjects> {
    /// The number of the next symbol.
    index: u32,
    /// The names from the next symbol on.
    names: Entries<'a>,
    /// The addresses and sizes from the next symbol on.
    batch: PrefixBatch,
    /// The group of the next symbol. If that group is not known yet, the group of an earlier
    /// symbol.
    group: Group<'a>,
    /// The next run of symbols whose lines have braces.
    braces: O::Braces,
}

/// The number of bytes of the shortest line.
const MIN_LINE: usize = 2 * size_of::<usize>() + 6;

/// The most symbols in a group: the search for the end of a group looks no further ahead.
const AHEAD: u32 = 512;

/// Consecutive symbols of one stretch, and the part that their lines share.
///
/// A stretch also has bounds of offsets. A group has only a last symbol number, so the loop over
/// the symbols of a group compares no offsets.
struct Group<'a> {
    /// The stretch that all symbols of the group are in.
    stretch: Stretch<'a>,
    /// The result of the previous search for a stretch. The next search looks there first.
    hint: RangeHint,
    /// The number of the first symbol after the group.
    end: u32,
    /// The part of each line after the name.
    suffix: Suffix,
}

impl<'a, O: Objects<'a>> Walk<'a, O> {
    /// A walk that begins with symbol number `index`. To reach it, this call skips at most 255
    /// names.
    pub fn new<P>(tables: &Tables<'_, 'a, P, O>, index: u32) -> Self {
        Self {
            index,
            names: tables.names.starting_at(index),
            batch: PrefixBatch::new(tables, index),
            group: Group {
                stretch: Stretch::none(),
                hint: RangeHint::default(),
                end: index,
                suffix: Suffix::new(ModuleNames::none()),
            },
            braces: tables.objects.braces_from(index),
        }
    }

    /// Goes to symbol number `index`. To reach it, this call skips at most 255 names.
    pub fn go_to<P>(&mut self, tables: &Tables<'_, 'a, P, O>, index: u32) {
        self.index = index;
        self.names = tables.names.starting_at(index);
        self.batch.go_to(tables, index);
        self.group.stretch = Stretch::none();
        self.group.end = index;
        self.braces = tables.objects.braces_from(index);
    }

    /// The number of the next symbol.
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// Writes lines to the beginning of `buf`. Stops once `wanted` bytes or more are written, at
    /// the end of a [`PrefixBatch`], or if less than [`WINDOW`] bytes are free. Also stops before a
    /// line that does not fit into the free bytes. Returns the number of bytes written.
    ///
    /// If `show_values` is not set, addresses and sizes are zeros. All calls for one walk must have
    /// the same value.
    pub fn lines<P: Places>(
        &mut self,
        tables: &Tables<'_, 'a, P, O>,
        buf: &mut [u8],
        wanted: usize,
        show_values: bool,
    ) -> usize {
        if self.index >= self.batch.end() {
            if show_values {
                let most = wanted / MIN_LINE;
                self.batch.look_up(tables, most.saturating_add(1));
            } else {
                self.batch.skip(tables);
            }
        }
        // `quick_lines` stops if less than `WINDOW` bytes of `buf[..enough]` are free: once
        // `wanted` bytes are written, or at the end of `buf`.
        let enough = wanted.saturating_add(WINDOW - 1).min(buf.len());
        let mut written: usize = 0;
        loop {
            let mut room = buf.get_mut(written..enough).unwrap_or_default();
            let free = room.len();
            self.quick_groups(tables, &mut room);
            let left = room.len();
            written = written.wrapping_add(free.wrapping_sub(left));
            if self.index >= self.batch.end() || written >= wanted {
                break;
            }
            let free = buf.get_mut(written..).unwrap_or_default();
            if free.len() < WINDOW {
                break;
            }
            match self.slow_line(tables, free, show_values) {
                Some(len) => written = written.wrapping_add(len),
                None => break,
            }
        }
        written
    }

    /// Writes the lines of one group after the other to the beginning of `buf`, and makes `buf` the
    /// memory after the lines. Stops at the end of the batch, or when [`Self::quick_lines`] writes
    /// no line.
    #[inline(always)]
    #[expect(clippy::mut_mut, reason = "see quick_lines")]
    fn quick_groups<P: Places>(&mut self, tables: &Tables<'_, 'a, P, O>, buf: &mut &mut [u8]) {
        while self.index < self.batch.end() {
            if self.index >= self.group.end {
                self.group.find(tables, self.index);
            }
            let before = self.index;
            tables
                .objects
                .find(&mut self.braces, self.index, &self.group.suffix);
            match self.suffix().0.len() {
                1 if !WORDS_ANYWHERE => self.quick_lines::<1>(tables.tokens, buf),
                0..=8 => self.quick_lines::<8>(tables.tokens, buf),
                9..=16 => self.quick_lines::<16>(tables.tokens, buf),
                17..=Suffix::SIZE => self.quick_lines::<{ Suffix::SIZE }>(tables.tokens, buf),
                _ => {}
            }
            if self.index == before {
                break;
            }
        }
    }

    /// The suffix of the next symbol, and the number of the first symbol that may have another
    /// suffix.
    #[inline(always)]
    fn suffix(&self) -> (&Suffix, u32) {
        let Group { suffix, end, .. } = &self.group;
        O::suffix(&self.braces, self.index, suffix, *end)
    }

    /// Writes lines to the beginning of `buf`, and makes `buf` the memory after the lines. Stops if
    /// less than [`WINDOW`] bytes are free, at the end of the batch, before a symbol that may have
    /// another suffix, or before a line that is too long. Stores `SUFFIX` bytes after each name;
    /// the next line overwrites the surplus bytes.
    #[expect(
        clippy::mut_mut,
        reason = "the reference keeps the compiler from moving loads over stores, which would take \
                  one more instruction for each token"
    )]
    #[inline(never)]
    fn quick_lines<const SUFFIX: usize>(&mut self, tokens: &Tokens<'_>, buf: &mut &mut [u8]) {
        let mut free = mem::take(buf);
        let mut names = self.names;
        let high = self.batch.high();
        let (suffix, end) = self.suffix();
        let suffix_len = suffix.len();
        let suffix: &[u8; SUFFIX] = suffix.first_chunk();
        let end = end.min(self.batch.end());
        let count = end.wrapping_sub(self.index) as usize;
        let prefixes = self.batch.from(self.index).get(..count);
        let mut prefixes = prefixes.unwrap_or_default().iter();
        while let Some(prefix) = prefixes.as_slice().first() {
            let Some(room) = free.first_chunk_mut::<WINDOW>() else {
                break;
            };
            let Some((first, list, after)) = names.split_quick() else {
                break;
            };
            let at = prefix.put(room, high);
            let Some(at) = put_symbol(room, at, tokens, first, list) else {
                break;
            };
            let len = put_suffix(room, at, suffix, suffix_len);
            let Some(rest) = mem::take(&mut free).get_mut(len..) else {
                break;
            };
            free = rest;
            names = after;
            prefixes.next();
        }
        self.names = names;
        let done = count.wrapping_sub(prefixes.len());
        self.index = self.index.wrapping_add(done as u32);
        *buf = free;
    }

    /// Writes one line, of any length, to the beginning of `buf`. Returns the length of the line;
    /// `None` if `buf` has no room for it.
    #[cold]
    #[inline(never)]
    fn slow_line<P: Places>(
        &mut self,
        tables: &Tables<'_, 'a, P, O>,
        buf: &mut [u8],
        show_values: bool,
    ) -> Option<usize> {
        let (mut address, mut size) = (0, 0);
        if show_values {
            let place = tables.places.get(self.index)?;
            address = place.address;
            size = tables.gap(place, self.index);
            if let Some(sizes) = tables.sizes {
                size = sizes.size(self.index, size as u64) as usize;
            }
        }
        let mut names = self.names;
        let entry = names.next()?;
        let kind = tables.tokens.first_byte(*entry.tokens().first()?);
        let mut line = Line::new(buf);
        let mut render = || {
            line.fields(address, size, kind)?;
            line.symbol(tables.tokens, entry)?;
            for module in self.group.stretch.names() {
                line.module(module)?;
            }
            if let Some(path) = tables.objects.path(&self.braces, self.index) {
                line.object(path)?;
            }
            Ok::<(), NoSpace>(())
        };
        let len = render().and_then(|()| line.finish()).ok()?;
        self.names = names;
        self.index = self.index.wrapping_add(1);
        Some(len)
    }
}

impl<'a> Group<'a> {
    /// Finds the modules of symbol number `index`, and the end of the group that begins with it.
    #[cold]
    #[inline(never)]
    fn find<P: Places, O>(&mut self, tables: &Tables<'_, 'a, P, O>, index: u32) {
        self.end = index.wrapping_add(1);
        let Some(place) = tables.places.get(index) else {
            return;
        };
        if !self.stretch.holds(index, place.offset) {
            self.stretch = tables.modules.stretch(index, place.offset, &mut self.hint);
            self.suffix = Suffix::new(self.stretch.names());
        }
        // Addresses rise within the per-cpu area and within the image. So `reaches` returns true up
        // to the last symbol of the group, and false for later symbols.
        let reaches = |index| {
            let later: Option<Place> = tables.places.get(index);
            later.is_some_and(|later| {
                later.percpu == place.percpu && self.stretch.reaches(later.offset)
            })
        };
        let limit = self.stretch.end().min(index.saturating_add(AHEAD));
        let (mut low, mut high, mut step) = (self.end, self.end, 1);
        // Most groups are short, so the steps begin with one symbol and double.
        while high < limit && reaches(high) {
            low = high.wrapping_add(1);
            high = high.saturating_add(step).min(limit);
            step = step.wrapping_mul(2);
        }
        // The group ends between `low` and `high`.
        while low < high {
            // Does not overflow: the middle is between `low` and `high`.
            let middle = low.wrapping_add(high.wrapping_sub(low) / 2);
            if reaches(middle) {
                low = middle.wrapping_add(1);
            } else {
                high = middle;
            }
        }
        self.end = low;
    }
}
