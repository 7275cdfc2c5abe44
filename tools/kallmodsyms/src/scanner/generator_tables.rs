// SPDX-License-Identifier: GPL-2.0

//! The tables of the generator, which follow the tables of scripts/kallsyms.

use std::ops::Range;

use super::{Cursor, Data, ALIGN};
use crate::format::layout::{Counts, Table};
use crate::format::object_layout::ObjectCounts;
use crate::format::objects::{ObjectTables, RawObjects};
use crate::words::{word_array, words};

/// `_text` is at the start of a page.
const PAGE: u64 = 1 << 12;

impl Data<'_> {
    /// Return: true if the generator's tables may be at `at`. The second table has the address of `_text`,
    /// which is a multiple of the page size in the upper half of the address space.
    pub(super) fn is_ours(&self, at: usize) -> bool {
        let text = at.checked_add(ALIGN).and_then(|at| self.u64(at));
        let is_text = text.is_some_and(|text| text % PAGE == 0 && text >> 63 == 1);
        is_text && self.u32(at).is_some_and(|ranges| ranges < self.bytes.len())
    }

    /// Records the tables of the generator. The tables of sizes and of object files are optional.
    pub(super) fn ours(&self, cursor: &mut Cursor<'_>, symbols: u32) -> Option<()> {
        let mut counts = Counts {
            symbols,
            ..Counts::default()
        };
        for table in Table::OF_MODULES {
            let place = self.generated(cursor, table, &counts);
            match table {
                Table::RangeCount => [counts.ranges] = self.numbers(place.start)?,
                Table::ExceptionCount => [counts.exceptions] = self.numbers(place.start)?,
                Table::NamesLength => [counts.names] = self.numbers(place.start)?,
                _ => {}
            }
        }
        // The check of the tables of object files is stronger than that of the size tables, so it comes first.
        if self.optional(cursor, symbols, Self::objects).is_none() {
            self.optional(cursor, symbols, Self::sizes);
            self.optional(cursor, symbols, Self::objects);
        }
        Some(())
    }

    /// Calls `record`, and forgets the tables that it recorded if it returns `None`.
    fn optional(
        &self,
        cursor: &mut Cursor<'_>,
        symbols: u32,
        record: impl FnOnce(&Self, &mut Cursor<'_>, u32) -> Option<()>,
    ) -> Option<()> {
        let (at, places) = (cursor.at, cursor.places.len());
        let recorded = record(self, cursor, symbols);
        if recorded.is_none() {
            cursor.at = at;
            cursor.places.truncate(places);
        }
        recorded
    }

    /// Records the size tables if they are next. The size tables are next if the first number in
    /// `kallsyms_size_counts` equals the number of 1 bits in `kallsyms_size_bits`.
    fn sizes(&self, cursor: &mut Cursor<'_>, symbols: u32) -> Option<()> {
        let [nibbles, bytes, words] = self.numbers(cursor.at)?;
        let counts = Counts {
            symbols,
            nibbles,
            bytes,
            words,
            ..Counts::default()
        };
        let [_, bits, ..] = Table::OF_SIZES.map(|table| self.generated(cursor, table, &counts));
        let ones = self
            .bytes(bits)
            .iter()
            .map(|byte| u64::from(byte.count_ones()));
        (ones.sum::<u64>() == u64::from(nibbles)).then_some(())
    }

    /// Records the tables of object files if they are next. These tables are next if each has its right length:
    /// the last run, the last name and the last directory end where their tables end.
    fn objects(&self, cursor: &mut Cursor<'_>, symbols: u32) -> Option<()> {
        let start = cursor.at;
        let objects = ObjectCounts::new(self.numbers(start)?);
        let counts = Counts {
            symbols,
            objects,
            ..Counts::default()
        };
        let tables = Table::OF_OBJECTS.map(|table| {
            let place = self.generated(cursor, table, &counts);
            self.bytes.get(place)
        });
        self.step(cursor.at.checked_sub(start)?)?;
        let [_, runs, markers, names, name_offsets, starts, offsets, directories] = tables;
        let raw = RawObjects {
            objects: objects.objects,
            runs: runs?,
            markers: &words(markers?),
            names: names?,
            name_offsets: &words(name_offsets?),
            directory_starts: &words(starts?),
            directory_offsets: &words(offsets?),
            directories: directories?,
        };
        ObjectTables::new(raw, symbols).ok()?;
        Some(())
    }

    /// Records the next table, which is `table`, and skips the table and its room, if it has a room.
    ///
    /// Return: the place of the table.
    fn generated(&self, cursor: &mut Cursor<'_>, table: Table, counts: &Counts) -> Range<usize> {
        let size = usize::try_from(table.size(counts)).unwrap_or(usize::MAX);
        let at = self.table(cursor, table.label(), size);
        at..at.saturating_add(size)
    }

    /// The `N` numbers at `at`.
    fn numbers<const N: usize>(&self, at: usize) -> Option<[u32; N]> {
        let end = at.checked_add(size_of::<[u32; N]>())?;
        self.bytes.get(at..end).map(word_array)
    }
}
