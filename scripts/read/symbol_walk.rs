// SPDX-License-Identifier: GPL-2.0

//! A walk over the symbols of a file by address. At each address, the walk finds symbols by name.

use std::cmp::Reverse;

use super::elf::{Entry, Symbol, SymbolNames};

/// A walk over the symbols of a file by rising address.
///
/// At one address, the largest symbol comes first. Symbols of the same size keep the order of the symbol
/// table.
///
/// The names are scattered over the table of names. Fetching a name from memory takes longer than all other
/// steps of the walk. So the walk does not copy names, and [prefetches](AHEAD) them.
pub(crate) struct SymbolWalk<'t> {
    names: &'t SymbolNames,
    /// Sorted by address. The symbols at one address are sorted when the walk gets there.
    entries: Vec<Entry>,
    /// Index of the first symbol at the current address that no caller has taken. The other symbols that
    /// no caller has taken follow, up to index `next`.
    here: usize,
    /// Index of the first symbol at a higher address.
    next: usize,
    /// Index of the first symbol whose name is not prefetched yet.
    ahead: usize,
}

/// The number of names to prefetch together. Memory fetches several names at once if the loads directly
/// follow each other.
const AHEAD: usize = 256;

impl<'t> SymbolWalk<'t> {
    /// A walk over `entries` that is before the first address.
    pub(crate) fn new(mut entries: Vec<Entry>, names: &'t SymbolNames) -> Self {
        entries.sort_unstable_by_key(|entry| entry.value);
        Self {
            names,
            entries,
            here: 0,
            next: 0,
            ahead: 0,
        }
    }

    /// The number of all symbols of the walk.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Goes on to the next address.
    ///
    /// Return: false if there is no further address.
    pub(crate) fn advance(&mut self) -> bool {
        self.here = self.next;
        let (_, remaining) = self.entries.split_at_mut(self.here);
        let Some(first) = remaining.first() else {
            return false;
        };
        let address = first.value;
        let at_address = remaining.iter().take_while(|entry| entry.value == address);
        let count = at_address.count();
        self.next += count;
        if count > 1 {
            let (here, _) = remaining.split_at_mut(count);
            here.sort_unstable_by_key(|entry| (Reverse(entry.size), entry.index));
        }
        if self.next > self.ahead {
            let end = self.entries.len().min(self.ahead + AHEAD);
            // If more than `AHEAD` symbols are at the address, this call does not prefetch all of them.
            if let Some(ahead) = self.entries.get(self.ahead..end) {
                self.names.prefetch(ahead);
            }
            self.ahead += AHEAD;
        }
        true
    }

    /// The current address; `None` if all symbols at the address were taken, or before the first call of
    /// [`advance`](Self::advance).
    pub(crate) fn address(&self) -> Option<u64> {
        let here = self.entries.get(self.here..self.next)?;
        here.first().map(|entry| entry.value)
    }

    /// Takes the first symbol at the current address that is called `name` and that nm can show with
    /// `letter`. If nm shows no symbol of that name with `letter`, takes the first symbol of that name:
    /// scripts/kallsyms gives some symbols other letters than nm, such as `A` to the per-cpu symbols of
    /// x86_64 in Linux 6.12.
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
            // No caller has taken the symbols before the found symbol yet, so move them behind it.
            here.get_mut(..=index)?.rotate_right(1);
        }
        self.here += 1;
        Some(symbol)
    }
}

/// Return: true if nm can show `symbol` with `letter`. nm shows global symbols with capital letters, except
/// for some weak and unique symbols.
fn is_letter_of(letter: u8, symbol: &Symbol<'_>) -> bool {
    let is_global = letter.is_ascii_uppercase() || matches!(letter, b'u' | b'v' | b'w');
    symbol.linkage.is_global == is_global
}
