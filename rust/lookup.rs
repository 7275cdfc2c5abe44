// SPDX-License-Identifier: GPL-2.0

//! Answers for the kernel itself: the true sizes of its symbols.
//!
//! kernel/kallsyms.c takes the distance to the next symbol for the size of a symbol, which is wrong
//! for half of them. It asks here instead, for each address that it looks up: for the traces of an
//! oops, for `%pS`, kprobes, ftrace and live patches. So this may be called from any context,
//! interrupts that cannot be masked included, at any time from the kernel's first instruction on.

use crate::{core_symbols::CoreSymbols, format::sizes::SizeTables, rodata};
use core::{
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};
use kernel::{bindings, sync::Arc};

/// What [`publish`] was given; null before that. What it points to is never freed.
static SYMBOLS: AtomicPtr<CoreSymbols> = AtomicPtr::new(ptr::null_mut());

/// Lets the functions of this file use `symbols`, whose tables are checked, from now on.
pub(crate) fn publish(symbols: Arc<CoreSymbols>) {
    // The reference is given away for good: who uses it may be anywhere.
    SYMBOLS.store(Arc::into_raw(symbols).cast_mut(), Ordering::Release);
}

/// The symbols, once they are published.
fn symbols() -> Option<&'static CoreSymbols> {
    // SAFETY: The pointer is null or from `Arc::into_raw`. In the latter case what it points to was
    // made before it was stored, which the ordering lets this see, is not changed, and is never
    // freed, as the reference is not given back.
    unsafe { SYMBOLS.load(Ordering::Acquire).as_ref() }
}

/// The size tables; `None` if they were refused.
///
/// Before they are checked, as they are: a defect could lead to wrong sizes, but to nothing worse,
/// and an oops that early is named better so.
fn sizes() -> Option<SizeTables<'static>> {
    match symbols() {
        Some(symbols) => symbols.sizes(),
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
