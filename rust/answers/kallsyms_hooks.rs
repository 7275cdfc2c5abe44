// SPDX-License-Identifier: GPL-2.0

//! The functions that kernel/kallsyms.c calls, by the hooks in patches/.
//!
//! They may be called from any context, non-maskable interrupts included, from the kernel's first
//! instruction on.

use super::lookup_state::LookupState;

/// Narrows the range of symbols that get_symbol_pos() searches: sets `low` to a symbol that is not
/// above `addr`, unless all symbols are, and `high` to a number from which on all symbols are above
/// it. Leaves both alone before the component has started, or if `addr` is not in the image.
///
/// # Safety
///
/// - `low` is valid for writing.
/// - `high` is valid for writing.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_narrow(addr: usize, low: *mut usize, high: *mut usize) {
    let around = LookupState::get().and_then(|state| state.index.around(addr));
    if let Some((below, end)) = around {
        // SAFETY:
        // - `low` is valid for writing, by the contract.
        // - `high` is valid for writing, by the contract.
        unsafe {
            *low = below.saturating_sub(1) as usize;
            *high = end as usize;
        }
    }
}

/// The true size in bytes of symbol number `symbol`; `distance`, the bytes to the next symbol, if
/// it has no size. It is not 0 unless `distance` is 0: callers compute the last byte from it.
#[cfg(CONFIG_KALLMODSYMS_SIZES)]
#[no_mangle]
pub(crate) extern "C" fn kallmodsyms_true_size(symbol: usize, distance: usize) -> usize {
    match super::true_sizes::true_size(symbol as u32, distance) {
        0 => distance,
        size => size,
    }
}
