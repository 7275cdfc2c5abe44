// SPDX-License-Identifier: GPL-2.0

//! The core symbols sorted by name, to find the symbols of a name.
//!
//! scripts/kallsyms.c writes one row for each symbol: the number of the symbol in three bytes,
//! highest byte first. The rows are sorted by the names of their symbols. Symbols of equal names
//! are in the order of their numbers.

use core::cmp::Ordering;

use super::{symbols::SymbolNames, tokens::Tokens};

/// The number of a symbol, highest byte first.
pub type Row = [u8; 3];

/// The core symbols sorted by name.
///
/// Decoding relies on no order: wrong rows give wrong symbols or none, and never a panic.
#[derive(Clone, Copy)]
pub struct SortedNames<'a> {
    /// A row for each symbol.
    pub rows: &'a [Row],
    /// The names of the symbols.
    pub names: SymbolNames<'a>,
    /// The tokens of the names.
    pub tokens: Tokens<'a>,
}

impl<'a> SortedNames<'a> {
    /// The numbers of the symbols of this name, in ascending order.
    ///
    /// The call decodes a logarithmic number of names. The iterator decodes the name of each symbol
    /// that it returns, and of one more. Both may be used in any context.
    pub fn symbols<'n>(self, name: &'n [u8]) -> impl Iterator<Item = u32> + use<'a, 'n> {
        let first = self
            .rows
            .partition_point(|&row| self.compare(row, name).is_lt());
        let rows = self.rows.get(first..).unwrap_or_default().iter();
        rows.take_while(move |&&row| self.compare(row, name).is_eq())
            .map(|&row| number(row))
    }

    /// Compares the name of a row's symbol with `name`. A symbol that does not exist is greater
    /// than any name.
    fn compare(&self, row: Row, name: &[u8]) -> Ordering {
        match self.names.starting_at(number(row)).next() {
            Some(entry) => entry.compare_name(&self.tokens, name),
            None => Ordering::Greater,
        }
    }
}

/// The number in a row.
fn number([high, middle, low]: Row) -> u32 {
    u32::from_be_bytes([0, high, middle, low])
}
