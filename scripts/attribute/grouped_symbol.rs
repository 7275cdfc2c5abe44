// SPDX-License-Identifier: GPL-2.0

//! A symbol and the other symbols at its address, and the choice among the definitions that the symbol may
//! come from.

use super::definer::Definer;
use crate::read::elf::Symbol;

/// A symbol, and the group of all symbols at its address.
pub(super) struct GroupedSymbol<'a> {
    pub(super) symbol: &'a Symbol<'a>,
    /// All symbols at the address, in the order of the listing.
    pub(super) group: &'a [Symbol<'a>],
    /// The symbols of the group before `symbol`.
    pub(super) before: &'a [Symbol<'a>],
}

/// A definition in an object file that may be the definition of a symbol.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    /// The object file and its modules.
    pub(super) definer: Definer,
    /// Other object files can refer to the definition.
    pub(super) is_global: bool,
    /// The index of the object file in the order of the link; `None` if it is not known.
    pub(super) link_index: Option<usize>,
}

impl GroupedSymbol<'_> {
    /// The number of symbols in the group with the same name, size and linkage as this symbol, which counts
    /// too.
    fn namesakes(&self) -> usize {
        self.count_in(self.group)
    }

    /// The number of definitions that the symbols of this name, size and linkage at the address come from.
    /// The image has a symbol for each local definition. `None` for a global symbol: the image has one symbol
    /// for all global definitions of a name.
    pub(super) fn definitions(&self) -> Option<usize> {
        (!self.symbol.linkage.is_global).then(|| self.namesakes())
    }

    /// The number of `candidates` that certainly have a symbol of this name, size and linkage in the image.
    /// If this symbol may be local in its object file, global candidates do not count: the symbol of a global
    /// candidate may be global in the image.
    pub(super) fn certain(&self, candidates: &[Candidate]) -> usize {
        let may_be_local = self.symbol.linkage.may_be_local();
        let certain = candidates
            .iter()
            .filter(|candidate| !(may_be_local && candidate.is_global));
        certain.count()
    }

    /// The definition of this symbol among `candidates`, or a definition with an equal definer. `None` if
    /// candidates with different definers cannot be told apart. All candidates define the name of this symbol at
    /// the address of this symbol. The image has the symbols of the candidates in the order of the link.
    pub(super) fn choose(&self, mut candidates: Vec<Candidate>) -> Option<Candidate> {
        // Usually the definitions that are local in their object files account for all symbols.
        let locals = candidates.iter().filter(|candidate| !candidate.is_global);
        if self.symbol.linkage.may_be_local() && locals.count() == self.namesakes() {
            candidates.retain(|candidate| !candidate.is_global);
        }
        let first = *candidates.first()?;
        if candidates
            .iter()
            .all(|candidate| candidate.definer == first.definer)
        {
            return Some(first);
        }
        candidates.sort_by_key(|candidate| candidate.link_index);
        // In the image, symbols that are local in their object files come before symbols that the linker
        // made local, whatever the order of the object files in the link.
        let is_ordered = candidates.iter().all(|candidate| {
            candidate.link_index.is_some() && candidate.is_global == first.is_global
        });
        let nth = candidates.get(self.count_in(self.before)).copied();
        nth.filter(|_| is_ordered && candidates.len() == self.namesakes())
    }

    fn count_in(&self, symbols: &[Symbol<'_>]) -> usize {
        let own = self.symbol;
        let is_namesake = |other: &&Symbol<'_>| {
            other.name == own.name && other.size == own.size && other.linkage == own.linkage
        };
        symbols.iter().filter(is_namesake).count()
    }
}
