// SPDX-License-Identifier: GPL-2.0

//! Hexadecimal digits. The inputs and outputs have some hundred thousand addresses, for which the
//! standard library's way by characters and format strings takes too long.

/// Reads hexadecimal digits, all of `digits` or nothing.
pub(crate) fn parse(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    digits.iter().try_fold(0, |value, &byte| {
        let digit = DIGITS[usize::from(byte)];
        (digit < 16).then_some(value << 4 | u64::from(digit))
    })
}

/// The value of each byte that is a hexadecimal digit, and 16 for the others.
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

/// Reads a number written as `0x` and hexadecimal digits.
pub(crate) fn parse_prefixed(word: &[u8]) -> Option<u64> {
    parse(word.strip_prefix(b"0x")?)
}

/// The 16 digits of `value`.
pub(crate) fn of(value: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    for (place, digit) in (0..16).rev().zip(&mut digits) {
        let value = (value >> (4 * place)) as u8 & 0xf;
        *digit = value + if value < 10 { b'0' } else { b'a' - 10 };
    }
    digits
}

/// `digits` without zeros in front; the last digit stays.
pub(crate) fn significant(digits: &[u8; 16]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    digits.get(zeros.min(15)..).unwrap_or_default()
}
