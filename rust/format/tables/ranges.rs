// SPDX-License-Identifier: GPL-2.0

//! The module tables, and the hinted search in them.
//!
//! Each range ends at the start of the next range, so the table stores only starts. Offsets are
//! distances from `_text` in bytes, modulo 2^32. In Linux 6.12 on x86_64, per-cpu symbols have
//! small absolute addresses. The distances of these symbols from the link-time `_text` still fit.
//!
//! For some symbols, an address does not tell the modules. A symbol without a size may be at the
//! boundary of two object files. A symbol of the linker script has no object file. A constant may
//! be merged from several object files. The table of exceptions lists these symbols by number: a
//! few in ten thousand (Documentation/kbuild/tables.rst has the count).
//!
//! A reader of the whole listing asks for rising offsets, and most ranges have many symbols. So the
//! answer is nearly always the range of the previous symbol, or the next range. The search looks in
//! these two ranges first, and falls back to a binary search.

use super::error::TableError;
use super::names::{self, ModuleNames};

/// The module tables as they are linked, not checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawTables<'a> {
    /// The start of each range, in bytes from `_text`. Sorted.
    pub offsets: &'a [u32],
    /// The entry of each range in `names`; 0 for a range in no module.
    pub modules: &'a [u32],
    /// The numbers of the symbols that are not in the modules of their range. Sorted.
    pub exceptions: &'a [u32],
    /// The entry of each exception in `names`; 0 for a symbol in no module.
    pub exception_modules: &'a [u32],
    /// The module names; see [`names`].
    pub names: &'a [u8],
}

/// The module tables of one kernel, checked.
///
/// # Invariants
///
/// `offsets` and `modules` are a pair of tables, and so are `exceptions` and `exception_modules`.
/// For each pair:
///
/// - Both tables have the same length.
/// - The first table rises strictly.
/// - Every value of the second table is 0, or the offset of an entry that decodes whole from
///   `names`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ModuleTables<'a>(RawTables<'a>);

/// The result of the previous search. The next search looks there first. A wrong value costs time,
/// and does not change the answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RangeHint {
    /// The index of a range.
    range: usize,
    /// The index of the first exception that is not below the symbol of the previous search.
    exception: usize,
}

/// Consecutive symbols that are in the same modules: one exception, or the symbols of a range up to
/// the next exception. A stretch has bounds of offsets and a bound of symbol numbers.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// The offset at which the stretch begins.
    start: u32,
    /// The highest offset in the stretch, less `start`.
    reach: u32,
    /// The number of the first symbol that is not in the stretch, whatever its offset.
    end: u32,
    /// The modules.
    names: ModuleNames<'a>,
}

impl<'a> Stretch<'a> {
    /// A stretch without symbols.
    pub const fn none() -> Self {
        Self {
            start: 0,
            reach: 0,
            end: 0,
            names: ModuleNames::none(),
        }
    }

    /// Return: true if symbol number `symbol`, at `offset` bytes from `_text`, is in the stretch.
    /// The symbol must not be before the symbol that the search for the stretch began with.
    #[inline]
    pub const fn holds(&self, symbol: u32, offset: u32) -> bool {
        self.reaches(offset) && symbol < self.end
    }

    /// The number of the first symbol that is not in the stretch, whatever its offset.
    pub(super) const fn end(&self) -> u32 {
        self.end
    }

    /// Return: true if the stretch has the byte at `offset`.
    #[inline]
    pub(super) const fn reaches(&self, offset: u32) -> bool {
        offset.wrapping_sub(self.start) <= self.reach
    }

    /// The modules of all symbols in the stretch.
    pub const fn names(&self) -> ModuleNames<'a> {
        self.names
    }
}

impl<'a> ModuleTables<'a> {
    /// The tables of a kernel without modules: every answer is empty.
    pub const fn empty() -> Self {
        // INVARIANT: All tables are empty.
        Self(RawTables {
            offsets: &[],
            modules: &[],
            exceptions: &[],
            exception_modules: &[],
            names: &[],
        })
    }

    /// Checks the whole tables. The time is linear in the length of the tables.
    pub fn new(raw: RawTables<'a>) -> Result<Self, TableError> {
        if raw.offsets.is_empty() && raw.exceptions.is_empty() {
            return Ok(Self::empty());
        }
        if raw.names.first() != Some(&0) {
            return Err(TableError::NoLeadingZero);
        }
        check_pair(raw.offsets, raw.modules, raw.names)?;
        check_pair(raw.exceptions, raw.exception_modules, raw.names)?;
        // INVARIANT: `check_pair` accepted both pairs.
        Ok(Self(raw))
    }

    /// The number of ranges.
    pub const fn len(&self) -> usize {
        self.0.offsets.len()
    }

    /// Return: true if there is no range.
    pub const fn is_empty(&self) -> bool {
        self.0.offsets.is_empty()
    }

    /// The modules of symbol number `symbol`, at `offset` bytes from `_text`. Updates `hint`.
    ///
    /// Constant time if the symbol is after the symbol of the previous search, in the same range or
    /// the next range, and not after the next exception; otherwise logarithmic. May be called from
    /// any context.
    #[inline]
    pub fn of_symbol(&self, symbol: u32, offset: u32, hint: &mut RangeHint) -> ModuleNames<'a> {
        match self.exception(symbol, hint) {
            Some(entry) => ModuleNames::at(self.0.names, entry),
            None => self.at_offset(offset, hint),
        }
    }

    /// The modules of the code or data at `offset` bytes from `_text`. Updates `hint`.
    ///
    /// Constant time if the answer is the hinted range or the next range; otherwise logarithmic.
    /// May be called from any context.
    #[inline]
    pub fn at_offset(&self, offset: u32, hint: &mut RangeHint) -> ModuleNames<'a> {
        let Some(range) = self.range_of(offset, hint.range) else {
            return ModuleNames::none();
        };
        hint.range = range;
        let entry = self.0.modules.get(range).copied().unwrap_or(0);
        ModuleNames::at(self.0.names, entry)
    }

    /// Return: true if a range or an exception is in the module `name`. The time is linear in the
    /// length of the tables.
    pub fn has(&self, name: &[u8]) -> bool {
        let Self(raw) = self;
        let mut entries = raw.modules.iter().chain(raw.exception_modules);
        entries.any(|&entry| ModuleNames::at(raw.names, entry).any(|module| module == name))
    }

    /// The exceptions, by number, and their modules.
    pub fn exceptions(&self) -> impl Iterator<Item = (u32, ModuleNames<'a>)> + '_ {
        let Self(raw) = self;
        let entries = raw.exceptions.iter().zip(raw.exception_modules);
        entries.map(|(&symbol, &entry)| (symbol, ModuleNames::at(raw.names, entry)))
    }

    /// The stretch of symbol number `symbol`, at `offset` bytes from `_text`. Updates `hint`. Takes
    /// as much time as [`of_symbol`](Self::of_symbol).
    pub fn stretch(&self, symbol: u32, offset: u32, hint: &mut RangeHint) -> Stretch<'a> {
        if let Some(entry) = self.exception(symbol, hint) {
            return Stretch {
                start: offset,
                reach: 0,
                end: symbol.wrapping_add(1),
                names: ModuleNames::at(self.0.names, entry),
            };
        }
        // The search for an exception left the index of the next exception in the hint.
        let next = self.0.exceptions.get(hint.exception).copied();
        let (start, after) = match self.range_of(offset, hint.range) {
            Some(range) => {
                hint.range = range;
                let start = self.0.offsets.get(range).copied();
                (start.unwrap_or(offset), range.wrapping_add(1))
            }
            None => (0, 0),
        };
        // The last range reaches up to the highest offset.
        let after = self.0.offsets.get(after).copied().unwrap_or(0);
        Stretch {
            start,
            reach: after.wrapping_sub(1).wrapping_sub(start),
            end: next.unwrap_or(u32::MAX),
            names: self.at_offset(offset, hint),
        }
    }

    /// The entry of `symbol`, if the symbol is an exception.
    #[inline]
    fn exception(&self, symbol: u32, hint: &mut RangeHint) -> Option<u32> {
        let exceptions = self.0.exceptions;
        let hinted = hint.exception;
        let before = hinted
            .checked_sub(1)
            .and_then(|index| exceptions.get(index));
        let next = exceptions.get(hinted);
        let good = before.is_none_or(|&before| before < symbol) && hinted <= exceptions.len();
        if !good || next.is_some_and(|&next| next < symbol) {
            hint.exception = exceptions.partition_point(|&exception| exception < symbol);
        }
        let index = hint.exception;
        let found = exceptions.get(index) == Some(&symbol);
        self.0
            .exception_modules
            .get(index)
            .copied()
            .filter(|_| found)
    }

    /// The index of the range that `offset` is in; `None` if all ranges start above `offset`.
    #[inline]
    fn range_of(&self, offset: u32, hinted: usize) -> Option<usize> {
        if self.holds(hinted, offset) {
            return Some(hinted);
        }
        let next = hinted.wrapping_add(1);
        if self.holds(next, offset) {
            return Some(next);
        }
        let after = self.0.offsets.partition_point(|&start| start <= offset);
        after.checked_sub(1)
    }

    /// Return: true if range number `range` exists and has the byte at `offset`.
    #[inline]
    fn holds(&self, range: usize, offset: u32) -> bool {
        let starts = self.0.offsets;
        let after = starts.get(range.wrapping_add(1));
        starts.get(range).is_some_and(|&start| start <= offset)
            && after.is_none_or(|&end| offset < end)
    }
}

/// Checks that `keys` rise strictly, that there are as many `entries` as `keys`, and that all
/// `entries` decode.
fn check_pair(keys: &[u32], entries: &[u32], names: &[u8]) -> Result<(), TableError> {
    if keys.len() != entries.len() {
        return Err(TableError::LengthMismatch {
            keys: keys.len(),
            entries: entries.len(),
        });
    }
    let mut pairs = keys.iter().zip(keys.get(1..).unwrap_or_default());
    if let Some(row) = pairs.position(|(this, next)| this >= next) {
        return Err(TableError::NotSorted { row: row + 1 });
    }
    for (row, &entry) in entries.iter().enumerate() {
        names::check(names, entry, row)?;
    }
    Ok(())
}
