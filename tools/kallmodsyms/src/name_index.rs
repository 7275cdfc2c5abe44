// SPDX-License-Identifier: GPL-2.0

//! The search for the symbols with a given name.

use std::collections::hash_map::{Entry, HashMap};
use std::iter::successors;

use crate::symbol::Symbol;

/// The symbols of a kernel by name. All symbols with the same name form a chain, sorted by address.
pub(crate) struct NameIndex<'k> {
    chains: HashMap<&'k [u8], Chain>,
    /// For each symbol, the index of the next symbol in the same chain.
    next: Vec<Option<u32>>,
}

/// The indices of the first and the last symbol in a chain.
struct Chain {
    first: u32,
    last: u32,
}

impl<'k> NameIndex<'k> {
    /// Makes the index of `symbols`. `sorted` has the indices of `symbols`, sorted by address. The time is
    /// linear in the number of symbols.
    pub(crate) fn of(symbols: &[Symbol<'k>], sorted: &[u32]) -> Self {
        let mut index = Self {
            chains: HashMap::with_capacity(symbols.len()),
            next: vec![None; symbols.len()],
        };
        for &number in sorted {
            let Some(symbol) = symbols.get(number as usize) else {
                continue;
            };
            match index.chains.entry(symbol.name) {
                Entry::Vacant(entry) => {
                    entry.insert(Chain {
                        first: number,
                        last: number,
                    });
                }
                Entry::Occupied(mut entry) => {
                    let last = std::mem::replace(&mut entry.get_mut().last, number);
                    if let Some(next) = index.next.get_mut(last as usize) {
                        *next = Some(number);
                    }
                }
            }
        }
        index
    }

    /// The indices of the symbols with this name, by address.
    pub(crate) fn named(&self, name: &[u8]) -> impl Iterator<Item = u32> + '_ {
        let first = self.chains.get(name).map(|chain| chain.first);
        successors(first, |&number| *self.next.get(number as usize)?)
    }
}
