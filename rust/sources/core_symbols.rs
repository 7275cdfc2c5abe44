// SPDX-License-Identifier: GPL-2.0

//! The symbols of the core kernel and of the built-in modules.

use super::{
    core_addresses::CoreAddresses,
    linked_tables,
    stored_objects::{object_tables, StoredObjects},
};
#[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
use crate::format::object_paths::ObjectPath;
use crate::{
    abstractions::zeroed_box,
    format::{
        addresses::Places,
        names::ModuleNames,
        ranges::{ModuleTables, RangeHint},
        sizes::SizeTables,
        sorted_names::{Row, SortedNames},
        symbols::{SymbolError, SymbolNames},
        tokens::Tokens,
        walk::{self, Tables},
    },
};
use kernel::prelude::*;

/// A walk over the core symbols.
pub(crate) type Walk = walk::Walk<'static, StoredObjects>;

/// The tables of all core symbols, checked.
pub(crate) struct CoreSymbols {
    names: SymbolNames<'static>,
    tokens: Tokens<'static>,
    sorted_names: &'static [Row],
    addresses: CoreAddresses,
    modules: ModuleTables<'static>,
    /// `None` if sizes are not stored, or if the size tables were refused.
    sizes: Option<SizeTables<'static>>,
    objects: StoredObjects,
}

impl CoreSymbols {
    /// Finds and checks all tables. The time is linear in the length of the tables; call this once.
    ///
    /// If the module tables do not pass the checks, prints a kernel message, and all symbols are in
    /// no module. If the size tables do not pass the checks, prints a kernel message, and no size
    /// is known. If the tables of object files do not pass the checks, prints a kernel message, and
    /// no object file is known. If a table of kallsyms does not pass the checks, prints a kernel
    /// message and fails with `EINVAL`. Fails with `ENOMEM` if memory is short.
    pub(crate) fn new() -> Result<Self> {
        let misplaced = |error: Error| {
            pr_err!("symbol tables refused: not in the read-only data\n");
            error
        };
        let damaged = |error: SymbolError| {
            pr_err!("symbol tables refused: {}\n", format_args!("{error}"));
            EINVAL
        };
        let len = linked_tables::symbol_count();
        let tables = linked_tables::name_tables().map_err(misplaced)?;
        let addresses = CoreAddresses::new(len).map_err(misplaced)?;
        // Never freed, like the tables.
        let words = KBox::leak(zeroed_box()?);
        let tokens = Tokens::new(tables.token_table, tables.token_index, words).map_err(damaged)?;
        let names = SymbolNames::new(tables.names, tables.markers, len, &tokens);
        Ok(Self {
            names: names.map_err(damaged)?,
            tokens,
            sorted_names: linked_tables::sorted_names(len).map_err(misplaced)?,
            addresses,
            modules: module_tables(),
            sizes: size_tables(len),
            objects: object_tables(len)?,
        })
    }

    /// The number of symbols.
    pub(crate) fn len(&self) -> u32 {
        self.names.len()
    }

    /// The numbers of the symbols called `name`, in ascending order. May be called from any
    /// context.
    pub(crate) fn named<'n>(&self, name: &'n [u8]) -> impl Iterator<Item = u32> + use<'n> {
        let sorted = SortedNames {
            rows: self.sorted_names,
            names: self.names,
            tokens: self.tokens,
        };
        sorted.symbols(name)
    }

    /// The addresses of the symbols.
    pub(crate) fn addresses(&self) -> &CoreAddresses {
        &self.addresses
    }

    /// The modules of the symbols.
    pub(crate) fn modules(&self) -> &ModuleTables<'static> {
        &self.modules
    }

    /// The sizes of the symbols; `None` if the size tables were refused.
    #[cfg(CONFIG_KALLMODSYMS_SIZES)]
    pub(crate) fn sizes(&self) -> Option<&SizeTables<'static>> {
        self.sizes.as_ref()
    }

    /// The address of symbol number `index`; `None` if the kernel has no symbol of this number. May
    /// be called from any context.
    pub(crate) fn address(&self, index: u32) -> Option<usize> {
        Some(self.addresses.get(index)?.address)
    }

    /// The modules of symbol number `index`. May be called from any context.
    pub(crate) fn modules_of(&self, index: u32) -> ModuleNames<'static> {
        let Some(place) = self.addresses.get(index) else {
            return ModuleNames::none();
        };
        let hint = &mut RangeHint::default();
        self.modules.of_symbol(index, place.offset, hint)
    }

    /// The path of the object file that defines symbol number `index`; `None` if the object file
    /// is not known. May be called from any context.
    #[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
    pub(crate) fn object_of(&self, index: u32) -> Option<ObjectPath<'static>> {
        let objects = self.objects?;
        objects.path(objects.run_of(index)?.object?)
    }

    /// Return: true if the path of a known object file ends with the components `end`. May be
    /// called from any context.
    #[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
    pub(crate) fn has_object(&self, end: &[u8]) -> bool {
        self.objects.is_some_and(|objects| objects.has(end))
    }

    /// Object files are not stored.
    #[cfg(not(CONFIG_KALLMODSYMS_OBJECTS))]
    pub(crate) fn has_object(&self, _: &[u8]) -> bool {
        false
    }

    /// The address and the size in bytes of symbol number `index`; `None` if the kernel has no
    /// symbol of this number, or if sizes are not known.
    pub(crate) fn extent(&self, index: u32) -> Option<(usize, usize)> {
        let sizes = self.sizes.as_ref()?;
        let place = self.addresses.get(index)?;
        let gap = self.addresses.gap(place, index).unwrap_or(0);
        Some((place.address, sizes.size(index, gap as u64) as usize))
    }

    /// All tables, for the format code.
    fn tables(&self) -> Tables<'_, 'static, CoreAddresses, StoredObjects> {
        Tables {
            names: &self.names,
            tokens: &self.tokens,
            places: &self.addresses,
            modules: &self.modules,
            sizes: self.sizes.as_ref(),
            objects: self.objects,
        }
    }

    /// A walk that begins with the first symbol. The walk is in a box, because it is larger than 1
    /// KiB.
    pub(crate) fn walk(&self) -> Result<KBox<Walk>> {
        Ok(KBox::new(Walk::new(&self.tables(), 0), GFP_KERNEL_ACCOUNT)?)
    }

    /// Makes symbol number `index` the next symbol of `walk`. Does not sleep.
    pub(crate) fn go_to(&self, walk: &mut Walk, index: u32) {
        walk.go_to(&self.tables(), index);
    }

    /// Writes the lines of the next symbols of `walk` to the beginning of `buf`; see
    /// [`walk::Walk::lines`]. Does not sleep.
    pub(crate) fn lines(
        &self,
        walk: &mut Walk,
        buf: &mut [u8],
        wanted: usize,
        show_values: bool,
    ) -> usize {
        walk.lines(&self.tables(), buf, wanted, show_values)
    }
}

/// The module tables. If they do not pass the checks, prints a message and returns empty tables.
fn module_tables() -> ModuleTables<'static> {
    const CONSEQUENCE: &str = "no modules are shown for built-in symbols";
    let Ok(raw) = linked_tables::module_tables() else {
        pr_err!(
            "module tables refused: not in the read-only data; {}\n",
            CONSEQUENCE
        );
        return ModuleTables::empty();
    };
    ModuleTables::new(raw).unwrap_or_else(|error| {
        pr_err!(
            "module tables refused: {}; {}\n",
            format_args!("{error}"),
            CONSEQUENCE
        );
        ModuleTables::empty()
    })
}

/// The sizes of `symbols` symbols. If the tables do not pass the checks, prints a message and
/// returns `None`.
#[cfg(CONFIG_KALLMODSYMS_SIZES)]
fn size_tables(symbols: u32) -> Option<SizeTables<'static>> {
    const CONSEQUENCE: &str = "sizes are distances to the next symbol";
    let Ok(raw) = linked_tables::size_tables() else {
        pr_err!(
            "size tables refused: not in the read-only data; {}\n",
            CONSEQUENCE
        );
        return None;
    };
    let refused = |error| {
        pr_err!(
            "size tables refused: {}; {}\n",
            format_args!("{error}"),
            CONSEQUENCE
        );
    };
    SizeTables::new(raw, symbols).map_err(refused).ok()
}

/// Sizes are not stored.
#[cfg(not(CONFIG_KALLMODSYMS_SIZES))]
fn size_tables(_: u32) -> Option<SizeTables<'static>> {
    None
}
