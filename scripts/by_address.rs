// SPDX-License-Identifier: GPL-2.0

//! The symbols of a file by address, to be found by address and name.

use crate::elf::{Symbol, SymbolTable};

/// The symbols of a file, sorted as the listing has them: by address, at one address those of size 0
/// first and then the larger before the smaller. What is left open is in the order of the file,
/// which is that of the link.
pub(crate) struct ByAddress<'t>(Vec<Symbol<'t>>);

/// The symbols at one address that no name has been matched with yet.
#[derive(Default)]
pub(crate) struct Group<'g, 't>(&'g mut [Symbol<'t>]);

impl<'t> ByAddress<'t> {
    /// Sorts the symbols of `table`.
    pub(crate) fn new(table: &'t SymbolTable) -> Self {
        let mut symbols: Vec<Symbol<'t>> = table.defined().collect();
        // Size 0 becomes the largest number.
        symbols.sort_by_key(|symbol| {
            let size = symbol.size.wrapping_sub(1);
            (symbol.value, std::cmp::Reverse(size))
        });
        Self(symbols)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The groups of one address, in order.
    pub(crate) fn groups(&mut self) -> impl Iterator<Item = Group<'_, 't>> {
        let groups = self.0.chunk_by_mut(|one, other| one.value == other.value);
        groups.map(Group)
    }
}

impl<'t> Group<'_, 't> {
    /// The address of the symbols that are left; `None` if none is.
    pub(crate) fn address(&self) -> Option<u64> {
        self.0.first().map(|symbol| symbol.value)
    }

    /// Takes the first of the given name out.
    pub(crate) fn take(&mut self, name: &[u8]) -> Option<Symbol<'t>> {
        let index = self.0.iter().position(|symbol| symbol.name == name)?;
        self.0.get_mut(..=index)?.rotate_right(1);
        let (first, rest) = std::mem::take(&mut self.0).split_first_mut()?;
        self.0 = rest;
        Some(*first)
    }
}
