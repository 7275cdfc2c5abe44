// SPDX-License-Identifier: GPL-2.0

//! The true sizes of the kernel's own symbols, by number and by address.
//!
//! kernel/kallsyms.c takes the distance to the next symbol for the size of a symbol, which is wrong
//! for half of them. `kallsyms_lookup_size_offset()` asks here for the true size of the symbol that it
//! found. So this may be called from any context, non-maskable interrupts included, from the
//! kernel's first instruction on.
//!
//! C header: [`include/linux/kallmodsyms.h`](srctree/include/linux/kallmodsyms.h)

use crate::{
    address_index::around,
    format::{sizes::SizeTables, walk::Places},
    lookup::{self, Inside},
    rodata,
    series::Addresses,
};
use kernel::bindings;

/// The size in bytes of symbol number `symbol`, from which it is `gap` bytes to the next address that
/// has symbols, or 0 if no such address follows. 0 if the symbol has no size, or no sizes are known.
fn size(symbol: u32, gap: usize) -> usize {
    let size = match lookup::published() {
        Some(published) => {
            let sizes = published.symbols.sizes();
            sizes.map_or(0, |sizes| sizes.size(symbol, gap as u64))
        }
        None => early_size(symbol, gap as u64),
    };
    size as usize
}

/// The size before the component has started, which checks the tables. A defect of the tables can
/// lead to wrong sizes here, but to nothing worse.
#[cold]
fn early_size(symbol: u32, gap: u64) -> u64 {
    // SAFETY: It is a constant of the read-only data.
    let tables = rodata::size_tables(unsafe { bindings::kallsyms_num_syms });
    let tables = tables.map(SizeTables::unchecked);
    tables.map_or(0, |tables| tables.size(symbol, gap))
}

/// The true size in bytes of symbol number `symbol`; `distance`, the bytes to the next symbol, if it
/// has no size. Never 0 where `distance` is not: callers compute the last byte from it.
#[no_mangle]
pub(crate) extern "C" fn kallmodsyms_true_size(symbol: usize, distance: usize) -> usize {
    match u32::try_from(symbol).map_or(0, |symbol| size(symbol, distance)) {
        0 => distance,
        size => size,
    }
}

/// The number of the symbol that `%pS` names for an address of the image, with the size of that
/// symbol and how many bytes behind its start the address is. `None` if the address is behind the
/// end of the symbol, as in padding, or the symbol has no size.
pub(crate) fn symbol_at(addr: usize) -> Option<(u32, Inside)> {
    // SAFETY: It is a constant of the read-only data.
    let len = unsafe { bindings::kallsyms_num_syms };
    let addresses = Addresses::new(len).ok()?;
    // `next` becomes the first symbol above `addr`. Per-cpu symbols come first, below the image.
    let (mut low, mut next) = around(addr).unwrap_or((0, len));
    while low < next {
        let middle = low.wrapping_add(next.wrapping_sub(low) / 2);
        match addresses.get(middle) {
            Some(place) if place.address <= addr => low = middle.wrapping_add(1),
            _ => next = middle,
        }
    }
    let mut symbol = next.checked_sub(1)?;
    let place = addresses.get(symbol)?;
    let is_alias = |other: &u32| {
        let other = addresses.get(*other);
        other.is_some_and(|other| other.address == place.address)
    };
    while let Some(alias) = symbol.checked_sub(1).filter(is_alias) {
        symbol = alias;
    }
    // The tables have no gap for the last symbols.
    let gap = match addresses.get(next) {
        Some(next) if next.percpu == place.percpu => next.address.wrapping_sub(place.address),
        _ => 0,
    };
    let (size, offset) = (size(symbol, gap), addr.wrapping_sub(place.address));
    (offset < size).then_some((symbol, Inside { size, offset }))
}
