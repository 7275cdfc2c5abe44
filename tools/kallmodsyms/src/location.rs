// SPDX-License-Identifier: GPL-2.0

//! The location of an address: the name that the kernel prints for it, and its modules.

use std::fmt;

use crate::symbol::{Symbol, IMAGE};
use crate::symbols::Symbols;

/// In a saved listing, fewer bytes than this behind a symbol count as padding.
const PADDING: u64 = 0x1000;

/// An address in a symbol, or in the padding behind a symbol. Made by [`Symbols::location`].
///
/// Its text has the form of a kernel message: `ext4_fill_super+0xc1/0x2b22 [ext4]`.
#[derive(Clone, Copy, Debug)]
pub struct Location<'k> {
    pub(crate) address: u64,
    pub(crate) offset: u64,
    /// The symbol that the kernel prints for the address, with the modules of the address. If the symbol has no
    /// size, `size` is the distance to the next symbol.
    pub(crate) symbol: Symbol<'k>,
}

impl<'k> Location<'k> {
    /// The location of `address` among `symbols`.
    pub(crate) fn of(symbols: &Symbols<'k>, address: u64) -> Option<Self> {
        let (start, here) = symbols.below(address)?;
        if (start ^ address) & IMAGE != 0 {
            return None;
        }
        let mut symbol = *here.clone().next()?;
        let offset = address.wrapping_sub(start);
        let around = symbols.containing(address);
        // Bytes behind the last symbol are no padding: they have no location.
        symbol.size = match (symbol.size, symbols.distance(&symbol)) {
            (0, distance) => distance?,
            (_, None) if around.is_none() => return None,
            (size, _) => size,
        };
        let of_image = || symbols.kernel()?.padding_modules(address);
        symbol.modules = match around.map(|around| around.modules).or_else(of_image) {
            Some(modules) => modules,
            None => padding_in_listing(here, offset)?,
        };
        Some(Self {
            address,
            offset,
            symbol,
        })
    }

    /// The name of the symbol.
    pub fn name(&self) -> &'k [u8] {
        self.symbol.name
    }

    /// The number of bytes from the start of the symbol to the address. In padding, it is not less than the
    /// size.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The size of the symbol in bytes; the distance to the next symbol if the symbol has no size.
    pub fn size(&self) -> u64 {
        self.symbol.size
    }

    /// The modules of the address; none if the address is in no module.
    pub fn module_names(&self) -> impl Iterator<Item = &'k [u8]> {
        self.symbol.module_names()
    }
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Symbol { name, size, .. } = self.symbol;
        let name = String::from_utf8_lossy(name);
        write!(f, "{name}+{:#x}/{size:#x}", self.offset)?;
        match self.symbol.modules {
            b"" => Ok(()),
            modules => write!(f, " {}", String::from_utf8_lossy(modules)),
        }
    }
}

/// The modules of padding in a saved listing. `here` are the symbols before the padding, and `offset` is the
/// number of bytes from their start to the address. The padding counts as a part of the object file of the
/// largest symbol. If no symbol has a size, and their modules differ, the result has no module. `None` if the
/// address is too far behind the symbols for padding.
fn padding_in_listing<'s, 'k: 's>(
    here: impl Iterator<Item = &'s Symbol<'k>> + Clone,
    offset: u64,
) -> Option<&'k [u8]> {
    let largest = here.clone().max_by_key(|symbol| symbol.size)?;
    if offset.saturating_sub(largest.size) >= PADDING {
        return None;
    }
    let mut here = here;
    let is_agreed = here.all(|symbol| symbol.modules == largest.modules);
    Some(match largest.size > 0 || is_agreed {
        true => largest.modules,
        false => b"",
    })
}
