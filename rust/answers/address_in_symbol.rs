// SPDX-License-Identifier: GPL-2.0

//! The place of an address in a symbol.

/// The place of an address in a symbol, and the size of the symbol.
pub(super) struct AddressInSymbol {
    /// The size of the symbol in bytes.
    pub(super) symbol_size: usize,
    /// The number of bytes from the start of the symbol to the address. It is less than
    /// `symbol_size`.
    pub(super) offset: usize,
}
