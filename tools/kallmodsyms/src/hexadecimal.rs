// SPDX-License-Identifier: GPL-2.0

//! Hexadecimal numbers, as people and the kernel write them.

/// Reads 1 to 16 hexadecimal digits; `None` if `digits` is anything else.
pub(crate) fn parse_digits(digits: &[u8]) -> Option<u64> {
    if !(1..=16).contains(&digits.len()) {
        return None;
    }
    digits.iter().try_fold(0, |number, &digit| {
        Some((number << 4) | u64::from(char::from(digit).to_digit(16)?))
    })
}

/// Reads a hexadecimal number with or without a leading `0x`.
///
/// ```
/// assert_eq!(kallmodsyms::parse_hexadecimal("0x10"), Some(16));
/// assert_eq!(kallmodsyms::parse_hexadecimal("ffffffff81000000"), Some(0xffff_ffff_8100_0000));
/// assert_eq!(kallmodsyms::parse_hexadecimal("+10"), None);
/// ```
pub fn parse_hexadecimal(text: &str) -> Option<u64> {
    parse_digits(text.strip_prefix("0x").unwrap_or(text).as_bytes())
}
