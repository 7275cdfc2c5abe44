// SPDX-License-Identifier: GPL-2.0

//! A symbol whose owner is asked for, among the symbols at its address.

use crate::elf::Symbol;

/// A symbol whose owner is asked for.
pub(crate) struct Asked<'a> {
    pub(crate) symbol: &'a Symbol<'a>,
    /// All symbols at its address, and its place among them.
    pub(crate) group: &'a [Symbol<'a>],
    pub(crate) index: usize,
}

impl Asked<'_> {
    /// How many symbols of its name, size and nature are at its address.
    pub(crate) fn namesakes(&self) -> usize {
        self.count(self.group)
    }

    /// How many of these are before it.
    pub(crate) fn nth(&self) -> usize {
        self.count(self.group.get(..self.index).unwrap_or_default())
    }

    /// How many objects' definitions of its name, size and nature are at its address, if the symbols
    /// tell: each local one is kept in the image. Of a global one there is one symbol, whoever else
    /// defines it.
    pub(crate) fn definitions(&self) -> Option<usize> {
        (!self.symbol.nature.is_global).then(|| self.namesakes())
    }

    fn count(&self, symbols: &[Symbol<'_>]) -> usize {
        let asked = self.symbol;
        let alike = |other: &&Symbol<'_>| {
            other.name == asked.name && other.size == asked.size && other.nature == asked.nature
        };
        symbols.iter().filter(alike).count()
    }
}
