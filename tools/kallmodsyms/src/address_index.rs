// SPDX-License-Identifier: GPL-2.0

//! The search for the symbols of an address.
//!
//! Symbols can overlap or be nested. The symbol with the highest start that is not above an address may thus
//! end below the address, while an earlier symbol contains it. A start is an address at which symbols begin.
//! Each start therefore stores the start to try next: the last earlier start whose largest symbol contains the
//! address.

use crate::symbol::Symbol;

/// An address at which symbols begin.
struct Start {
    address: u64,
    /// The index in `sorted` of the first symbol at `address`.
    first: u32,
    /// The index in the listing of the largest symbol at `address`; among equals, of the first in the listing.
    largest: u32,
    /// The index in `starts` of the last earlier start whose largest symbol contains `address`.
    outer: Option<u32>,
}

/// The symbols of a kernel by address.
pub(crate) struct AddressIndex {
    /// Sorted by address; no two have the same address.
    starts: Vec<Start>,
    /// The indices in the listing of all symbols, sorted by address; equal addresses in the listing's order.
    sorted: Vec<u32>,
}

impl AddressIndex {
    /// Makes the index of `symbols`. The sort is quick, because the kernel's own symbols in a listing are
    /// sorted.
    pub(crate) fn of(symbols: &[Symbol<'_>]) -> Self {
        let address = |index: u32| symbols.get(index as usize).map(|symbol| symbol.address);
        let size = |index: u32| symbols.get(index as usize).map(|symbol| symbol.size);
        let mut sorted: Vec<u32> = (0..).zip(symbols).map(|(index, _)| index).collect();
        sorted.sort_by_key(|&index| address(index));
        let mut index = Self {
            starts: Vec::with_capacity(sorted.len()),
            sorted: Vec::new(),
        };
        for (first, &here) in (0..).zip(&sorted) {
            let address = address(here).unwrap_or_default();
            let previous = (index.starts.len() as u32).checked_sub(1);
            match index.starts.last_mut() {
                Some(start) if start.address == address => {
                    if size(here) > size(start.largest) {
                        start.largest = here;
                    }
                }
                _ => {
                    let outer = index.reaching(symbols, address, previous);
                    index.starts.push(Start {
                        address,
                        first,
                        largest: here,
                        outer: outer.map(|(outer, _)| outer),
                    });
                }
            }
        }
        index.sorted = sorted;
        index
    }

    /// Searches the start number `from`, then its chain of `outer` starts.
    ///
    /// Return: the number of the first start whose largest symbol contains `address`, and that symbol's index
    /// in the listing.
    fn reaching(
        &self,
        symbols: &[Symbol<'_>],
        address: u64,
        from: Option<u32>,
    ) -> Option<(u32, u32)> {
        let mut number = from?;
        loop {
            let start = self.starts.get(number as usize)?;
            if symbols.get(start.largest as usize)?.contains(address) {
                return Some((number, start.largest));
            }
            number = start.outer?;
        }
    }

    /// The index in the listing of the symbol that contains `address`. Of several, the symbol with the highest
    /// start is taken, then the largest, then the first in the listing.
    pub(crate) fn containing(&self, symbols: &[Symbol<'_>], address: u64) -> Option<usize> {
        let last = (self.after(address) as u32).checked_sub(1);
        let (_, symbol) = self.reaching(symbols, address, last)?;
        Some(symbol as usize)
    }

    /// The highest symbol address that is not above `address`, and the indices of all symbols that start there.
    pub(crate) fn below(&self, address: u64) -> Option<(u64, &[u32])> {
        let after = self.after(address);
        let start = self.starts.get(after.checked_sub(1)?)?;
        let next = self.starts.get(after).map(|next| next.first as usize);
        let end = next.unwrap_or(self.sorted.len());
        Some((start.address, self.sorted.get(start.first as usize..end)?))
    }

    /// The lowest symbol address that is above `address`.
    pub(crate) fn above(&self, address: u64) -> Option<u64> {
        Some(self.starts.get(self.after(address))?.address)
    }

    /// The highest symbol address.
    pub(crate) fn last(&self) -> Option<u64> {
        Some(self.starts.last()?.address)
    }

    /// The indices in the listing of all symbols, sorted by address.
    pub(crate) fn sorted(&self) -> &[u32] {
        &self.sorted
    }

    /// The number of starts that are not above `address`.
    fn after(&self, address: u64) -> usize {
        self.starts
            .partition_point(|start| start.address <= address)
    }
}
