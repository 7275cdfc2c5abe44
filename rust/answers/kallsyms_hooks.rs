// SPDX-License-Identifier: GPL-2.0

//! The functions that kernel/kallsyms.c calls, by the hooks in patches/.
//!
//! These functions may be called from any context, non-maskable interrupts included, from the
//! kernel's first instruction on.

use super::lookup_state::LookupState;

/// Narrows the range of symbols that get_symbol_pos() searches. Sets `low` to the number of a
/// symbol that is not above `addr`, or to 0. Sets `high` so that all symbols from number `high` on
/// are above `addr`. Leaves `low` and `high` alone before the component has started, or if the
/// index of addresses does not cover `addr`.
///
/// # Safety
///
/// - `low` is valid for writing.
/// - `high` is valid for writing.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_narrow(addr: usize, low: *mut usize, high: *mut usize) {
    let bounds = LookupState::get().and_then(|state| state.index.search_bounds(addr));
    if let Some((below, end)) = bounds {
        // SAFETY:
        // - `low` is valid for writing, by the contract.
        // - `high` is valid for writing, by the contract.
        unsafe {
            *low = below.saturating_sub(1) as usize;
            *high = end as usize;
        }
    }
}

/// The true size in bytes of symbol number `symbol`. If the symbol has no size, or if the size is
/// not known, returns `distance`, the number of bytes to the next symbol. In these cases 0 would be
/// wrong, because callers compute the address of the last byte from the result.
#[cfg(CONFIG_KALLMODSYMS_SIZES)]
#[no_mangle]
pub(crate) extern "C" fn kallmodsyms_true_size(symbol: usize, distance: usize) -> usize {
    match super::true_sizes::true_size(symbol as u32, distance) {
        0 => distance,
        size => size,
    }
}
