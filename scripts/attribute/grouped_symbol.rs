// SPDX-License-Identifier: GPL-2.0

//! A symbol among the symbols at its address, and the choice of its definition among several.

use super::module_sets::SetId;
use crate::read::elf::Symbol;

/// A symbol, and all symbols at its address, which are aliases of each other.
pub(super) struct GroupedSymbol<'a> {
    pub(super) symbol: &'a Symbol<'a>,
    /// All symbols at the address.
    pub(super) group: &'a [Symbol<'a>],
    /// The symbols of the group before this one.
    pub(super) before: &'a [Symbol<'a>],
}

/// A definition in an object file that may be the definition of a symbol.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    /// The modules of the object file; `None` if they are not known.
    pub(super) set: Option<SetId>,
    /// Other object files can refer to the definition.
    pub(super) is_global: bool,
    /// The index of the object file in the order of the link; `None` if it is not known.
    pub(super) link_index: Option<usize>,
}

impl GroupedSymbol<'_> {
    /// The number of symbols in the group with the same name, size and linkage, this one included.
    fn namesakes(&self) -> usize {
        self.count_in(self.group)
    }

    /// The number of definitions with the same name, size and linkage at the address; `None` for a global
    /// symbol. The image keeps each local definition, but one global definition of several.
    pub(super) fn definitions(&self) -> Option<usize> {
        (!self.symbol.linkage.is_global).then(|| self.namesakes())
    }

    /// The number of `candidates` that have a symbol like this one in the image for certain. A local symbol
    /// may come from a definition that is global in its object file, which then has no other symbol.
    pub(super) fn certain(&self, candidates: &[Candidate]) -> usize {
        let may_be_local = self.symbol.linkage.may_be_local();
        let certain = candidates
            .iter()
            .filter(|candidate| !(may_be_local && candidate.is_global));
        certain.count()
    }

    /// The definition of this symbol among `candidates`, or a definition of the same modules. `None` if
    /// candidates of several modules cannot be told apart. All candidates define the name of this symbol at
    /// its address, and the image has their symbols in the order of the link.
    pub(super) fn choose(&self, mut candidates: Vec<Candidate>) -> Option<Candidate> {
        // Usually the definitions that are local in their object files account for all symbols.
        let locals = candidates.iter().filter(|candidate| !candidate.is_global);
        if self.symbol.linkage.may_be_local() && locals.count() == self.namesakes() {
            candidates.retain(|candidate| !candidate.is_global);
        }
        let first = *candidates.first()?;
        if candidates
            .iter()
            .all(|candidate| candidate.set == first.set)
        {
            return Some(first);
        }
        candidates.sort_by_key(|candidate| candidate.link_index);
        // Symbols that are local in their object files come before symbols that the linker made local,
        // whatever their order in the link.
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
