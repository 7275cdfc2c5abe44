// SPDX-License-Identifier: GPL-2.0

//! The symbols that the linker script defines. They have the address of something else, and are in no
//! module.

use crate::elf::Symbol;
use crate::hash::{FastMap, FastSet};
use crate::map::LinkMap;

/// The symbols that the linker script defines.
pub(crate) struct ScriptSymbols<'a> {
    by_place: FastSet<(u64, &'a [u8])>,
    by_name: FastSet<&'a [u8]>,
    /// What each is made equal to.
    targets: FastMap<&'a [u8], &'a [u8]>,
}

impl<'a> ScriptSymbols<'a> {
    pub(crate) fn of(map: &LinkMap<'a>) -> Self {
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

    /// Whether `symbol` is one of them; `group` are all symbols at its address. A local symbol of an
    /// object may have the name of one, and is elsewhere. A global one may not, and LLD's map has no
    /// address for what the script makes equal to another symbol. Such a symbol is local if it is
    /// hidden, as arm64's names for early code are; but it is where the other is.
    pub(crate) fn has(&self, symbol: &Symbol<'_>, group: &[Symbol<'_>]) -> bool {
        let is_equal = || {
            let target = self.targets.get(symbol.name);
            target.is_some_and(|target| group.iter().any(|other| other.name == *target))
        };
        symbol.size == 0
            && (symbol.nature.is_global && self.by_name.contains(symbol.name)
                || self.by_place.contains(&(symbol.value, symbol.name))
                || is_equal())
    }
}
