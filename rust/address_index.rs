// SPDX-License-Identifier: GPL-2.0

//! An index of the core symbols' addresses.
//!
//! `get_symbol_pos()` of kernel/kallsyms.c halves the list of all symbols until it has the one at an
//! address: 18 times on x86_64 defconfig. The index divides the image into stretches of equal length
//! and has the first symbol of each, so that a search begins with the symbols of one stretch. The
//! index takes 4 bytes for [`SYMBOLS`] symbols or more, and one walk over all addresses when the
//! kernel starts.

use crate::{format::walk::Places, lookup, series::Addresses};
use core::ptr::addr_of;
use kernel::{bindings, prelude::*};

/// The least number of symbols for each stretch, on average.
const SYMBOLS: usize = 48;

/// The first symbol of each stretch of the image.
pub(crate) struct AddressIndex {
    /// For each stretch, the number of symbols below it. The last entry is for the end of the image.
    below: KVVec<u32>,
    /// The address of the first stretch.
    text: usize,
    /// A stretch has `1 << shift` bytes.
    shift: u32,
}

impl AddressIndex {
    /// Indexes the `len` core symbols. May sleep.
    ///
    /// Fails with `EINVAL` if their addresses are not in the constants, or `ENOMEM`.
    pub(crate) fn new(len: u32) -> Result<Self> {
        let addresses = Addresses::new(len)?;
        let text = addr_of!(bindings::_text) as usize;
        let bytes = (addr_of!(bindings::_end) as usize).saturating_sub(text);
        let most = (len as usize / SYMBOLS).max(1);
        let mut shift = 0;
        while bytes >> shift >= most {
            shift += 1;
        }
        let count = (bytes >> shift).saturating_add(2);
        // All symbols are below a stretch that begins behind the last one.
        let mut below = KVVec::from_elem(len, count, GFP_KERNEL)?;
        let mut ends = below.iter_mut();
        let mut start = text;
        for symbol in 0..len {
            let address = addresses.get(symbol).map_or(0, |place| place.address);
            while start <= address {
                let Some(end) = ends.next() else { break };
                *end = symbol;
                start = start.saturating_add(1 << shift);
            }
        }
        Ok(Self { below, text, shift })
    }

    /// Two numbers of symbols. The first symbol is not above `addr`, unless all symbols are. The
    /// second symbol and all behind it are above `addr`. `None` if `addr` is not in the image.
    #[inline]
    fn around(&self, addr: usize) -> Option<(u32, u32)> {
        let stretch = addr.wrapping_sub(self.text) >> self.shift;
        let &[below, end] = self.below.get(stretch..)?.first_chunk()?;
        Some((below.saturating_sub(1), end))
    }
}

/// As [`AddressIndex::around`]; `None` also before the component has started.
#[inline]
pub(crate) fn around(addr: usize) -> Option<(u32, u32)> {
    lookup::published()?.index.around(addr)
}

/// Narrows the range of symbols that `get_symbol_pos()` searches: sets `low` and `high` to the numbers
/// that [`around`] has, or leaves them alone if it has none.
///
/// # Safety
///
/// Both pointers are valid for writing.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_narrow(addr: usize, low: *mut usize, high: *mut usize) {
    if let Some((first, end)) = around(addr) {
        // SAFETY: Both are valid for writing, by the contract.
        unsafe {
            *low = first as usize;
            *high = end as usize;
        }
    }
}
