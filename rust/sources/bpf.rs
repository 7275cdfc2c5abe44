// SPDX-License-Identifier: GPL-2.0

//! The symbols of BPF programs, trampolines and dispatchers.
//!
//! /proc/kallsyms walks the list of symbols from the start of the list for each line, so that
//! 10,000 symbols cost 50 million steps. This code remembers the place of a reader in the list, the
//! [`Cursor`]. The cost of a line then does not grow with the number of symbols.
//!
//! RCU protects the list. A cursor outlives the read-side section that made it, so it holds no
//! pointer into the list. It holds the addresses of the last two symbols before its place. The
//! kernel's tree of symbols finds the first of these two symbols. If the second symbol still
//! follows the first, the reader continues after the second. If either symbol is gone, or if the
//! cursor has only one symbol, the reader counts symbols from the start of the list. After two more
//! symbols, the cursor again has the addresses of two symbols on the list.
//!
//! The kernel adds new symbols only at the end of the list. So a reader misses symbols in three
//! cases:
//!
//! - The reader counts, and symbols before the cursor were unloaded. The reader then skips the same
//!   number of symbols. A reader of /proc/kallsyms skips them, too.
//! - Both symbols of the cursor were unloaded, and two new symbols got the same two addresses, one
//!   directly after the other. The reader then misses all symbols from the place of the cursor up
//!   to the two new symbols.
//! - The second symbol of the cursor and all symbols after it were unloaded, but not the first
//!   symbol. The next new symbol got the address of the second symbol. The reader then misses that
//!   new symbol.
//!
//! C headers: [`include/linux/bpf.h`](srctree/include/linux/bpf.h) and `bpf_symbols.h`

use crate::abstractions::rcu;
use core::{ffi::CStr, marker::PhantomData, mem::MaybeUninit, ptr};
use kernel::bindings;

/// The list of BPF symbols, in an RCU read-side section that ends when this value is dropped.
///
/// The task may not sleep in the read-side section.
pub(crate) struct BpfList {
    _rcu: rcu::Guard,
}

/// A reader's place in the list. It stays valid in later read-side sections.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cursor {
    /// The number of symbols that the cursor has passed.
    index: u64,
    /// The addresses of the last two symbols before the place; 0 if no such symbol was passed yet.
    before_last: usize,
    last: usize,
}

impl Cursor {
    /// Moves the cursor behind `symbol`, which must be the first symbol after the cursor.
    pub(crate) fn pass(&mut self, symbol: &BpfSymbol<'_>) {
        self.index = self.index.wrapping_add(1);
        self.before_last = self.last;
        self.last = symbol.address;
    }
}

impl BpfList {
    /// Begins a read-side section. Never waits.
    pub(crate) fn read_lock() -> Self {
        Self {
            _rcu: rcu::Guard::new(),
        }
    }

    /// The symbols after `cursor`, in the order of the list. The time is logarithmic in the length
    /// of the list, or linear if a symbol of the cursor is gone.
    pub(crate) fn symbols(&self, cursor: &Cursor) -> Symbols<'_> {
        let last = match cursor.index.checked_sub(1) {
            None => ptr::null(),
            Some(number) => {
                let last = self.find(cursor);
                if last.is_null() {
                    // SAFETY: This task is in a read-side section, that of `self`.
                    unsafe { bindings::kallmodsyms_bpf_number(number as usize) }
                } else {
                    last
                }
            }
        };
        // INVARIANT: `last` is null, or a function of the C side found it on the list in this
        // read-side section.
        Symbols {
            last,
            has_ended: cursor.index > 0 && last.is_null(),
            _list: PhantomData,
        }
    }

    /// The last symbol before `cursor`, found by the addresses in the cursor; null if they do not
    /// find the symbol.
    fn find(&self, cursor: &Cursor) -> *const bindings::bpf_ksym {
        if cursor.index < 2 {
            return ptr::null();
        }
        // SAFETY:
        // - This task is in a read-side section, that of `self`.
        // - Any address may be looked up.
        let before = unsafe { bindings::kallmodsyms_bpf_at(cursor.before_last) };
        if before.is_null() {
            return ptr::null();
        }
        // SAFETY:
        // - This task is in a read-side section, that of `self`.
        // - `before` was found in that section.
        match unsafe { next(before) } {
            Some((last, symbol)) if symbol.address == cursor.last => last,
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
    /// The symbol that this iterator returned last, or that its cursor passed last; null at the
    /// start of the list.
    last: *const bindings::bpf_ksym,
    has_ended: bool,
    _list: PhantomData<&'a BpfList>,
}

/// One BPF symbol.
pub(crate) struct BpfSymbol<'a> {
    /// The address of the first byte.
    pub(crate) address: usize,
    /// The size in bytes.
    pub(crate) size: usize,
    /// The name; empty if the symbol has no line.
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
        // SAFETY:
        // - This task is in a read-side section, that of the list.
        // - `last` is null or was found in that section, by the invariant.
        let Some((ksym, symbol)) = (unsafe { next(self.last) }) else {
            self.has_ended = true;
            return None;
        };
        // INVARIANT: `ksym` was just found in the section.
        self.last = ksym;
        Some(BpfSymbol {
            address: symbol.address,
            size: symbol.size,
            // SAFETY:
            // - The name is NUL-terminated: C ends each name with a NUL.
            // - Nothing writes to the name once the symbol is on the list.
            // - The name is part of the symbol, which is not freed before the read-side section
            //   ends.
            name: unsafe { CStr::from_ptr(symbol.name.cast()) }.to_bytes(),
        })
    }
}

/// The symbol after `ksym`, or the first symbol if `ksym` is null; `None` at the end.
///
/// # Safety
///
/// - This task is in a read-side section.
/// - `ksym` is null, or was found in that section.
unsafe fn next(
    ksym: *const bindings::bpf_ksym,
) -> Option<(*const bindings::bpf_ksym, bindings::kallmodsyms_bpf_symbol)> {
    let mut symbol = MaybeUninit::uninit();
    // SAFETY:
    // - This task is in a read-side section, by the contract.
    // - `ksym` is null or was found in that section, by the contract.
    // - `symbol` is valid for writes during the call.
    let next = unsafe { bindings::kallmodsyms_bpf_next(ksym, symbol.as_mut_ptr()) };
    if next.is_null() {
        return None;
    }
    // SAFETY: The C side sets all fields if it returns a symbol.
    Some((next, unsafe { symbol.assume_init() }))
}
