// SPDX-License-Identifier: GPL-2.0

//! The symbols of a file by address, to be found by address and name.

use std::cmp::Reverse;
use std::collections::VecDeque;

use crate::elf::{Symbol, SymbolTable};

/// A walk over the symbols of a file as the listing has them: by address, at one address those of
/// size 0 first and then the larger before the smaller. What is left open is in the order of the
/// file, which is that of the link.
pub(crate) struct ByAddress<'t> {
    table: &'t SymbolTable,
    /// The value of each symbol, and below it its index in the table, sorted.
    keys: Vec<u128>,
    /// How many of these are in `ahead`, or were.
    taken: usize,
    /// The next symbols of the walk. Their entries and names are all over the table, and memory has
    /// time to bring several at once where nothing else is done in between.
    ahead: VecDeque<Symbol<'t>>,
    /// The symbols at the address of the walk that no name has been matched with yet.
    here: VecDeque<Symbol<'t>>,
}

/// How many symbols are taken from the table at once.
const AHEAD: usize = 256;

impl<'t> ByAddress<'t> {
    /// A walk over the symbols of `table`, before the first address.
    pub(crate) fn new(table: &'t SymbolTable) -> Self {
        let key = |(index, value)| u128::from(value) << 64 | index as u128;
        let mut keys: Vec<u128> = table.values().map(key).collect();
        keys.sort_unstable();
        Self {
            table,
            keys,
            taken: 0,
            ahead: VecDeque::with_capacity(AHEAD),
            here: VecDeque::new(),
        }
    }

    /// No fewer than there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Goes on to the next address; `false` if there is none.
    pub(crate) fn advance(&mut self) -> bool {
        self.here.clear();
        while let Some(next) = self.next() {
            if self.address().is_some_and(|address| address != next.value) {
                self.ahead.push_front(next);
                break;
            }
            self.here.push_back(next);
        }
        if self.here.is_empty() {
            return false;
        }
        if self.here.len() > 1 {
            // Size 0 becomes the largest number.
            let size = |symbol: &Symbol<'_>| Reverse(symbol.size.wrapping_sub(1));
            self.here.make_contiguous().sort_by_key(size);
        }
        true
    }

    fn next(&mut self) -> Option<Symbol<'t>> {
        while self.ahead.is_empty() && self.taken < self.keys.len() {
            let keys = self.keys.iter().skip(self.taken).take(AHEAD);
            self.taken += keys.len();
            let symbols = keys.filter_map(|&key| self.table.get(key as u64 as usize));
            self.ahead.extend(symbols);
        }
        self.ahead.pop_front()
    }

    /// The address of the symbols that are left here; `None` if none is.
    pub(crate) fn address(&self) -> Option<u64> {
        self.here.front().map(|symbol| symbol.value)
    }

    /// Takes the first symbol here of the given name.
    pub(crate) fn take(&mut self, name: &[u8]) -> Option<Symbol<'t>> {
        let index = self.here.iter().position(|symbol| symbol.name == name)?;
        self.here.remove(index)
    }
}
