// SPDX-License-Identifier: GPL-2.0

//! The symbols of the core kernel and of what is built into it.

use crate::{
    format::{
        names::ModuleNames,
        ranges::{ModuleTables, RangeHint},
        symbols::{Entries, Entry, SymbolError, SymbolNames, Tokens},
    },
    rodata,
    series::{section_end, zeroed_words, Addresses, NameTables, Place},
};
use kernel::prelude::*;

/// All core symbols, with their tables checked.
pub(crate) struct CoreSymbols {
    names: SymbolNames<'static>,
    tokens: Tokens<'static>,
    addresses: Addresses,
    modules: ModuleTables<'static>,
}

/// One core symbol.
pub(crate) struct CoreSymbol {
    /// The address, as /proc/kallsyms shows it.
    pub(crate) address: usize,
    /// Bytes up to the next symbol that has a higher address.
    pub(crate) size: usize,
    /// The letter of the type.
    pub(crate) kind: u8,
    /// The name, to be expanded with [`CoreSymbols::tokens`].
    pub(crate) name: Entry<'static>,
    /// The modules it is in.
    pub(crate) modules: ModuleNames<'static>,
}

/// Where a walk over the core symbols is.
#[derive(Default)]
pub(crate) struct CoreCursor {
    /// Number of the next symbol.
    index: u32,
    /// Its name and the ones after it.
    names: Entries<'static>,
    /// Where the module of the last symbol was found.
    hint: RangeHint,
    /// The last address of which the size was computed, and that size. Symbols of one address
    /// follow each other, sometimes hundreds of them, and have the next higher address in common.
    sized: Option<(usize, usize)>,
}

impl CoreSymbols {
    /// Finds and checks all tables. Takes time linear in their size; to be called once.
    ///
    /// Module tables that do not pass are refused with a kernel message, and the symbols are then
    /// in no module. Fails with `EINVAL`, and a message, if one of the kernel's own tables does not
    /// pass.
    pub(crate) fn new() -> Result<Self> {
        let misplaced = |error: Error| {
            pr_err!("symbol tables refused: not in the read-only data\n");
            error
        };
        let damaged = |error: SymbolError| {
            pr_err!("symbol tables refused: {}\n", error);
            EINVAL
        };
        let tables = NameTables::new().map_err(misplaced)?;
        let addresses = Addresses::new(tables.len).map_err(misplaced)?;
        // Never freed, like the tables: this is done once, while the kernel starts.
        let words = KBox::leak(zeroed_words()?);
        let tokens = Tokens::new(tables.token_table, tables.token_index, words).map_err(damaged)?;
        let names = SymbolNames::new(tables.stream, tables.markers, tables.len, &tokens);
        Ok(Self {
            names: names.map_err(damaged)?,
            tokens,
            addresses,
            modules: module_tables(),
        })
    }

    /// The number of symbols.
    pub(crate) fn len(&self) -> u32 {
        self.names.len()
    }

    /// What expands the names.
    pub(crate) fn tokens(&self) -> &Tokens<'static> {
        &self.tokens
    }

    /// A walk that begins with symbol number `index`.
    pub(crate) fn cursor(&self, index: u32) -> CoreCursor {
        CoreCursor {
            index,
            names: self.names.from_index(index),
            ..CoreCursor::default()
        }
    }

    /// The next symbol of the walk; `None` at the end. May be called from any context.
    #[inline]
    pub(crate) fn next(&self, cursor: &mut CoreCursor) -> Option<CoreSymbol> {
        let symbol = cursor.index;
        let place = self.addresses.get(symbol)?;
        let name = cursor.names.next()?;
        let size = self.size(place, cursor);
        cursor.index = symbol.wrapping_add(1);
        Some(CoreSymbol {
            address: place.address,
            size,
            kind: self.tokens.first_byte(*name.tokens().first()?),
            name,
            modules: self
                .modules
                .of_symbol(symbol, place.offset, &mut cursor.hint),
        })
    }

    /// The size of the symbol at `cursor`, which is at `place`.
    #[inline]
    fn size(&self, place: Place, cursor: &mut CoreCursor) -> usize {
        match cursor.sized {
            Some((address, size)) if address == place.address => size,
            _ => {
                let size = self.distance(place, cursor.index);
                cursor.sized = Some((place.address, size));
                size
            }
        }
    }

    /// The bytes from `place`, where symbol number `index` is, to the next symbol at a higher
    /// address.
    ///
    /// At the end of the image that is the end of its section, as in get_symbol_pos() of
    /// kernel/kallsyms.c. At the end of the per-cpu area, which ends with a symbol that says so, it
    /// is 0.
    fn distance(&self, place: Place, index: u32) -> usize {
        let mut next = index;
        loop {
            next = next.wrapping_add(1);
            match self.addresses.get(next) {
                Some(other) if other.percpu != place.percpu => return 0,
                Some(other) if other.address > place.address => {
                    return other.address.wrapping_sub(place.address);
                }
                Some(_) => {}
                None if place.percpu => return 0,
                None => return section_end(place.address).saturating_sub(place.address),
            }
        }
    }
}

impl CoreCursor {
    /// The number of the symbol that comes next.
    pub(crate) fn index(&self) -> u32 {
        self.index
    }
}

/// The module tables; empty ones, after a message, if those of this kernel do not pass the checks.
fn module_tables() -> ModuleTables<'static> {
    const CONSEQUENCE: &str = "no modules are shown for built-in symbols";
    let Ok(raw) = rodata::module_tables() else {
        pr_err!(
            "module tables refused: not in the read-only data; {}\n",
            CONSEQUENCE
        );
        return ModuleTables::empty();
    };
    ModuleTables::new(raw).unwrap_or_else(|error| {
        pr_err!("module tables refused: {}; {}\n", error, CONSEQUENCE);
        ModuleTables::empty()
    })
}
