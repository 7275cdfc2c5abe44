// SPDX-License-Identifier: GPL-2.0

//! The true sizes of the kernel's own symbols, by number and by address.
//!
//! kernel/kallsyms.c takes the distance from a symbol to the next symbol for the size. For half of
//! the symbols, the true size differs. So kallsyms_lookup_size_offset() asks for the true size, by
//! a hook.
//!
//! The functions may be called from any context, non-maskable interrupts included, from the
//! kernel's first instruction on.

use super::{
    address_in_symbol::AddressInSymbol, lookup_state::LookupState, printed_symbol::PrintedSymbol,
};
use crate::{format::sizes::SizeTables, sources::linked_tables};

/// The size in bytes of symbol number `symbol`; 0 if the symbol has no size, or if the size tables
/// were refused.
///
/// `gap` is the number of bytes from the symbol to the next symbol at a higher address, or 0 if no
/// such symbol follows.
pub(super) fn true_size(symbol: u32, gap: usize) -> usize {
    let size = match LookupState::get() {
        Some(state) => {
            let sizes = state.symbols.sizes();
            sizes.map_or(0, |sizes| sizes.size(symbol, gap as u64))
        }
        None => early_size(symbol, gap as u64),
    };
    size as usize
}

/// The size, for callers that run before the component has started and checked the tables. Defects
/// in the tables can only give wrong sizes.
#[cold]
fn early_size(symbol: u32, gap: u64) -> u64 {
    let tables = linked_tables::size_tables().map(SizeTables::unchecked);
    tables.map_or(0, |tables| tables.size(symbol, gap))
}

/// The number of the symbol that `%pS` names for an address of the image, and the place of the
/// address in that symbol. `None` if the symbol has no size, or if the address is after the end of
/// the symbol, for example in padding.
pub(super) fn symbol_at(addr: usize) -> Option<(u32, AddressInSymbol)> {
    let printed = PrintedSymbol::at(addr)?;
    let symbol_size = true_size(printed.number, printed.gap);
    let offset = addr.wrapping_sub(printed.address);
    let in_symbol = AddressInSymbol {
        symbol_size,
        offset,
    };
    (offset < symbol_size).then_some((printed.number, in_symbol))
}
