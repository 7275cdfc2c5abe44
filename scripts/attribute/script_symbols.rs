// SPDX-License-Identifier: GPL-2.0

//! The symbols that the linker script defines. These symbols are in no module, even if another symbol at the
//! same address is in a module.

use crate::common::hash::{FastMap, FastSet};
use crate::read::elf::Symbol;
use crate::read::map::LinkMap;

/// The symbols that the linker script defines.
pub(super) struct ScriptSymbols<'a> {
    by_place: FastSet<(u64, &'a [u8])>,
    by_name: FastSet<&'a [u8]>,
    /// By name of a script symbol with a target: the target. The script makes both symbols equal.
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
    /// A symbol with a size counts as a symbol of an object file. Without a size, a global symbol with the name
    /// of a script symbol is that script symbol. A local symbol may be from an object file, so its address
    /// decides. But LLD's map does not have the address of a symbol that the script makes equal to a target.
    /// Such a symbol is local if it is hidden, as the names for the early code of arm64 are. It is then in the
    /// same `group` as its target.
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
