// SPDX-License-Identifier: GPL-2.0

//! An index of the core symbols' addresses.
//!
//! get_symbol_pos() of kernel/kallsyms.c halves the list of all symbols until one symbol is left:
//! 18 times on x86_64 defconfig. The index divides the image into stretches of equal length, and
//! stores the first symbol of each stretch. A search then begins with the symbols of one stretch.
//! A stretch costs 4 bytes, and has [`SYMBOLS_OF_STRETCH`] symbols or more on average. Making the
//! index takes one walk over all addresses when the kernel starts.

use crate::{format::addresses::Places, sources::CoreSymbols};
use core::ptr::addr_of;
use kernel::{bindings, prelude::*};

/// The smallest average number of symbols of a stretch.
const SYMBOLS_OF_STRETCH: usize = 48;

/// The first symbol of each stretch of the image.
pub(super) struct AddressIndex {
    /// For each stretch, the number of symbols below the stretch. The last entry is for the end of
    /// the last stretch.
    below: KVVec<u32>,
    /// The address of the first stretch.
    text: usize,
    /// A stretch has `1 << shift` bytes.
    shift: u32,
}

impl AddressIndex {
    /// Indexes the addresses of `symbols`. May sleep. Fails with `ENOMEM`.
    pub(super) fn new(symbols: &CoreSymbols) -> Result<Self> {
        let addresses = symbols.addresses();
        let len = symbols.len();
        let text = addr_of!(bindings::_text) as usize;
        let bytes = (addr_of!(bindings::_end) as usize).saturating_sub(text);
        let most = (len as usize / SYMBOLS_OF_STRETCH).max(1);
        let mut shift = 0;
        while bytes >> shift >= most {
            shift += 1;
        }
        let count = (bytes >> shift).saturating_add(2);
        // If a stretch begins after the last symbol, all `len` symbols are below the stretch.
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

    /// The bounds of a search for `addr`, as two numbers of symbols. All symbols before the first
    /// number are at or below `addr`. All symbols from the second number on are above `addr`.
    /// `None` if `addr` is below `_text`, or above the last stretch.
    #[inline]
    pub(super) fn search_bounds(&self, addr: usize) -> Option<(u32, u32)> {
        let stretch = addr.wrapping_sub(self.text) >> self.shift;
        let &[below, end] = self.below.get(stretch..)?.first_chunk()?;
        Some((below, end))
    }
}
