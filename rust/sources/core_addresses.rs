// SPDX-License-Identifier: GPL-2.0

//! The addresses of the core symbols, and the search for an address.

use super::linked_tables;
use crate::{
    format::addresses::{Encoding, Place, Places},
    series::{address_encoding, AddressEncoding},
};
use core::ptr::addr_of;
use kernel::{bindings, prelude::*};

/// The addresses of the core symbols.
#[derive(Clone, Copy)]
pub(crate) struct CoreAddresses {
    /// A row for each symbol.
    rows: &'static [i32],
    encoding: AddressEncoding,
}

impl CoreAddresses {
    /// Finds the addresses of the `len` core symbols. Fails with `EINVAL` if the addresses are not
    /// inside the read-only data.
    pub(crate) fn new(len: u32) -> Result<Self> {
        let rows = linked_tables::offsets(len)?;
        Ok(Self {
            rows,
            encoding: address_encoding(rows),
        })
    }

    /// The number of the last symbol that is not above `addr`. `None` if all symbols are above
    /// `addr`, or if `first..end` is not a range of symbols.
    ///
    /// The caller guarantees that no symbol before `first` is above `addr`, and that all symbols
    /// from `end` on are above `addr`. May be called from any context.
    #[cfg(any(CONFIG_KALLMODSYMS_SIZES, CONFIG_KALLMODSYMS_OBJECTS))]
    #[inline]
    pub(crate) fn last_not_above(&self, addr: usize, first: u32, end: u32) -> Option<u32> {
        let rows = self.rows.get(first as usize..end as usize)?;
        let count = rows.partition_point(|row| self.encoding.address(row) <= addr);
        first.wrapping_add(count as u32).checked_sub(1)
    }
}

impl Places for CoreAddresses {
    type Row = i32;

    #[inline]
    fn rows(&self, index: u32) -> &[i32] {
        self.rows.get(index as usize..).unwrap_or_default()
    }

    #[inline]
    fn place(&self, index: u32, row: i32) -> Place {
        self.encoding.place(index, row)
    }

    /// Uses the same section ends as get_symbol_pos() in kernel/kallsyms.c. Returns 0 for the last
    /// per-cpu symbols: the per-cpu area ends at their address.
    fn to_section_end(&self, place: Place) -> usize {
        if place.percpu {
            return 0;
        }
        // SAFETY: The function only compares its argument, so any address may be passed.
        let end = if unsafe { bindings::kallmodsyms_is_kernel_inittext(place.address) } {
            addr_of!(bindings::_einittext) as usize
        } else if cfg!(CONFIG_KALLSYMS_ALL) {
            addr_of!(bindings::_end) as usize
        } else {
            addr_of!(bindings::_etext) as usize
        };
        end.saturating_sub(place.address)
    }
}
