// SPDX-License-Identifier: GPL-2.0

//! A line of the listing, split into its fields.

use memchr::memchr;

use crate::hexadecimal::parse_digits;

/// A line of the listing.
///
/// ```text
/// ffffffff81a3c2f0 1c7 t ext4_fill_super\t[ext4]
/// ```
#[derive(Clone, Copy, Default)]
pub(crate) struct Line<'t> {
    /// The whole line without the newline.
    pub(crate) text: &'t [u8],
    pub(crate) address: u64,
    /// Bytes.
    pub(crate) size: u64,
    /// Letter of the type.
    pub(crate) kind: u8,
    pub(crate) name: &'t [u8],
    /// The brackets; empty if the symbol is in no module.
    pub(crate) modules: &'t [u8],
}

impl<'t> Line<'t> {
    /// The parts of `text`; `None` if it is no line of the listing.
    pub(crate) fn parse(text: &'t [u8]) -> Option<Self> {
        let (address, rest) = split(text, b' ')?;
        let (size, rest) = split(rest, b' ')?;
        let (&kind, rest) = rest.split_first()?;
        let rest = rest.strip_prefix(b" ")?;
        let (name, modules) = split(rest, b'\t').unwrap_or((rest, b""));
        Some(Self {
            text,
            address: parse_digits(address)?,
            size: parse_digits(size)?,
            kind,
            name,
            modules,
        })
    }

    /// The names in the brackets.
    pub(crate) fn module_names(&self) -> impl Iterator<Item = &'t [u8]> {
        let names = self.modules.split(|&byte| byte == b' ');
        names.filter_map(|name| name.strip_prefix(b"[")?.strip_suffix(b"]"))
    }
}

/// The lines in `text`, which are whole lines of the kernel's form.
pub(crate) fn parse(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    each_line(text).filter_map(Line::parse)
}

/// The lines of `text`, without their ends.
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
fn split(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let (before, rest) = text.split_at_checked(memchr(separator, text)?)?;
    Some((before, rest.get(1..).unwrap_or_default()))
}
