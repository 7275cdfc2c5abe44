// SPDX-License-Identifier: GPL-2.0

//! Exceptions: the symbols that are not in the modules of the range that their address is in.

use crate::elf::Symbol;
use crate::error::{Error, Result};
use crate::objects::SetId;
use crate::ranges::Range;

/// A symbol whose modules the ranges do not tell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exception<'t> {
    /// Index of the symbol in the listing.
    pub(crate) symbol: u32,
    /// For the comment beside its row.
    pub(crate) name: &'t [u8],
    pub(crate) modules: SetId,
}

/// Compares the `modules` of each of `symbols` with those of the range that it is in.
pub(crate) fn find<'t>(
    symbols: &[Symbol<'t>],
    modules: &[SetId],
    ranges: &[Range<'_, '_>],
    text: u64,
) -> Result<Vec<Exception<'t>>> {
    let mut exceptions = Vec::new();
    let mut walk = Walk { ranges, after: 0 };
    for (index, (symbol, &modules)) in symbols.iter().zip(modules).enumerate() {
        if modules != walk.modules_at(symbol.value.wrapping_sub(text) as u32) {
            let symbol_index = u32::try_from(index)
                .map_err(|_| Error::new("more than 2^32 symbols", "Build a smaller kernel."))?;
            exceptions.push(Exception {
                symbol: symbol_index,
                name: symbol.name,
                modules,
            });
        }
    }
    Ok(exceptions)
}

/// A walk over ranges in the order of symbols, whose offsets rise but for a few jumps.
struct Walk<'a> {
    ranges: &'a [Range<'a, 'a>],
    /// Index of the first range that starts above the last offset.
    after: usize,
}

impl Walk<'_> {
    /// What the ranges say of `offset`.
    fn modules_at(&mut self, offset: u32) -> SetId {
        let is_after = |index| {
            let range = self.ranges.get(index);
            range.is_none_or(|range: &Range<'_, '_>| range.offset > offset)
        };
        if self.after.checked_sub(1).is_some_and(is_after) {
            self.after = self.ranges.partition_point(|range| range.offset <= offset);
        }
        while !is_after(self.after) {
            self.after += 1;
        }
        let range = self.after.checked_sub(1);
        let range = range.and_then(|index| self.ranges.get(index));
        range.map_or(SetId::NONE, |range| range.modules)
    }
}
