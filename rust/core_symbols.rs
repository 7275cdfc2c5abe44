// SPDX-License-Identifier: GPL-2.0

//! The symbols of the core kernel and of what is built into it.

use crate::{
    format::{
        names::ModuleNames,
        ranges::{ModuleTables, RangeHint},
        sizes::{SizeCursor, SizeTables},
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
    /// `None` if sizes are not stored.
    sizes: Option<SizeTables<'static>>,
}

/// One core symbol.
pub(crate) struct CoreSymbol {
    /// The address, as /proc/kallsyms shows it.
    pub(crate) address: usize,
    /// Bytes, 0 if it has no size. Where sizes are not stored, the bytes up to the next symbol that
    /// has a higher address.
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
    /// The last address of which the gap was computed, and that gap. Symbols of one address follow
    /// each other, sometimes hundreds of them, and have the next higher address in common.
    gap: Option<(usize, Option<usize>)>,
    /// Where the size of the next symbol is, if sizes are stored.
    sizes: SizeCursor,
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
            sizes: size_tables(tables.len),
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

    /// Which modules each is in.
    pub(crate) fn modules(&self) -> &ModuleTables<'static> {
        &self.modules
    }

    /// The sizes; `None` if they are not stored, or were refused.
    #[cfg(CONFIG_KALLMODSYMS_SIZES)]
    pub(crate) fn sizes(&self) -> Option<SizeTables<'static>> {
        self.sizes
    }

    /// A walk that begins with symbol number `index`.
    pub(crate) fn cursor(&self, index: u32) -> CoreCursor {
        CoreCursor {
            index,
            names: self.names.starting_at(index),
            sizes: self
                .sizes
                .map_or_else(SizeCursor::default, |sizes| sizes.cursor(index)),
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
        let gap = match cursor.gap {
            Some((address, gap)) if address == place.address => gap,
            _ => {
                let gap = self.gap(place, cursor.index);
                cursor.gap = Some((place.address, gap));
                gap
            }
        };
        match &self.sizes {
            Some(sizes) => sizes.next(&mut cursor.sizes, gap.unwrap_or(0) as u64) as usize,
            None => gap.unwrap_or_else(|| rest(place)),
        }
    }

    /// The bytes from `place`, where symbol number `index` is, to the next symbol at a higher
    /// address; `None` for the last symbols of the per-cpu area and of the image.
    fn gap(&self, place: Place, index: u32) -> Option<usize> {
        let mut next = index;
        loop {
            next = next.wrapping_add(1);
            let other = self.addresses.get(next)?;
            if other.percpu != place.percpu {
                return None;
            }
            if other.address > place.address {
                return Some(other.address.wrapping_sub(place.address));
            }
        }
    }
}

/// The bytes from `place`, where the last symbols are, to the end of its section, as in
/// get_symbol_pos() of kernel/kallsyms.c. The per-cpu area ends with a symbol that says so: 0.
fn rest(place: Place) -> usize {
    if place.percpu {
        return 0;
    }
    section_end(place.address).saturating_sub(place.address)
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

/// The sizes; none, after a message, if the tables of this kernel do not pass the checks.
#[cfg(CONFIG_KALLMODSYMS_SIZES)]
fn size_tables(symbols: u32) -> Option<SizeTables<'static>> {
    const CONSEQUENCE: &str = "sizes are distances to the next symbol";
    let Ok(raw) = rodata::size_tables(symbols) else {
        pr_err!(
            "size tables refused: not in the read-only data; {}\n",
            CONSEQUENCE
        );
        return None;
    };
    let refused = |error| pr_err!("size tables refused: {}; {}\n", error, CONSEQUENCE);
    SizeTables::new(raw, symbols).map_err(refused).ok()
}

/// Sizes are not stored.
#[cfg(not(CONFIG_KALLMODSYMS_SIZES))]
fn size_tables(_: u32) -> Option<SizeTables<'static>> {
    None
}
