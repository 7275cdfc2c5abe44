// SPDX-License-Identifier: GPL-2.0

//! A line of the listing, split into its fields.

use memchr::memchr;

use crate::hexadecimal::parse_digits;

/// Addresses of the image have this bit; per-cpu offsets do not.
pub(crate) const IMAGE: u64 = 1 << 63;

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
    /// In braces behind the brackets; empty where the listing names no object file.
    pub(crate) braces: &'t [u8],
}

impl<'t> Line<'t> {
    /// The parts of `text`; `None` if it is no line of the listing.
    pub(crate) fn parse(text: &'t [u8]) -> Option<Self> {
        let (address, rest) = split(text, b' ')?;
        let (size, rest) = split(rest, b' ')?;
        let (&kind, rest) = rest.split_first()?;
        let rest = rest.strip_prefix(b" ")?;
        let (name, places) = split(rest, b'\t').unwrap_or((rest, b""));
        let (modules, braces) = modules_and_braces(places);
        Some(Self {
            text,
            address: parse_digits(address)?,
            size: parse_digits(size)?,
            kind,
            name,
            modules,
            braces,
        })
    }

    /// The object file in the braces.
    pub(crate) fn object(&self) -> Option<&'t [u8]> {
        self.braces.strip_prefix(b"{")?.strip_suffix(b"}")
    }

    /// The names in the brackets.
    pub(crate) fn module_names(&self) -> impl Iterator<Item = &'t [u8]> {
        names_in_brackets(self.modules)
    }
}

/// The names in brackets, as `[fsl_dpaa2_eth] [fsl_dpaa2_switch]`.
pub(crate) fn names_in_brackets(modules: &[u8]) -> impl Iterator<Item = &[u8]> {
    let names = modules.split(|&byte| byte == b' ');
    names.filter_map(|name| name.strip_prefix(b"[")?.strip_suffix(b"]"))
}

/// The brackets and the braces in what follows the tab of a line.
///
/// ```text
/// [ext4] {ext4/super.o}
/// ```
fn modules_and_braces(places: &[u8]) -> (&[u8], &[u8]) {
    let Some(at) = memchr(b'{', places) else {
        return (places, b"");
    };
    let (modules, braces) = places.split_at_checked(at).unwrap_or((places, b""));
    (modules.strip_suffix(b" ").unwrap_or(modules), braces)
}

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
