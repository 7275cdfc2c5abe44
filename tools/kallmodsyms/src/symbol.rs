// SPDX-License-Identifier: GPL-2.0

//! A symbol: a line of the listing, split into its fields.

use std::fmt;

use memchr::memchr;

use crate::hexadecimal::parse_digits;
use crate::line::{each_line, split};

/// Addresses of the image have this bit; per-cpu offsets do not.
pub(crate) const IMAGE: u64 = 1 << 63;

/// A symbol: a line of `/proc/kallmodsyms`.
///
/// A symbol borrows its names from its [`Kernel`](crate::Kernel) and can be copied. Names are bytes,
/// because the kernel does not guarantee UTF-8. The text of a symbol is its line, without the newline.
///
/// ```
/// let text = "ffffffff81a3c2f0 1c7 t ext4_fill_super\t[ext4] {ext4/super.o}\n";
/// let kernel = kallmodsyms::Kernel::from_listing(text);
/// let symbols = kernel.symbols()?;
/// let symbol = symbols.iter().next().unwrap();
/// assert_eq!(symbol.address(), 0xffff_ffff_81a3_c2f0);
/// assert_eq!(symbol.size(), 0x1c7);
/// assert_eq!(symbol.kind(), 't');
/// assert_eq!(symbol.name(), b"ext4_fill_super");
/// assert!(symbol.module_names().eq([b"ext4"]));
/// assert_eq!(symbol.object(), Some(&b"ext4/super.o"[..]));
/// assert_eq!(format!("{symbol}\n"), text);
/// # Ok::<(), kallmodsyms::Error>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct Symbol<'k> {
    /// The whole line without the newline.
    pub(crate) text: &'k [u8],
    pub(crate) address: u64,
    /// The size in bytes.
    pub(crate) size: u64,
    pub(crate) name: &'k [u8],
    /// The modules, each in brackets; empty if the symbol is in no module.
    pub(crate) modules: &'k [u8],
    /// The object file in braces; empty if the line names no object file.
    pub(crate) braces: &'k [u8],
    /// The letter of the type.
    pub(crate) kind: u8,
    pub(crate) is_loaded: Option<bool>,
    /// The number of the symbol in the listing, from 0 on.
    pub(crate) number: u32,
}

impl<'k> Symbol<'k> {
    /// The address. It is 0 if the reader of the listing may not see addresses. It is below 2^63 for a per-cpu
    /// variable that has an offset in place of an address.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// The size in bytes. It is 0 for a label, which has no size in ELF, and if sizes are hidden or unknown.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The letter of the type, as in nm(1): `t` and `T` for code, `d`, `b` and `r` for data.
    pub fn kind(&self) -> char {
        self.kind.into()
    }

    /// The name. Several symbols can have the same name.
    pub fn name(&self) -> &'k [u8] {
        self.name
    }

    /// The modules of the symbol, in the order of the listing; none for a symbol in no module. A symbol in an
    /// object file of several built-in modules has several modules. The symbols of BPF programs and of tracing
    /// have a name such as `bpf` or `__builtin__ftrace` in place of a module.
    pub fn module_names(&self) -> impl Iterator<Item = &'k [u8]> {
        names_in_brackets(self.modules)
    }

    /// The end of the path of the object file, as in the braces of `/proc/kallmodsyms`. `None` if the line of
    /// the symbol has no braces.
    pub fn object(&self) -> Option<&'k [u8]> {
        self.braces.strip_prefix(b"{")?.strip_suffix(b"}")
    }

    /// False for a symbol of the kernel itself or of a built-in module. True for a symbol of a loaded module,
    /// of a BPF program or of tracing. `None` if the listing is incomplete and lacks the kernel's last symbols,
    /// which separate the two kinds.
    ///
    /// ```
    /// let text = "ffffffff8da4a43f 2b22 t ext4_fill_super\t[ext4]\n\
    ///             ffffffff8e000000 0 B _end\n\
    ///             ffffffffc02c178c 22b t romfs_fill_super\t[romfs]\n";
    /// let kernel = kallmodsyms::Kernel::from_listing(text);
    /// let symbols = kernel.symbols()?;
    /// let loaded: Vec<_> = symbols.iter().map(|symbol| symbol.is_loaded()).collect();
    /// assert_eq!(loaded, [Some(false), Some(false), Some(true)]);
    /// # Ok::<(), kallmodsyms::Error>(())
    /// ```
    pub fn is_loaded(&self) -> Option<bool> {
        self.is_loaded
    }

    /// True if the byte at `address` is in the symbol.
    pub fn contains(&self, address: u64) -> bool {
        address.wrapping_sub(self.address) < self.size
    }

    /// The fields of the line `text`; `None` if `text` is no line of a listing. The names are not checked:
    /// see [`is_well_formed`](Self::is_well_formed).
    pub(crate) fn parse(text: &'k [u8]) -> Option<Self> {
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
            name,
            modules,
            braces,
            kind,
            is_loaded: Some(false),
            number: 0,
        })
    }

    /// Return: true if the type, the name, the brackets and the braces are as the kernel writes them.
    pub(crate) fn is_well_formed(&self) -> bool {
        // Labels in modules of riscv are called ".L0 ".
        let name = self.name.strip_suffix(b" ").unwrap_or(self.name);
        let has_places = split(self.text, b'\t').is_none_or(|(_, places)| are_places(places));
        is_word(name) && is_word(&[self.kind]) && has_places
    }
}

impl fmt::Display for Symbol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(self.text).fmt(f)
    }
}

impl fmt::Debug for Symbol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({self})")
    }
}

/// The names in a text such as `[fsl_dpaa2_eth] [fsl_dpaa2_switch]`.
pub(crate) fn names_in_brackets(modules: &[u8]) -> impl Iterator<Item = &[u8]> {
    let names = modules.split(|&byte| byte == b' ');
    names.filter_map(|name| name.strip_prefix(b"[")?.strip_suffix(b"]"))
}

/// The symbols in `text`, which consists of whole lines in the form of `/proc/kallmodsyms`.
pub(crate) fn parse(text: &[u8]) -> impl Iterator<Item = Symbol<'_>> {
    each_line(text).filter_map(Symbol::parse)
}

/// The brackets and the braces in `places`, the text behind the tab of a line.
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

/// Return: true if `places` are brackets, braces or both, one space apart, with the braces at the end.
fn are_places(places: &[u8]) -> bool {
    let mut places = places.split(|&byte| byte == b' ').rev();
    let inside = |place: &'_ [u8], open: &[u8], close: &[u8]| {
        let name = place.strip_prefix(open)?.strip_suffix(close)?;
        Some(is_word(name) && !name.iter().any(|byte| b"[]".contains(byte)))
    };
    let in_brackets = |place: &[u8]| inside(place, b"[", b"]") == Some(true);
    let last = places.next().unwrap_or_default();
    (in_brackets(last) || inside(last, b"{", b"}") == Some(true)) && places.all(in_brackets)
}

/// Return: true if `word` has a byte, and no space, tab or other control character.
fn is_word(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|&byte| byte > b' ' && byte != 0x7f)
}
