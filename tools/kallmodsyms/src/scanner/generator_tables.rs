// SPDX-License-Identifier: GPL-2.0

//! The tables of the generator, which follow the tables of scripts/kallsyms.

use super::{aligned, Cursor, Data, ALIGN};
use crate::format::object_layout::NAME_STEP;
use crate::format::objects::{ObjectTables, RawObjects, BLOCK};
use crate::format::sizes::{RANK_STEP, VALUES};
use crate::words::words;

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
    pub(super) fn ours(&self, cursor: &mut Cursor<'_>, symbols: usize) -> Option<()> {
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
        // The check of the tables of object files is stronger than that of the size tables, so it comes first.
        if self.objects(cursor, symbols).is_none() {
            self.sizes(cursor, symbols);
            self.objects(cursor, symbols);
        }
        Some(())
    }

    /// Records the size tables if they are next. They are if the first number in `kallsyms_size_counts` equals
    /// the number of 1 bits in `kallsyms_size_bits`.
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

    /// Records the tables of object files if they are next. They are if each table has its right length: the
    /// last run, the last name and the last directory end where their tables end.
    fn objects(&self, cursor: &mut Cursor<'_>, symbols: usize) -> Option<()> {
        let counts = cursor.at;
        let count = |index: usize| self.u32(counts + 4 * index);
        let (objects, runs, names) = (count(0)?, count(1)?, count(2)?);
        let (entries, directories) = (count(3)?, count(4)?);
        let mut places = Vec::new();
        let mut next = Cursor {
            at: counts,
            align: ALIGN,
            places: &mut places,
        };
        self.table(&mut next, "kallsyms_object_counts", 20);
        let runs_at = self.table(&mut next, "kallsyms_object_runs", runs);
        let markers = 4 * symbols.div_ceil(BLOCK as usize);
        let markers_at = self.table(&mut next, "kallsyms_object_markers", markers);
        let names_at = self.table(&mut next, "kallsyms_object_names", names);
        let offsets = objects.div_ceil(NAME_STEP as usize).checked_mul(4)?;
        let offsets_at = self.table(&mut next, "kallsyms_object_name_offsets", offsets);
        let entries = entries.checked_mul(4)?;
        let starts_at = self.table(&mut next, "kallsyms_object_dir_starts", entries);
        let entries_at = self.table(&mut next, "kallsyms_object_dir_offsets", entries);
        let directories_at = self.table(&mut next, "kallsyms_object_dirs", directories);
        let after = next.at;
        self.step(after.checked_sub(counts)?)?;
        let bytes = |at: usize, size: usize| self.bytes.get(at..at.checked_add(size)?);
        let raw = RawObjects {
            objects: u32::try_from(objects).ok()?,
            runs: bytes(runs_at, runs)?,
            markers: &words(bytes(markers_at, markers)?),
            names: bytes(names_at, names)?,
            name_offsets: &words(bytes(offsets_at, offsets)?),
            directory_starts: &words(bytes(starts_at, entries)?),
            directory_offsets: &words(bytes(entries_at, entries)?),
            directories: bytes(directories_at, directories)?,
        };
        ObjectTables::new(raw, u32::try_from(symbols).ok()?).ok()?;
        cursor.places.append(&mut places);
        cursor.at = after;
        Some(())
    }
}
