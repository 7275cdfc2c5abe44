// SPDX-License-Identifier: GPL-2.0

//! The scanner: finds the tables of a vmlinux without symbols, as is inside of a vmlinuz, by what they
//! look like, in any section of data.
//!
//! scripts/kallsyms and the generator write them one behind the other, each at a multiple of a number
//! that depends on the kernel series: [`Layout`]. The index of the 256 tokens has starts that rise
//! strictly, each behind the end of a string of the token table in front of it. In front of that are
//! the markers and the names, and how many there are, which must fit. Where all others are follows
//! from that number, and from the rooms that the generator's tables have to spare.
//!
//! Anything can look like a part of that, over and over again in a file that was made to: the search
//! takes no more steps than a few for each byte.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;

use crate::elf::{Elf, Section};
use crate::error::Result;
use crate::format::layout::ROOM_MARK as MARK;
use crate::format::sizes::{RANK_STEP, VALUES};
use crate::format::symbols::SymbolNames;
use crate::format::tokens::{Tokens, TOKENS};
use crate::words::{each_word, word_array, words, Word};

/// What the series differ in.
struct Layout {
    /// What each table of scripts/kallsyms begins at a multiple of.
    align: usize,
    /// Whether `kallsyms_relative_base` is behind the offsets.
    has_base: bool,
}

/// Of Linux 6.12, and of 7.2 on. What has one is not taken for the other: the bytes behind the number of
/// symbols are 0, or names.
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

/// What each table of the generator begins at a multiple of.
const ALIGN: usize = 8;

/// Bytes of the token index.
const INDEX: usize = 2 * TOKENS;

/// Symbols from one marker to the next.
const MARKER_STEP: usize = 256;

/// More bytes than the last token has, with padding.
const LAST_TOKEN: usize = 520;

/// Bytes that no section with the tables has less of: the two of tokens.
const SMALLEST: u64 = 4 * TOKENS as u64;

/// More bytes than an image has, whose addresses are told by 32 bits.
const LARGEST: u64 = 1 << 32;

/// So many steps for each byte: a kernel takes less than one.
const STEPS: usize = 4;

/// The addresses of tables, by name; none if they are not found.
pub(crate) fn find(elf: &Elf<'_>) -> Result<HashMap<Cow<'static, str>, u64>> {
    let is_data = |section: &Section<'_>| !section.is_code && section.size >= SMALLEST;
    let mut left = LARGEST;
    for section in elf.loaded().filter(is_data) {
        // Sections of a file that was made to may have the same bytes.
        let Some(rest) = left.checked_sub(section.size) else {
            break;
        };
        left = rest;
        let bytes = elf.content(&section)?;
        let found = LAYOUTS.iter().find_map(|layout| {
            let data = Data {
                bytes,
                address: section.address,
                layout,
                left: Cell::new(bytes.len().saturating_mul(STEPS)),
            };
            data.find()
        });
        if let Some(places) = found {
            let places = places.into_iter();
            let address = |at| section.address.wrapping_add(at as u64);
            return Ok(places
                .map(|(name, at)| (Cow::Borrowed(name), address(at)))
                .collect());
        }
    }
    Ok(HashMap::new())
}

/// A section.
struct Data<'d> {
    bytes: &'d [u8],
    /// Where it is in the image.
    address: u64,
    layout: &'d Layout,
    /// Steps that the search may still take.
    left: Cell<usize>,
}

type Place = (&'static str, usize);

impl<'d> Data<'d> {
    fn find(&self) -> Option<Vec<Place>> {
        let starts = (0..self.bytes.len()).step_by(self.layout.align);
        let mut found = starts.filter(|&index| self.is_token_index(index));
        found.find_map(|index| self.tables(index))
    }

    /// Takes so many steps, if there are as many left.
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

    /// Whether an index of tokens may be at `at`.
    fn is_token_index(&self, at: usize) -> bool {
        let bytes = self.bytes(at..at + INDEX);
        let starts = each_word::<u16>(bytes);
        let mut pairs = starts.clone().zip(starts.skip(1));
        bytes.starts_with(&[0, 0]) && pairs.all(|(start, next)| start < next)
    }

    /// All tables, if a token index is at `index`.
    fn tables(&self, index: usize) -> Option<Vec<Place>> {
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
        // What is sought by name.
        cursor.skip(symbols.checked_mul(3)?);
        cursor.align_to(ALIGN);
        if self.is_ours(cursor.at) {
            self.ours(&mut cursor, symbols)?;
        }
        Some(places)
    }

    /// Whether the first five tables are what they look like, by the decoder.
    fn check(&self, places: &[Place], symbols: usize) -> Option<()> {
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

    /// Where the token table is whose index is at `index`: strings, with what is left of one behind
    /// the last.
    fn token_table(&self, index: usize) -> Option<usize> {
        let index_bytes = self.bytes(index..index + INDEX);
        let starts: [u16; TOKENS] = word_array(index_bytes);
        let starts = starts.map(usize::from);
        let last = *starts.last()?;
        let align = self.layout.align;
        let nearest = index.checked_sub(last + 1)? / align * align;
        let is_table = |table: &usize| {
            let mut ends = starts.iter().skip(1).map(|start| table + start - 1);
            // That most are ruled out by this costs no more than the look at the index did.
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

    /// Where the number of symbols is, and the markers, if names and markers end at `token_table`.
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

    /// Where the markers are, if the number of symbols is at `count` and markers end at
    /// `token_table`.
    fn markers_after(&self, count: usize, token_table: usize) -> Option<usize> {
        let symbols = self.count(count).filter(|&symbols| symbols != 0)?;
        let size = symbols.div_ceil(MARKER_STEP).checked_mul(4)?;
        let markers = token_table.checked_sub(aligned(size, self.layout.align))?;
        let fit = self.names_fit(count + self.layout.align, symbols, markers);
        fit.then_some(markers)
    }

    /// The number at `at`, with zeros up to the next table.
    fn count(&self, at: usize) -> Option<usize> {
        let padding = self.bytes(at + 4..at + self.layout.align);
        self.u32(at)
            .filter(|_| padding.iter().all(|&byte| byte == 0))
    }

    /// Whether the names of so many symbols are at `names`, with the markers right behind.
    fn names_fit(&self, names: usize, symbols: usize, markers: usize) -> bool {
        let Some(room) = markers.checked_sub(names) else {
            return false;
        };
        // Most are ruled out by these two: no name is shorter than a length and a token.
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
                [low, high, ..] => 2 + (usize::from(low & 0x7f) | usize::from(high) << 7),
                _ => return false,
            };
        }
        at <= markers && markers - at < self.layout.align
    }

    /// Whether tables of ours may be at `at`: the second says where the image is, which is near.
    fn is_ours(&self, at: usize) -> bool {
        let text = self.u64(at + ALIGN);
        let near = text.is_some_and(|text| text.abs_diff(self.address) >> 32 == 0);
        near && self.u32(at).is_some_and(|ranges| ranges < self.bytes.len())
    }

    /// The tables that the generator makes. Those of sizes are optional.
    fn ours(&self, cursor: &mut Cursor<'_>, symbols: usize) -> Option<()> {
        let ranges = self.u32(self.table(cursor, "kallsyms_num_modules", 4))?;
        self.table(cursor, "kallsyms_module_base", 8);
        self.table(cursor, "kallsyms_module_offsets", ranges.checked_mul(4)?);
        self.table(cursor, "kallsyms_modules", ranges.checked_mul(4)?);
        let exceptions = self.u32(self.table(cursor, "kallsyms_num_module_exceptions", 4))?;
        self.table(
            cursor,
            "kallsyms_module_exceptions",
            exceptions.checked_mul(4)?,
        );
        self.table(
            cursor,
            "kallsyms_exception_modules",
            exceptions.checked_mul(4)?,
        );
        let names = self.u32(self.table(cursor, "kallsyms_module_names_len", 4))?;
        self.table(cursor, "kallsyms_module_names", names);
        self.sizes(cursor, symbols);
        Some(())
    }

    /// Notes the next table as the cursor does, and goes behind the room that it has to spare, too.
    fn table(&self, cursor: &mut Cursor<'_>, name: &'static str, size: usize) -> usize {
        let at = cursor.table(name, size);
        if self.u32(cursor.at) == usize::try_from(MARK).ok() {
            cursor.skip(self.u32(cursor.at.saturating_add(4)).unwrap_or(0));
        }
        at
    }

    /// The tables of sizes, if they are next: the first number is how many bits of the second table
    /// are 1.
    fn sizes(&self, cursor: &mut Cursor<'_>, symbols: usize) -> Option<()> {
        let counts = cursor.at;
        let bits = counts + aligned(12, ALIGN);
        let bytes = symbols.div_ceil(64) * 8;
        let ones = self
            .bytes(bits..bits + bytes)
            .iter()
            .map(|byte| byte.count_ones() as usize);
        let nibbles = self.u32(counts)?;
        if ones.sum::<usize>() != nibbles {
            return None;
        }
        let (level3, level4) = (self.u32(counts + 4)?, self.u32(counts + 8)?);
        let ranks = |entries: usize| 4 * entries.div_ceil(RANK_STEP);
        self.table(cursor, "kallsyms_size_counts", 12);
        self.table(cursor, "kallsyms_size_bits", bytes);
        self.table(cursor, "kallsyms_size_bit_ranks", ranks(symbols));
        self.table(cursor, "kallsyms_size_nibbles", nibbles.div_ceil(2));
        self.table(cursor, "kallsyms_size_nibble_ranks", ranks(nibbles));
        self.table(cursor, "kallsyms_size_values", 4 * VALUES);
        self.table(cursor, "kallsyms_size_bytes", level3);
        self.table(cursor, "kallsyms_size_byte_ranks", ranks(level3));
        self.table(cursor, "kallsyms_size_words", level4.checked_mul(8)?);
        Some(())
    }
}

/// Where the next table is.
struct Cursor<'p> {
    at: usize,
    /// What it is a multiple of.
    align: usize,
    places: &'p mut Vec<Place>,
}

impl Cursor<'_> {
    /// Notes the next table and goes behind its `size` bytes. Returns where it is.
    fn table(&mut self, name: &'static str, size: usize) -> usize {
        let at = self.at;
        self.places.push((name, at));
        self.skip(size);
        at
    }

    fn skip(&mut self, size: usize) {
        self.at = self.at.saturating_add(aligned(size, self.align));
    }

    /// From here on tables are at multiples of `align`.
    fn align_to(&mut self, align: usize) {
        self.at = aligned(self.at, align);
        self.align = align;
    }
}

/// `size` with the padding behind it.
fn aligned(size: usize, align: usize) -> usize {
    size.div_ceil(align).saturating_mul(align)
}
