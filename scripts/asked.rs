// SPDX-License-Identifier: GPL-2.0

//! A symbol whose owner is asked for, among the symbols at its address, and which of the definitions in
//! objects it is.

use crate::elf::Symbol;
use crate::objects::SetId;

/// A symbol whose owner is asked for.
pub(crate) struct Asked<'a> {
    pub(crate) symbol: &'a Symbol<'a>,
    /// All symbols at its address, and its place among them.
    pub(crate) group: &'a [Symbol<'a>],
    pub(crate) index: usize,
}

/// A definition that may be the symbol.
#[derive(Clone, Copy)]
pub(crate) struct Defined {
    /// The modules of its object; `None` if they are not known.
    pub(crate) set: Option<SetId>,
    /// Whether other objects see it.
    pub(crate) is_global: bool,
    /// Where its object is in the order of the link, if that is known.
    pub(crate) place: Option<usize>,
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

    /// How many of `definers` are symbols like this one for sure: a local one may be of a definition that
    /// is global in its object, but then that has no other symbol.
    pub(crate) fn sure(&self, definers: &[Defined]) -> usize {
        let may_be_local = self.symbol.nature.may_be_local();
        let sure = definers
            .iter()
            .filter(|defined| !(may_be_local && defined.is_global));
        sure.count()
    }

    /// The one of `definers` that this symbol is of, or one of the same modules. They define symbols of its
    /// name at its address, of which the image has those in link order.
    pub(crate) fn one_of(&self, mut definers: Vec<Defined>) -> Option<Defined> {
        // Those that are local in their objects are all there is, as a rule.
        let locals = definers.iter().filter(|defined| !defined.is_global);
        if self.symbol.nature.may_be_local() && locals.count() == self.namesakes() {
            definers.retain(|defined| !defined.is_global);
        }
        let first = *definers.first()?;
        if definers.iter().all(|defined| defined.set == first.set) {
            return Some(first);
        }
        definers.sort_by_key(|defined| defined.place);
        // Local symbols are before those that became local, whatever their order in the link.
        let is_ordered = definers
            .iter()
            .all(|defined| defined.place.is_some() && defined.is_global == first.is_global);
        let nth = definers.get(self.nth());
        nth.copied()
            .filter(|_| is_ordered && definers.len() == self.namesakes())
    }

    fn count(&self, symbols: &[Symbol<'_>]) -> usize {
        let asked = self.symbol;
        let alike = |other: &&Symbol<'_>| {
            other.name == asked.name && other.size == asked.size && other.nature == asked.nature
        };
        symbols.iter().filter(alike).count()
    }
}
