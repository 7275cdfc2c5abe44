// SPDX-License-Identifier: GPL-2.0

//! Answers for kernel/kallsyms.c: the true sizes of the kernel's symbols.
//!
//! It takes the distance to the next symbol for the size of a symbol, which is wrong for half of
//! them. It asks here instead, for each address that it looks up: for the traces of an oops, for
//! `%pS`, kprobes, ftrace and live patches. So this may be called from any context, interrupts that
//! cannot be masked included, at any time from the kernel's first instruction on.
//!
//! C header: true_sizes.h in this directory.

use crate::{format::sizes::SizeTables, lookup, rodata};
use kernel::bindings;

/// The size tables; `None` if they were refused.
///
/// Before they are checked, as they are: a defect could lead to wrong sizes, but to nothing worse,
/// and an oops that early is named better so.
fn sizes() -> Option<SizeTables<'static>> {
    match lookup::published() {
        Some(published) => published.symbols.sizes(),
        // SAFETY: It is a constant of the read-only data.
        None => rodata::size_tables(unsafe { bindings::kallsyms_num_syms })
            .ok()
            .map(SizeTables::unchecked),
    }
}

/// Of the aliases `first` to `end - 1`, which are all symbols at address `start`, the first that has
/// a size. `symbol_end`, which is where the next symbol is or, if there is none, the section ends,
/// becomes its true end.
///
/// If none has a size, the answer is `first` and `symbol_end` stays, as callers compute the last
/// byte of a symbol from its size.
///
/// # Safety
///
/// `symbol_end` is valid for reading and writing.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_sized_alias(
    first: usize,
    end: usize,
    start: usize,
    symbol_end: *mut usize,
) -> usize {
    let Some(sizes) = sizes() else { return first };
    // SAFETY: It is a constant of the read-only data.
    let is_last = end == unsafe { bindings::kallsyms_num_syms } as usize;
    // SAFETY: The pointer is valid by the contract.
    let distance = unsafe { *symbol_end }.wrapping_sub(start);
    // The tables have no gap for the last symbols.
    let gap = if is_last { 0 } else { distance };
    for symbol in first..end {
        let size = sizes.size(symbol as u32, gap as u64) as usize;
        if size != 0 {
            // SAFETY: The pointer is valid by the contract.
            unsafe { *symbol_end = start.wrapping_add(size) };
            return symbol;
        }
    }
    first
}
