// SPDX-License-Identifier: GPL-2.0

//! The symbols of the core kernel and of what is built into it.

use crate::{
    checkpoints::Checkpoints,
    core_tables::NameTables,
    format::{
        ranges::ModuleTables,
        sizes::SizeTables,
        symbols::{SymbolError, SymbolNames},
        tokens::Tokens,
        walk::{Places, Tables, Walk},
    },
    rodata,
    series::{token_room, Addresses},
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
    /// The offsets of lines, and those of lines without addresses and sizes.
    checkpoints: Checkpoints,
    checkpoints_of_zeros: Checkpoints,
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
            pr_err!("symbol tables refused: {}\n", format_args!("{error}"));
            EINVAL
        };
        let tables = NameTables::new().map_err(misplaced)?;
        let addresses = Addresses::new(tables.len).map_err(misplaced)?;
        // Never freed, like the tables: this is done once, while the kernel starts.
        let room = KBox::leak(token_room()?);
        let tokens = Tokens::new(tables.token_table, tables.token_index, room).map_err(damaged)?;
        let names = SymbolNames::new(tables.stream, tables.markers, tables.len, &tokens);
        Ok(Self {
            names: names.map_err(damaged)?,
            tokens,
            addresses,
            modules: module_tables(),
            sizes: size_tables(tables.len),
            checkpoints: Checkpoints::new(tables.len)?,
            checkpoints_of_zeros: Checkpoints::new(tables.len)?,
        })
    }

    /// The number of symbols.
    pub(crate) fn len(&self) -> u32 {
        self.names.len()
    }

    /// Which modules each is in.
    pub(crate) fn modules(&self) -> &ModuleTables<'static> {
        &self.modules
    }

    /// The sizes; `None` if they are not stored, or were refused.
    #[cfg(CONFIG_KALLMODSYMS_SIZES)]
    pub(crate) fn sizes(&self) -> Option<&SizeTables<'static>> {
        self.sizes.as_ref()
    }

    /// The address of symbol number `index` and its stored size in bytes; `None` if there is no such
    /// symbol, or sizes are not stored.
    pub(crate) fn extent(&self, index: u32) -> Option<(usize, usize)> {
        let sizes = self.sizes.as_ref()?;
        let place = self.addresses.get(index)?;
        let gap = self.addresses.gap(place, index).unwrap_or(0);
        Some((place.address, sizes.size(index, gap as u64) as usize))
    }

    /// Everything there is about the symbols.
    fn tables(&self) -> Tables<'_, 'static, Addresses> {
        Tables {
            names: &self.names,
            tokens: &self.tokens,
            places: &self.addresses,
            modules: &self.modules,
            sizes: self.sizes.as_ref(),
        }
    }

    /// A walk from the first symbol on, in a box: the stack has not much room for it.
    pub(crate) fn walk(&self) -> Result<KBox<Walk<'static>>> {
        Ok(KBox::new(Walk::new(&self.tables(), 0), GFP_KERNEL_ACCOUNT)?)
    }

    /// Makes symbol number `index` the next one of `walk`. Does not sleep.
    pub(crate) fn go_to(&self, walk: &mut Walk<'static>, index: u32) {
        walk.go_to(&self.tables(), index);
    }

    /// Writes the lines of the next symbols of `walk` to the beginning of `buf`; see
    /// [`Walk::lines`]. Does not sleep.
    pub(crate) fn lines(
        &self,
        walk: &mut Walk<'static>,
        buf: &mut [u8],
        wanted: usize,
        show_values: bool,
    ) -> usize {
        walk.lines(&self.tables(), buf, wanted, show_values)
    }

    /// The offsets of lines, where values are shown or where they are not.
    pub(crate) fn checkpoints(&self, show_values: bool) -> &Checkpoints {
        if show_values {
            &self.checkpoints
        } else {
            &self.checkpoints_of_zeros
        }
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
        pr_err!(
            "module tables refused: {}; {}\n",
            format_args!("{error}"),
            CONSEQUENCE
        );
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
