// SPDX-License-Identifier: GPL-2.0

//! The search for the symbol of an address.
//!
//! Symbols can overlap or be nested, so the last symbol that begins at or below an address need not
//! contain that address. Each place has the index of the next place to try: the last earlier place
//! whose symbol reaches beyond the address of this place.

use crate::line::Row;

/// An address that has symbols.
#[derive(Debug)]
struct Place {
    address: u64,
    /// The row of the largest symbol at the address.
    row: u32,
    /// The last earlier place whose symbol reaches beyond this address.
    outer: Option<u32>,
}

/// All addresses that have symbols, sorted.
#[derive(Debug, Default)]
pub(crate) struct Places(Vec<Place>);

impl Places {
    /// The places of the symbols. Takes linear time for sorted rows. The rows are nearly sorted:
    /// the kernel's own symbols come first.
    pub(crate) fn new(rows: &[Row]) -> Self {
        let mut places: Vec<Place> = (0..)
            .zip(rows)
            .map(|(row, of)| Place {
                address: of.address,
                row,
                outer: None,
            })
            .collect();
        // A stable sort: of several equal symbols, the first in the file stays the first.
        places.sort_by_key(|place| place.address);
        let size = |place: &Place| rows.get(place.row as usize).map_or(0, |row| row.size);
        places.dedup_by(|next, kept| {
            let is_same = next.address == kept.address;
            if is_same && size(next) > size(kept) {
                kept.row = next.row;
            }
            is_same
        });
        let mut places = Self(places);
        places.find_outer(rows);
        places
    }

    /// Finds the outer place of each place. The places whose symbols reach beyond an address are a
    /// stack.
    fn find_outer(&mut self, rows: &[Row]) {
        let mut previous = None;
        for index in 0..self.0.len() {
            let Some(address) = self.0.get(index).map(|place| place.address) else {
                return;
            };
            let outer = self.reaching(rows, address, previous);
            if let Some(place) = self.0.get_mut(index) {
                place.outer = outer;
            }
            previous = u32::try_from(index).ok();
        }
    }

    /// The first place, from `place` outwards, whose symbol contains `address`.
    fn reaching(&self, rows: &[Row], address: u64, mut place: Option<u32>) -> Option<u32> {
        loop {
            let candidate = self.0.get(place? as usize)?;
            if rows.get(candidate.row as usize)?.has(address) {
                return place;
            }
            place = candidate.outer;
        }
    }

    /// The row of the symbol that `address` is in.
    pub(crate) fn find<'a>(&self, rows: &'a [Row], address: u64) -> Option<&'a Row> {
        let after = self.0.partition_point(|place| place.address <= address);
        let last = u32::try_from(after.checked_sub(1)?).ok();
        let found = self.reaching(rows, address, last)?;
        rows.get(self.0.get(found as usize)?.row as usize)
    }
}
