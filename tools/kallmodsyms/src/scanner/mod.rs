// SPDX-License-Identifier: GPL-2.0

//! The scanner: finds the tables of an image without symbols by their content, in the bytes of a section, of an
//! Image or of a dump.
//!
//! scripts/kallsyms and the generator write the tables one after the other. The alignment of the tables depends
//! on the kernel series: see [`Layout`]. The scanner first looks for the token index, which has the offset of
//! each of the 256 tokens in the token table. The offsets rise strictly, and each offset but the first is just
//! after the end of a string. Before the token table are the number of symbols, the names and the markers,
//! which must agree. The places of all other tables follow from the number of symbols, the counts in the
//! generator's tables, and the rooms, which are spare bytes after a table.
//!
//! A malicious file can have many byte sequences that resemble these tables, so the number of bytes limits the
//! steps of the scanner.

mod generator_tables;

use std::cell::Cell;
use std::ops::Range;

use crate::format::layout::ROOM_MARK as MARK;
use crate::format::symbols::SymbolNames;
use crate::format::tokens::{Tokens, TOKENS};
use crate::words::{each_word, word_array, words, Word};

/// The differences between kernel series.
struct Layout {
    /// The alignment of each table of scripts/kallsyms.
    align: usize,
    /// True if `kallsyms_relative_base` follows the offsets.
    has_base: bool,
}

/// The layout of Linux 6.12, and the layout of Linux 7.2 and 7.3. They cannot be confused: the 4 bytes after
/// the number of symbols are 0 in Linux 6.12, and names in Linux 7.2 and 7.3.
const LAYOUTS: [Layout; 2] = [
    Layout {
        align: 8,
        has_base: true,
    },
    Layout {
        align: 4,
        has_base: false,
    },
];

/// The alignment of each table of the generator.
const ALIGN: usize = 8;

/// The number of bytes of the token index.
const INDEX: usize = 2 * TOKENS;

/// The number of symbols from one marker to the next.
const MARKER_STEP: usize = 256;

/// A bound on the length of the last token with its padding.
const LAST_TOKEN: usize = 520;

/// A lower bound on the bytes with the tables: those of the smallest token table and of the token index.
pub(crate) const SMALLEST: u64 = 4 * TOKENS as u64;

/// The most steps, in multiples of the number of bytes. The search in a real kernel takes less than one step
/// for each byte.
const STEPS: usize = 4;

/// The name of a table, and its place in the bytes.
pub(crate) type FoundTable = (&'static str, usize);

/// The tables in `bytes`, whose first byte is at a multiple of 8; `None` if they are not found.
pub(crate) fn find(bytes: &[u8]) -> Option<Vec<FoundTable>> {
    LAYOUTS.iter().find_map(|layout| {
        let data = Data {
            bytes,
            layout,
            left: Cell::new(bytes.len().saturating_mul(STEPS)),
        };
        data.find()
    })
}

/// The bytes that are searched for tables of one layout.
struct Data<'d> {
    bytes: &'d [u8],
    layout: &'d Layout,
    /// The number of steps that the search may still take.
    left: Cell<usize>,
}

impl<'d> Data<'d> {
    fn find(&self) -> Option<Vec<FoundTable>> {
        let starts = (0..self.bytes.len()).step_by(self.layout.align);
        let mut found = starts.filter(|&index| self.is_token_index(index));
        found.find_map(|index| self.tables(index))
    }

    /// Takes `steps` steps; `None` if fewer are left.
    fn step(&self, steps: usize) -> Option<()> {
        self.left.set(self.left.get().checked_sub(steps)?);
        Some(())
    }

    fn bytes(&self, range: Range<usize>) -> &'d [u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    fn u32(&self, at: usize) -> Option<usize> {
        let word = u32::of_bytes(self.bytes.get(at..)?)?;
        usize::try_from(word).ok()
    }

    fn u64(&self, at: usize) -> Option<u64> {
        u64::of_bytes(self.bytes.get(at..)?)
    }

    /// Return: true if the token index may be at `at`.
    fn is_token_index(&self, at: usize) -> bool {
        let bytes = self.bytes(at..at + INDEX);
        let starts = each_word::<u16>(bytes);
        let mut pairs = starts.clone().zip(starts.skip(1));
        bytes.starts_with(&[0, 0]) && pairs.all(|(start, next)| start < next)
    }

    /// All tables, if the token index is at `index`; `None` if it is not.
    fn tables(&self, index: usize) -> Option<Vec<FoundTable>> {
        let token_table = self.token_table(index)?;
        let (count, markers) = self.names_before(token_table)?;
        let mut places = vec![
            ("kallsyms_num_syms", count),
            ("kallsyms_names", count + self.layout.align),
            ("kallsyms_markers", markers),
            ("kallsyms_token_table", token_table),
            ("kallsyms_token_index", index),
        ];
        let symbols = self.u32(count)?;
        self.step(token_table - count)?;
        self.check(&places, symbols)?;
        let mut cursor = Cursor {
            at: index + INDEX,
            align: self.layout.align,
            places: &mut places,
        };
        cursor.table("kallsyms_offsets", symbols.checked_mul(4)?);
        if self.layout.has_base {
            cursor.table("kallsyms_relative_base", 8);
        }
        // kallsyms_seqs_of_names has 3 bytes for each symbol. This program does not read it.
        cursor.skip(symbols.checked_mul(3)?);
        cursor.align_to(ALIGN);
        if self.is_ours(cursor.at) {
            self.ours(&mut cursor, u32::try_from(symbols).ok()?)?;
        }
        Some(places)
    }

    /// Return: `Some` if the decoder accepts the five tables in `places`.
    fn check(&self, places: &[FoundTable], symbols: usize) -> Option<()> {
        let &[_, (_, names), (_, markers), (_, table), (_, index)] = places else {
            return None;
        };
        let starts = word_array(self.bytes(index..index + INDEX));
        let mut room = Box::new([[0; TOKENS]; 5]);
        let tokens = Tokens::new(self.bytes(table..index), &starts, &mut room).ok()?;
        let marked = words(self.bytes(markers..table));
        let names = self.bytes(names..markers);
        let symbols = u32::try_from(symbols).ok()?;
        SymbolNames::new(names, &marked, symbols, &tokens).ok()?;
        Some(())
    }

    /// The place of the token table whose index is at `index`.
    fn token_table(&self, index: usize) -> Option<usize> {
        let index_bytes = self.bytes(index..index + INDEX);
        let starts: [u16; TOKENS] = word_array(index_bytes);
        let starts = starts.map(usize::from);
        let last = *starts.last()?;
        let align = self.layout.align;
        let nearest = index.checked_sub(last + 1)? / align * align;
        let is_table = |table: &usize| {
            let mut ends = starts.iter().skip(1).map(|start| table + start - 1);
            // This test comes first: it rejects most places, and is as cheap as the test of the index.
            if !ends.all(|end| self.bytes.get(end) == Some(&0)) || self.step(last).is_none() {
                return false;
            }
            let strings = self.bytes(*table..table + last);
            strings.iter().filter(|&&byte| byte == 0).count() == TOKENS - 1
        };
        let lowest = nearest.saturating_sub(LAST_TOKEN);
        let places = (lowest..=nearest).rev().filter(|at| at % align == 0);
        { places }.find(is_table)
    }

    /// The places of `kallsyms_num_syms` and of the markers, if the markers end at `token_table`.
    fn names_before(&self, token_table: usize) -> Option<(usize, usize)> {
        let places = (0..token_table).rev();
        for count in places.filter(|at| at % self.layout.align == 0) {
            self.step(1)?;
            if let Some(markers) = self.markers_after(count, token_table) {
                return Some((count, markers));
            }
        }
        None
    }

    /// The place of the markers, if `kallsyms_num_syms` is at `count` and the markers end at `token_table`.
    fn markers_after(&self, count: usize, token_table: usize) -> Option<usize> {
        let symbols = self.count(count).filter(|&symbols| symbols != 0)?;
        let size = symbols.div_ceil(MARKER_STEP).checked_mul(4)?;
        let markers = token_table.checked_sub(aligned(size, self.layout.align))?;
        let fit = self.names_fit(count + self.layout.align, symbols, markers);
        fit.then_some(markers)
    }

    /// The number at `at`; `None` if the padding up to the next table is not 0.
    fn count(&self, at: usize) -> Option<usize> {
        let padding = self.bytes(at + 4..at + self.layout.align);
        self.u32(at)
            .filter(|_| padding.iter().all(|&byte| byte == 0))
    }

    /// Return: true if the names of all symbols are at `names`, directly before the markers.
    fn names_fit(&self, names: usize, symbols: usize, markers: usize) -> bool {
        let Some(room) = markers.checked_sub(names) else {
            return false;
        };
        // These two tests reject most places: a name has at least a length and a token.
        if symbols > room / 2 || self.u32(markers) != Some(0) {
            return false;
        }
        let mut at = names;
        for symbol in 0..symbols {
            if symbol % MARKER_STEP == 0 {
                let marker = self.u32(markers + symbol / MARKER_STEP * 4);
                if marker != Some(at - names) || self.step(MARKER_STEP).is_none() {
                    return false;
                }
            }
            at += match *self.bytes(at..markers) {
                [low @ 0..=0x7f, ..] => 1 + usize::from(low),
                [low, high, ..] => 2 + (usize::from(low & 0x7f) | (usize::from(high) << 7)),
                _ => return false,
            };
        }
        at <= markers && markers - at < self.layout.align
    }

    /// Records the next table, and skips the table and its room, if it has a room.
    ///
    /// Return: the place of the table.
    fn table(&self, cursor: &mut Cursor<'_>, name: &'static str, size: usize) -> usize {
        let at = cursor.table(name, size);
        if self.u32(cursor.at) == usize::try_from(MARK).ok() {
            cursor.skip(self.u32(cursor.at.saturating_add(4)).unwrap_or(0));
        }
        at
    }
}

/// The place of the next table.
struct Cursor<'p> {
    at: usize,
    /// The alignment of the next table.
    align: usize,
    places: &'p mut Vec<FoundTable>,
}

impl Cursor<'_> {
    /// Records the next table, and skips its `size` bytes.
    ///
    /// Return: the place of the table.
    fn table(&mut self, name: &'static str, size: usize) -> usize {
        let at = self.at;
        self.places.push((name, at));
        self.skip(size);
        at
    }

    fn skip(&mut self, size: usize) {
        self.at = self.at.saturating_add(aligned(size, self.align));
    }

    /// Aligns the next tables to `align`.
    fn align_to(&mut self, align: usize) {
        self.at = aligned(self.at, align);
        self.align = align;
    }
}

/// `size` with the padding after it.
fn aligned(size: usize, align: usize) -> usize {
    size.div_ceil(align).saturating_mul(align)
}
