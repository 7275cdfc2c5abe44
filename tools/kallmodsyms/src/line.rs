// SPDX-License-Identifier: GPL-2.0

//! Lines of a text, and the first line of a listing.

use memchr::memchr;

use crate::hexadecimal::parse_digits;

/// Tells whether a text that begins with the bytes `beginning` is a listing.
pub(crate) fn begins_listing(beginning: &[u8]) -> bool {
    let mut fields = beginning.splitn(4, |&byte| byte == b' ');
    let mut digits = || {
        fields
            .next()
            .filter(|digits| parse_digits(digits).is_some())
    };
    let has_address = digits().is_some_and(|address| address.len() == 16);
    has_address && digits().is_some() && fields.next().is_some_and(|kind| kind.len() == 1)
}

/// Tells whether a text that begins with the bytes `beginning` is a copy of `/proc/kallsyms`.
pub(crate) fn begins_kallsyms(beginning: &[u8]) -> bool {
    let mut fields = beginning.splitn(3, |&byte| byte == b' ');
    let address = fields.next().unwrap_or_default();
    let has_address = address.len() == 16 && parse_digits(address).is_some();
    has_address && fields.next().is_some_and(|kind| kind.len() == 1) && fields.next().is_some()
}

/// The lines of `text`, without newlines and carriage returns at their ends.
pub(crate) fn each_line(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (line, after) = split(rest, b'\n').unwrap_or((rest, b""));
        rest = after;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

/// The parts before and after the first `separator`.
pub(crate) fn split(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let (before, rest) = text.split_at_checked(memchr(separator, text)?)?;
    Some((before, rest.get(1..).unwrap_or_default()))
}
