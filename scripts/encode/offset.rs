// SPDX-License-Identifier: GPL-2.0

//! The form of addresses in the tables: the distance from `_text` in bytes, modulo 2^32.

/// The image may have at most this many bytes before `_text`. riscv has its first code there.
const BEFORE_TEXT: u64 = 1 << 28;

/// The number of bytes from `text` to `address`, modulo 2^32. Addresses before `_text` get offsets above
/// the image. The per-cpu symbols of x86_64 in Linux 6.12, whose addresses begin at 0, also get offsets above
/// the image.
pub(super) fn from_text(address: u64, text: u64) -> u32 {
    // The lower half of the difference is the difference modulo 2^32.
    address.wrapping_sub(text) as u32
}

/// The result of [`from_text`]; `None` if `address` is so far from `text` that another address of the image
/// may have the same offset. No range begins at an address without a unique offset. A symbol at such an
/// address is an exception, unless the range at its offset happens to have the modules of the symbol.
pub(super) fn unique_from_text(address: u64, text: u64) -> Option<u32> {
    let from_first = address.wrapping_sub(text).wrapping_add(BEFORE_TEXT);
    (from_first <= u32::MAX.into()).then(|| from_text(address, text))
}
