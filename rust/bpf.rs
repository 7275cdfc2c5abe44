// SPDX-License-Identifier: GPL-2.0

//! The symbols of BPF programs, trampolines and dispatchers.
//!
//! /proc/kallsyms walks the list of symbols from its start for each line, so that 10,000 symbols
//! cost 50 million steps. Here a reader remembers a place in the list, its [`Cursor`], and a line
//! costs the same however many symbols there are.
//!
//! The list is protected by RCU, so a cursor has no pointer into it: it has the addresses of the
//! last two symbols that were shown. The kernel has a tree of the symbols, which finds the first of
//! the two. If the second one is still its successor, the reader goes on behind that. If one of the
//! two is gone, the reader counts from the start of the list, once. New symbols are always added at
//! the end of the list. So a cursor is only wrong if, between two sections of one reader, both
//! programs were unloaded and two new ones loaded, one after the other, to the same two addresses:
//! then the reader misses the symbols in between.
//!
//! C headers: [`include/linux/bpf.h`](srctree/include/linux/bpf.h) and `bpf_symbols.h`

use crate::series::rcu;
use core::{ffi::CStr, marker::PhantomData, mem::MaybeUninit, ptr};
use kernel::bindings;

/// The list of BPF symbols, in an RCU read-side section that ends when this is dropped.
///
/// Nothing may sleep meanwhile.
pub(crate) struct BpfList {
    _rcu: rcu::Guard,
}

/// A reader's place in the list, which may be used in another section than it is from.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cursor {
    /// The number of symbols before the place.
    index: u64,
    /// The addresses of the last two of these symbols; 0 for a symbol that is not there.
    before_last: usize,
    last: usize,
}

impl Cursor {
    /// Goes on to the place after `symbol`, which is the next one.
    pub(crate) fn pass(&mut self, symbol: &BpfSymbol<'_>) {
        self.index = self.index.wrapping_add(1);
        self.before_last = self.last;
        self.last = symbol.address;
    }
}

impl BpfList {
    /// Begins a section. Never waits.
    pub(crate) fn read_lock() -> Self {
        Self {
            _rcu: rcu::Guard::new(),
        }
    }

    /// The symbols after `cursor`, in the order of the list. Logarithmic in the length of the list,
    /// or linear if the symbols before the cursor are gone.
    pub(crate) fn symbols(&self, cursor: &Cursor) -> Symbols<'_> {
        let last = match cursor.index.checked_sub(1) {
            None => ptr::null(),
            Some(number) => {
                let last = self.find(cursor);
                if last.is_null() {
                    // SAFETY: This is a read-side section.
                    unsafe { bindings::kallmodsyms_bpf_number(number as _) }
                } else {
                    last
                }
            }
        };
        // INVARIANT: All functions of the C side return null or a symbol on the list.
        Symbols {
            last,
            has_ended: cursor.index > 0 && last.is_null(),
            _list: PhantomData,
        }
    }

    /// The last symbol before `cursor`; null if the cursor is to be found by counting.
    fn find(&self, cursor: &Cursor) -> *const bindings::bpf_ksym {
        if cursor.index < 2 {
            return ptr::null();
        }
        // SAFETY: This is a read-side section, and any address may be looked up.
        let before = unsafe { bindings::kallmodsyms_bpf_at(cursor.before_last as _) };
        if before.is_null() {
            return ptr::null();
        }
        // SAFETY: This is the read-side section in which `before` was found.
        match unsafe { next(before) } {
            Some((last, symbol)) if symbol.address as usize == cursor.last => last,
            _ => ptr::null(),
        }
    }
}

/// An iterator over BPF symbols.
///
/// # Invariants
///
/// `last` is null or was on the list in the read-side section of `'a`.
pub(crate) struct Symbols<'a> {
    /// The symbol before the next one; null at the start of the list.
    last: *const bindings::bpf_ksym,
    has_ended: bool,
    _list: PhantomData<&'a BpfList>,
}

/// One BPF symbol.
pub(crate) struct BpfSymbol<'a> {
    /// The address of its first byte.
    pub(crate) address: usize,
    /// Bytes.
    pub(crate) size: usize,
    /// The name. Empty for a symbol that is not to be shown.
    pub(crate) name: &'a [u8],
}

impl BpfSymbol<'_> {
    /// The letter of the type. C: `BPF_SYM_ELF_TYPE`.
    pub(crate) const KIND: u8 = b't';
}

impl<'a> Iterator for Symbols<'a> {
    type Item = BpfSymbol<'a>;

    fn next(&mut self) -> Option<BpfSymbol<'a>> {
        if self.has_ended {
            return None;
        }
        // SAFETY: By the invariant this is the read-side section in which `last` was found.
        let Some((ksym, symbol)) = (unsafe { next(self.last) }) else {
            self.has_ended = true;
            return None;
        };
        // INVARIANT: It was just found.
        self.last = ksym;
        Some(BpfSymbol {
            address: symbol.address as usize,
            size: symbol.size as usize,
            // SAFETY:
            // - The name is NUL-terminated: C makes it by snprintf().
            // - It is not written to once the symbol is on the list.
            // - It is part of the symbol, which is not freed before the read-side section ends.
            name: unsafe { CStr::from_ptr(symbol.name.cast()) }.to_bytes(),
        })
    }
}

/// The symbol after `ksym`, or the first one if that is null; `None` at the end.
///
/// # Safety
///
/// `ksym` is null, or was found in the read-side section that this task is in.
unsafe fn next(
    ksym: *const bindings::bpf_ksym,
) -> Option<(*const bindings::bpf_ksym, bindings::kallmodsyms_bpf_symbol)> {
    let mut symbol = MaybeUninit::uninit();
    // SAFETY:
    // - `ksym` is as the C side wants it, by the contract.
    // - `symbol` is valid for writes during the call.
    let next = unsafe { bindings::kallmodsyms_bpf_next(ksym, symbol.as_mut_ptr()) };
    if next.is_null() {
        return None;
    }
    // SAFETY: The C side sets all fields where it returns a symbol.
    Some((next, unsafe { symbol.assume_init() }))
}
