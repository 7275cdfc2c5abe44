// SPDX-License-Identifier: GPL-2.0

//! Exceptions: the symbols whose modules differ from the modules of the range at their address.

use super::module_ranges::Range;
use super::offset;
use crate::attribute::module_sets::SetId;
use crate::common::error::{Error, Result};
use crate::read::elf::Symbol;

/// A symbol whose modules differ from the modules of the range at its address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exception<'t> {
    /// Index of the symbol in the listing.
    pub(crate) symbol: u32,
    /// The name of the symbol, for the comment in the row of the exception.
    pub(crate) name: &'t [u8],
    pub(crate) modules: SetId,
}

/// Finds the exceptions among `symbols`. `sets` has the modules of each symbol, in the same order.
pub(super) fn find<'t>(
    symbols: &[Symbol<'t>],
    sets: &[SetId],
    ranges: &[Range<'_>],
    text: u64,
) -> Result<Vec<Exception<'t>>> {
    let mut exceptions = Vec::new();
    let mut walk = RangeWalk { ranges, after: 0 };
    for (index, (symbol, &modules)) in symbols.iter().zip(sets).enumerate() {
        if modules != walk.modules_at(offset::from_text(symbol.value, text)) {
            let index = u32::try_from(index)
                .map_err(|_| Error::new("more than 2^32 symbols", "Build a smaller kernel."))?;
            exceptions.push(Exception {
                symbol: index,
                name: symbol.name,
                modules,
            });
        }
    }
    Ok(exceptions)
}

/// A walk over the ranges, in the order of the symbols. The offset of a symbol is usually not below the
/// offset of the symbol before it, so the walk rarely goes back.
struct RangeWalk<'a> {
    ranges: &'a [Range<'a>],
    /// Index of the first range that starts above the offset of the last call.
    after: usize,
}

impl RangeWalk<'_> {
    /// The modules of the range at `offset`.
    fn modules_at(&mut self, offset: u32) -> SetId {
        let is_after = |index| {
            let range = self.ranges.get(index);
            range.is_none_or(|range: &Range<'_>| range.offset > offset)
        };
        if self.after.checked_sub(1).is_some_and(is_after) {
            self.after = self.ranges.partition_point(|range| range.offset <= offset);
        }
        while !is_after(self.after) {
            self.after += 1;
        }
        let range = self.after.checked_sub(1);
        match range.and_then(|index| self.ranges.get(index)) {
            Some(range) => range.modules,
            // Addresses below the first range are in no module.
            None => SetId::EMPTY,
        }
    }
}
