// SPDX-License-Identifier: GPL-2.0

//! The numbers in a line, in hexadecimal.

use core::mem::size_of;

/// Digits of an address.
pub(super) const DIGITS: usize = 2 * size_of::<usize>();

/// The 8 hexadecimal digits of `value` as ASCII, the first one lowest.
#[inline]
pub(super) const fn hex(value: u32) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // One digit to a byte, the last digit lowest.
    let pairs = value as u64;
    let pairs = (pairs | pairs << 16) & 0x0000_ffff_0000_ffff;
    let pairs = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff;
    let digits = (pairs | pairs << 4) & (0x0f * ONES);
    // A digit above 9 carries into bit 4 when 6 is added. No sum or product below leaves its byte.
    let letters = (digits.wrapping_add(6 * ONES) >> 4) & ONES;
    let to_letter = letters.wrapping_mul((b'a' - b'0' - 10) as u64);
    digits
        .wrapping_add(b'0' as u64 * ONES)
        .wrapping_add(to_letter)
        .swap_bytes()
}

/// By value, the two digits of a byte, the first one lowest.
static PAIRS: [u16; 256] = {
    let mut table = [0; 256];
    let mut value = 0;
    while value < table.len() {
        table[value] = (hex(value as u32) >> 48) as u16;
        value += 1;
    }
    table
};

/// By value, the size of up to 255 bytes as [`size_word`] has it.
static SMALL_SIZES: [u64; 256] = {
    let mut table = [0; 256];
    let mut value = 0;
    while value < table.len() {
        table[value] = size_word(value as u32);
        value += 1;
    }
    table
};

/// The two digits of a byte, the first one lowest.
#[inline]
pub(super) fn pair(value: u8) -> u16 {
    PAIRS.get(usize::from(value)).copied().unwrap_or(0)
}

/// A size as it stands in a line, with a space before and after it, the first byte lowest; and in the
/// highest byte how long that is with the digits of an address, 255 if it has more than 5 digits.
pub(super) const fn size_word(size: u32) -> u64 {
    if size >> 20 != 0 {
        return 255 << 56;
    }
    let zeros = (size | 1).leading_zeros() / 4;
    // Between 1 and 5.
    let digits = 8_u32.wrapping_sub(zeros);
    let text = hex(size) >> (8 * zeros) << 8 | b' ' as u64;
    let space = (b' ' as u64) << (8 * digits + 8);
    let len = DIGITS as u64 + digits as u64 + 2;
    len << 56 | space | text
}

/// The same for a size of up to 255 bytes.
#[inline]
pub(super) fn small_size(size: u8) -> u64 {
    SMALL_SIZES.get(usize::from(size)).copied().unwrap_or(0)
}
