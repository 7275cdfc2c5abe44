// SPDX-License-Identifier: GPL-2.0

//! The form of addresses in the tables: the distance from `_text` in bytes, modulo 2^32.

/// The image may have at most this many bytes before `_text`. The first code of riscv is there.
const BEFORE_TEXT: u64 = 1 << 28;

/// The number of bytes from `text` to `address`, modulo 2^32. Addresses before `_text` get offsets above
/// the image. So do the per-cpu symbols of x86_64 in Linux 6.12, whose addresses begin at 0.
pub(super) fn from_text(address: u64, text: u64) -> u32 {
    // The lower half of the difference is the difference modulo 2^32.
    address.wrapping_sub(text) as u32
}

/// The result of [`from_text`]; `None` if `address` is so far away that it would share its offset with
/// another address of the image. No range begins at such an address, and symbols of modules there are
/// exceptions.
pub(super) fn unique_from_text(address: u64, text: u64) -> Option<u32> {
    let from_first = address.wrapping_sub(text).wrapping_add(BEFORE_TEXT);
    (from_first <= u32::MAX.into()).then(|| from_text(address, text))
}
