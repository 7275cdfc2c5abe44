// SPDX-License-Identifier: GPL-2.0

//! Hexadecimal numbers, parsed and printed.
//!
//! The inputs and outputs have some hundred thousand addresses. The standard library is too slow for so
//! many: it parses single characters and prints through format strings.

/// The number that 1 to 16 hexadecimal digits stand for; `None` for any other text.
pub(crate) fn parse(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let (mut rest, mut value) = (digits, 0);
    while let Some((eight, after)) = rest.split_first_chunk() {
        value = (value << 32) | u64::from(parse_eight(*eight)?);
        rest = after;
    }
    rest.iter().try_fold(value, |value, &byte| {
        let digit = DIGITS[usize::from(byte)];
        (digit < 16).then_some((value << 4) | u64::from(digit))
    })
}

/// Parses eight digits at once; `None` if a byte is not a digit. Most addresses have sixteen digits.
#[inline]
fn parse_eight(digits: [u8; 8]) -> Option<u32> {
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    const HIGH: u64 = each(0x80);
    // The first digit is the most significant and goes to the highest byte.
    let bytes = u64::from_be_bytes(digits);
    // The bytes of `ascii` and `lower` are below 0x80, so no sum below carries into the next byte.
    let (ascii, lower) = (bytes & !HIGH, bytes & !HIGH | each(0x20));
    // The high bit of a byte is set in `digit` if the byte of `ascii` is in '0'..='9', and in `letter` if the
    // byte of `lower` is in 'a'..='f'.
    let digit = (ascii + each(0x80 - b'0')) & !(ascii + each(0x7f - b'9'));
    let letter = (lower + each(0x80 - b'a')) & !(lower + each(0x7f - b'f'));
    if (digit | letter) & !bytes & HIGH != HIGH {
        return None;
    }
    let values = (bytes & each(0x0f)) + ((letter & HIGH) >> 7) * 9;
    let pairs = (values | (values >> 4)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | (pairs >> 8)) & 0x0000_ffff_0000_ffff;
    Some((fours | (fours >> 16)) as u32)
}

/// By byte: the value of the hexadecimal digit, or 16 if the byte is not a digit.
const DIGITS: [u8; 256] = {
    let mut values = [16; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        values[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// The number that `0x` and hexadecimal digits stand for.
pub(crate) fn parse_prefixed(word: &[u8]) -> Option<u64> {
    parse(word.strip_prefix(b"0x")?)
}

/// The 16 digits of `value`, with leading zeros.
pub(crate) fn of(value: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    for (place, digit) in (0..16).rev().zip(&mut digits) {
        let value = (value >> (4 * place)) as u8 & 0xf;
        *digit = value + if value < 10 { b'0' } else { b'a' - 10 };
    }
    digits
}
