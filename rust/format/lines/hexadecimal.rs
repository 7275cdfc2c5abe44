// SPDX-License-Identifier: GPL-2.0

//! Hexadecimal digits of the numbers in a line.

use core::mem::size_of;

/// The number of digits of an address.
pub(super) const DIGITS: usize = 2 * size_of::<usize>();

/// The 8 digits of `value` in ASCII. The first digit is the lowest byte.
#[inline]
pub(super) const fn hex(value: u32) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Spread the digits, one to a byte; the last digit is the lowest byte.
    let pairs = value as u64;
    let pairs = (pairs | (pairs << 16)) & 0x0000_ffff_0000_ffff;
    let pairs = (pairs | (pairs << 8)) & 0x00ff_00ff_00ff_00ff;
    let digits = (pairs | (pairs << 4)) & (0x0f * ONES);
    // Adding 6 carries a digit above 9 into bit 4. No sum or product below leaves its byte.
    let letters = (digits.wrapping_add(6 * ONES) >> 4) & ONES;
    let to_letter = letters.wrapping_mul((b'a' - b'0' - 10) as u64);
    digits
        .wrapping_add(b'0' as u64 * ONES)
        .wrapping_add(to_letter)
        .swap_bytes()
}

/// The two digits of each byte value, as [`pair`] returns them.
static PAIRS: [u16; 256] = {
    let mut table = [0; 256];
    let mut value = 0;
    while value < table.len() {
        table[value] = (hex(value as u32) >> 48) as u16;
        value += 1;
    }
    table
};

/// The sizes of up to 255 bytes, as [`size_word`] returns them.
static SMALL_SIZES: [u64; 256] = {
    let mut table = [0; 256];
    let mut value = 0;
    while value < table.len() {
        table[value] = size_word(value as u32);
        value += 1;
    }
    table
};

/// The two digits of a byte in ASCII. The first digit is the lower byte.
#[inline]
pub(super) fn pair(value: u8) -> u16 {
    PAIRS.get(usize::from(value)).copied().unwrap_or(0)
}

/// A size as it stands in a line, with a space before and after the size. The first space is the
/// lowest byte. The highest byte is the length of this text plus the length of the address before
/// this text; 255 if the size has more than 5 digits.
pub(super) const fn size_word(size: u32) -> u64 {
    if size >> 20 != 0 {
        return 255 << 56;
    }
    let zeros = (size | 1).leading_zeros() / 4;
    // 1 to 5 digits.
    let digits = 8_u32.wrapping_sub(zeros);
    let text = (hex(size) >> (8 * zeros) << 8) | b' ' as u64;
    let space = (b' ' as u64) << (8 * digits + 8);
    let len = DIGITS as u64 + digits as u64 + 2;
    (len << 56) | space | text
}

/// [`size_word`] of a size of up to 255 bytes.
#[inline]
pub(super) fn small_size(size: u8) -> u64 {
    SMALL_SIZES.get(usize::from(size)).copied().unwrap_or(0)
}
