// SPDX-License-Identifier: GPL-2.0

//! The addresses that a kernel is asked for: for each of its symbols, the start, the byte before it,
//! one in its middle and the first of its padding.

use std::fmt;

use super::listing::{Listing, Symbol};

/// The place of an address in a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    Start,
    Before,
    Inner,
    /// The first byte of padding after a symbol.
    Padding,
}

impl fmt::Display for Which {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str(match self {
            Self::Start => "start",
            Self::Before => "start - 1",
            Self::Inner => "inner",
            Self::Padding => "padding",
        })
    }
}

pub struct Question<'a> {
    pub symbol: &'a Symbol,
    pub which: Which,
    pub address: u64,
}

/// All questions that a kernel answers with one of its own symbols.
pub fn all(listing: &Listing) -> Vec<Question<'_>> {
    let symbols = listing.symbols.iter();
    symbols
        .flat_map(|symbol| about(listing, symbol))
        .filter(|question| listing.names(question.address))
        .collect()
}

fn about<'a>(listing: &Listing, symbol: &'a Symbol) -> impl Iterator<Item = Question<'a>> {
    let Symbol { address, size, .. } = *symbol;
    let end = address.wrapping_add(size);
    let is_padded = size > 0 && end < listing.next(address);
    let addresses = [
        Some((Which::Start, address)),
        address
            .checked_sub(1)
            .map(|address| (Which::Before, address)),
        (size > 1).then_some((Which::Inner, address.wrapping_add(size / 2))),
        is_padded.then_some((Which::Padding, end)),
    ];
    let addresses = addresses.into_iter().flatten();
    addresses.map(move |(which, address)| Question {
        symbol,
        which,
        address,
    })
}

/// The addresses as the module takes them.
pub fn words(questions: &[Question]) -> Vec<u8> {
    let words = questions
        .iter()
        .map(|question| question.address.to_le_bytes());
    words.flatten().collect()
}
