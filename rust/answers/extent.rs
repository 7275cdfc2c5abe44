// SPDX-License-Identifier: GPL-2.0

//! The place of an address in a symbol.

/// The size of a symbol, and the place of an address in it.
pub(super) struct Extent {
    /// The size in bytes.
    pub(super) size: usize,
    /// The number of bytes from the start of the symbol to the address. It is less than `size`.
    pub(super) offset: usize,
}
