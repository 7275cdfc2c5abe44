// SPDX-License-Identifier: GPL-2.0

//! The symbols of a file by address, to be found by address and name.

use std::cmp::Reverse;

use crate::elf::{Entry, Names, Symbol};

/// A walk over the symbols of a file by address, and at one address by size, the largest first. Symbols
/// of one size keep the order of the file, which is the order of the link.
///
/// Names are all over the table of names, and memory takes longer to bring one than all else here
/// does. So they are compared in place, and [looked at](AHEAD) ahead of the walk.
pub(crate) struct ByAddress<'t> {
    names: &'t Names,
    /// Sorted by address, and from the address of the walk on as it goes.
    entries: Vec<Entry>,
    /// The symbols at the address of the walk that no name has been matched with yet are those from
    /// `here` to `next`.
    here: usize,
    /// Index of the first symbol at a higher address.
    next: usize,
    /// Index of the first symbol whose name was not looked at yet.
    ahead: usize,
}

/// How many names are looked at together. Memory brings several at once where nothing else is done
/// in between.
const AHEAD: usize = 256;

impl<'t> ByAddress<'t> {
    /// A walk over `entries`, before the first address.
    pub(crate) fn new(mut entries: Vec<Entry>, names: &'t Names) -> Self {
        entries.sort_unstable_by_key(|entry| entry.value);
        Self {
            names,
            entries,
            here: 0,
            next: 0,
            ahead: 0,
        }
    }

    /// No fewer than there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Goes on to the next address; `false` if there is none.
    pub(crate) fn advance(&mut self) -> bool {
        self.here = self.next;
        let rest = self.entries.get_mut(self.here..).unwrap_or_default();
        let Some(first) = rest.first() else {
            return false;
        };
        let address = first.value;
        let others = rest.iter().skip(1);
        let count = 1 + others.take_while(|entry| entry.value == address).count();
        self.next += count;
        if count > 1 {
            let here = rest.get_mut(..count).unwrap_or_default();
            here.sort_unstable_by_key(|entry| (Reverse(entry.size), entry.index));
        }
        if self.next > self.ahead {
            let ahead = self.entries.get(self.ahead..).unwrap_or_default();
            let ahead = ahead.get(..AHEAD).unwrap_or(ahead);
            self.names.look_at(ahead);
            self.ahead += AHEAD;
        }
        true
    }

    /// The address of the symbols that are left here; `None` if none is.
    pub(crate) fn address(&self) -> Option<u64> {
        let here = self.entries.get(self.here..self.next)?;
        here.first().map(|entry| entry.value)
    }

    /// Takes the first symbol here of the given name that nm shows with `letter`, or else the first of
    /// that name: the letter of some is not nm's, as x86_64's per-cpu symbols are absolute to kallsyms.
    pub(crate) fn take(&mut self, name: &[u8], letter: u8) -> Option<Symbol<'t>> {
        let here = self.entries.get_mut(self.here..self.next)?;
        let mut named = here.iter().enumerate().filter_map(|(index, entry)| {
            let symbol = self.names.symbol(entry, name)?;
            Some((index, symbol))
        });
        let first = named.next()?;
        let (index, symbol) = match is_letter_of(letter, &first.1) {
            true => first,
            false => named
                .find(|(_, symbol)| is_letter_of(letter, symbol))
                .unwrap_or(first),
        };
        if index != 0 {
            // Those before it are left.
            here.get_mut(..=index)?.rotate_right(1);
        }
        self.here += 1;
        Some(symbol)
    }
}

/// Whether nm's `letter` is one of symbols that are as global, or local, as `symbol` is: a capital, but
/// for weak and unique ones.
fn is_letter_of(letter: u8, symbol: &Symbol<'_>) -> bool {
    let is_global = letter.is_ascii_uppercase() || matches!(letter, b'u' | b'v' | b'w');
    symbol.nature.is_global == is_global
}
