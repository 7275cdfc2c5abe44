// SPDX-License-Identifier: GPL-2.0

//! The symbols that the linker script defines. They are in no module, even at the address of a symbol that
//! is.

use crate::common::hash::{FastMap, FastSet};
use crate::read::elf::Symbol;
use crate::read::map::LinkMap;

/// The symbols that the linker script defines.
pub(super) struct ScriptSymbols<'a> {
    by_place: FastSet<(u64, &'a [u8])>,
    by_name: FastSet<&'a [u8]>,
    /// By name: the symbol that the script makes the symbol equal to.
    targets: FastMap<&'a [u8], &'a [u8]>,
}

impl<'a> ScriptSymbols<'a> {
    pub(super) fn of(map: &LinkMap<'a>) -> Self {
        let symbols = map.script_symbols.iter();
        Self {
            by_place: symbols
                .clone()
                .map(|symbol| (symbol.address, symbol.name))
                .collect(),
            targets: symbols
                .clone()
                .filter_map(|symbol| Some((symbol.name, symbol.target?)))
                .collect(),
            by_name: symbols.map(|symbol| symbol.name).collect(),
        }
    }

    /// Return: true if the script defines `symbol`, which is one of the symbols `group` at its address.
    ///
    /// A local symbol of an object file may have the name of a script symbol, but is at another address. A
    /// global symbol may not. If the script makes a symbol equal to another one, LLD's map has no address
    /// for it. Such a symbol is local if it is hidden, as the names for early code of arm64 are, but its
    /// target is at its address.
    pub(super) fn has(&self, symbol: &Symbol<'_>, group: &[Symbol<'_>]) -> bool {
        let is_equal = || {
            let target = self.targets.get(symbol.name);
            target.is_some_and(|target| group.iter().any(|other| other.name == *target))
        };
        symbol.size == 0
            && (symbol.linkage.is_global && self.by_name.contains(symbol.name)
                || self.by_place.contains(&(symbol.value, symbol.name))
                || is_equal())
    }
}
