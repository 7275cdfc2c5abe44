// SPDX-License-Identifier: GPL-2.0

//! The symbol that `%pS` names for an address of the image.

use super::lookup_state::LookupState;
use crate::{
    format::addresses::Places,
    sources::{linked_tables, CoreAddresses},
};

/// The symbol that `%pS` names for an address of the image.
pub(super) struct PrintedSymbol {
    /// The number of the symbol.
    pub(super) number: u32,
    /// The address of the symbol.
    pub(super) address: usize,
    /// The number of bytes from the symbol to the next symbol at a higher address. 0 for the last
    /// symbols of the per-cpu area and of the image: no symbol follows them.
    pub(super) gap: usize,
}

impl PrintedSymbol {
    /// The symbol that `%pS` names for `addr`, which may be in the padding after the symbol. `None`
    /// if all symbols are above `addr`, or if the addresses are not inside the read-only data.
    ///
    /// May be called from any context, from the kernel's first instruction on.
    #[inline]
    pub(super) fn at(addr: usize) -> Option<Self> {
        let early;
        let (addresses, last) = match LookupState::get() {
            Some(state) => {
                let addresses = state.symbols.addresses();
                let (first, end) = state.index.search_bounds(addr)?;
                (addresses, addresses.last_not_above(addr, first, end)?)
            }
            None => {
                let len = linked_tables::symbol_count();
                early = CoreAddresses::new(len).ok()?;
                (&early, early.last_not_above(addr, 0, len)?)
            }
        };
        let place = addresses.get(last)?;
        let gap = addresses.gap(place, last).unwrap_or(0);
        // `%pS` names the first of the symbols at an address.
        let is_alias = |symbol: &u32| {
            let alias = addresses.get(*symbol);
            alias.is_some_and(|alias| alias.address == place.address)
        };
        let mut number = last;
        while let Some(alias) = number.checked_sub(1).filter(is_alias) {
            number = alias;
        }
        Some(Self {
            number,
            address: place.address,
            gap,
        })
    }
}
