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
    ranges: &[Range<'_>],
    text: u64,
) -> Result<Vec<Exception<'t>>> {
    let mut exceptions = Vec::new();
    for (index, (symbol, &modules)) in symbols.iter().zip(modules).enumerate() {
        if modules != range_modules(symbol.value, ranges, text) {
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

/// What the ranges say of `address`.
fn range_modules(address: u64, ranges: &[Range<'_>], text: u64) -> SetId {
    let offset = address.wrapping_sub(text) as u32;
    let after = ranges.partition_point(|range| range.offset <= offset);
    let range = after.checked_sub(1).and_then(|index| ranges.get(index));
    range.map_or(SetId::NONE, |range| range.modules)
}
