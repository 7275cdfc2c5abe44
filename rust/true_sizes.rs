// SPDX-License-Identifier: GPL-2.0

//! Answers for kernel/kallsyms.c: the true sizes of the kernel's symbols.
//!
//! It takes the distance to the next symbol for the size of a symbol, which is wrong for half of
//! them. It asks here instead, for each address that it looks up: for the traces of an oops, for
//! `%pS`, kprobes, ftrace and live patches. So this may be called from any context, interrupts that
//! cannot be masked included, at any time from the kernel's first instruction on.
//!
//! C header: true_sizes.h in this directory.

use crate::{
    format::{sizes::SizeTables, walk::Places},
    lookup::{self, Inside},
    rodata,
    series::Addresses,
};
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

/// The symbol that an address is named after.
struct Named {
    /// Its number.
    symbol: usize,
    address: usize,
    /// Its true size, in bytes; not 0.
    size: usize,
    /// The distance to the next symbol at a higher address; 0 if it is the last.
    gap: usize,
}

/// Of the symbols at the address of symbol number `first`, which is the first of them, the first
/// that has a size.
fn named(first: usize) -> Option<Named> {
    let sizes = sizes()?;
    let first = u32::try_from(first).ok()?;
    // SAFETY: It is a constant of the read-only data.
    let len = unsafe { bindings::kallsyms_num_syms };
    let addresses = Addresses::new(len).ok()?;
    let place = addresses.get(first)?;
    let is_alias = |symbol: u32| {
        let other = addresses.get(symbol);
        other.is_some_and(|other| other.address == place.address)
    };
    let end = (first..len).find(|&symbol| !is_alias(symbol));
    // The tables have no gap for the last symbols.
    let gap = match addresses.get(end.unwrap_or(len)) {
        Some(next) if next.percpu == place.percpu => next.address.wrapping_sub(place.address),
        _ => 0,
    };
    (first..end.unwrap_or(len))
        .map(|symbol| Named {
            symbol: symbol as usize,
            address: place.address,
            size: sizes.size(symbol, gap as u64) as usize,
            gap,
        })
        .find(|named| named.size != 0)
}

/// The first of the symbols at the last address that has any and is not above `addr`.
fn first_at_or_below(addr: usize) -> Option<usize> {
    // SAFETY: It is a constant of the read-only data.
    let len = unsafe { bindings::kallsyms_num_syms };
    let addresses = Addresses::new(len).ok()?;
    // How many symbols are below `limit`: the per-cpu symbols, which come first, are below all else.
    let below = |limit: usize| {
        let (mut low, mut high) = (0u32, len);
        while low < high {
            let middle = low.wrapping_add(high.wrapping_sub(low) / 2);
            match addresses.get(middle) {
                Some(place) if place.address < limit => low = middle.wrapping_add(1),
                _ => high = middle,
            }
        }
        low
    };
    let last = below(addr.checked_add(1)?).checked_sub(1)?;
    Some(below(addresses.get(last)?.address) as usize)
}

/// The symbol that an address of the image is in, which is the one that it is named after, and how
/// many bytes into it that is. `None` if it is in padding, or in what has no size.
fn inside(addr: usize) -> Option<(Named, usize)> {
    let named = named(first_at_or_below(addr)?)?;
    let offset = addr.wrapping_sub(named.address);
    (offset < named.size).then_some((named, offset))
}

/// The extent of that symbol.
pub(crate) fn extent(addr: usize) -> Option<Inside> {
    inside(addr).map(|(named, offset)| Inside {
        size: named.size,
        offset,
    })
}

/// The number of that symbol, and how many bytes into it the address is.
pub(crate) fn symbol_at(addr: usize) -> Option<(u32, usize)> {
    inside(addr).map(|(named, offset)| (named.symbol as u32, offset))
}

/// The number of the symbol to name an address after, for which symbol number `first` is the first
/// at the last address that has symbols: the first there that has a size. `size`, unless it is null,
/// becomes its true size.
///
/// If none has a size, the answer is `first` and `size` stays.
///
/// # Safety
///
/// `size` is null, or points to an initialised number that nobody else uses during the call.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_sized_alias(first: usize, size: *mut usize) -> usize {
    let Some(named) = named(first) else {
        return first;
    };
    // SAFETY: By the contract the pointer is null, or valid, initialised and nobody else's for as long
    // as the reference is used.
    if let Some(size) = unsafe { size.as_mut() } {
        *size = named.size;
    }
    named.symbol
}

/// Corrects `size`, the distance from symbol number `first` to the next, and `offset`, the distance
/// from it to an address: if the address is in the symbol, `size` becomes the true size. If it is in
/// the padding behind it, that is an extent of its own, and both become those in it.
///
/// Nothing changes if no symbol there has a size, or if it overlaps the next one. So extents never
/// overlap nor leave gaps, which callers rely on: kprobes goes by the sizes from one to the next, and
/// subtracts offsets from sizes. A size is never 0, as they compute the last byte from it.
///
/// Nothing changes either for who does not ask for the size: kprobes asks so for how far it is from
/// the entry of a function, which the first byte of padding is not.
///
/// # Safety
///
/// Each of the pointers is null, or points to an initialised number that nobody else uses during the
/// call; they differ unless both are null.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_true_extent(
    first: usize,
    addr: usize,
    size: *mut usize,
    offset: *mut usize,
) {
    // SAFETY: By the contract each pointer is null, or valid, initialised and nobody else's for as long
    // as the references are used, and they do not point to the same number.
    let (size, offset) = unsafe { (size.as_mut(), offset.as_mut()) };
    let Some(size) = size else { return };
    let Some(named) = named(first).filter(|named| named.size < named.gap) else {
        return;
    };
    let into = addr.wrapping_sub(named.address);
    let true_offset;
    (*size, true_offset) = match into.checked_sub(named.size) {
        None => (named.size, into),
        Some(into_padding) => (named.gap.wrapping_sub(named.size), into_padding),
    };
    if let Some(offset) = offset {
        *offset = true_offset;
    }
}
