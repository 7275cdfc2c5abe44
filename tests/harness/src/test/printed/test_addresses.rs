// SPDX-License-Identifier: GPL-2.0

//! Chooses the test addresses in a kernel. For each symbol, these are the first byte, the byte before the
//! symbol, a byte in the middle, and the first byte of padding.

use std::fmt;

use super::listing::{Listing, Symbol};

/// The position of a test address, relative to its symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// The first byte of the symbol.
    Start,
    /// The byte before the symbol.
    Before,
    /// A byte in the middle of the symbol.
    Inner,
    /// The first byte of padding after a symbol.
    Padding,
}

impl fmt::Display for Position {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str(match self {
            Self::Start => "start",
            Self::Before => "start - 1",
            Self::Inner => "inner",
            Self::Padding => "padding",
        })
    }
}

/// An address that a kernel prints, and the symbol that the address was chosen for.
pub struct TestAddress<'a> {
    pub symbol: &'a Symbol,
    pub position: Position,
    pub address: u64,
}

/// All test addresses that the kernel names after one of its own symbols.
pub fn all(listing: &Listing) -> Vec<TestAddress<'_>> {
    let symbols = listing.symbols.iter();
    symbols
        .flat_map(|symbol| about(listing, symbol))
        .filter(|tested| listing.is_named(tested.address))
        .collect()
}

fn about<'a>(listing: &Listing, symbol: &'a Symbol) -> impl Iterator<Item = TestAddress<'a>> {
    let Symbol { address, size, .. } = *symbol;
    let end = address.wrapping_add(size);
    let is_padded = size > 0 && end < listing.next(address);
    let addresses = [
        Some((Position::Start, address)),
        address
            .checked_sub(1)
            .map(|address| (Position::Before, address)),
        (size > 1).then_some((Position::Inner, address.wrapping_add(size / 2))),
        is_padded.then_some((Position::Padding, end)),
    ];
    let addresses = addresses.into_iter().flatten();
    addresses.map(move |(position, address)| TestAddress {
        symbol,
        position,
        address,
    })
}

/// The addresses as the module in tests/printed reads them: 64-bit little-endian words.
pub fn machine_words(tested: &[TestAddress]) -> Vec<u8> {
    let words = tested.iter().map(|tested| tested.address.to_le_bytes());
    words.flatten().collect()
}
