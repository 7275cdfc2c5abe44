// SPDX-License-Identifier: GPL-2.0

//! Symbol tables: the name, place, size, type and visibility of each symbol.

use super::fields::{are_strings_at, string, u16_at, u32_at, u64_at};

/// In place of a section's index: another table has the index.
pub(super) const SHN_XINDEX: u16 = 0xffff;

const SHN_UNDEF: u32 = 0;
const SHN_LORESERVE: u16 = 0xff00;
const SHN_COMMON: u16 = 0xfff2;
const STB_LOCAL: u8 = 0;
const STB_WEAK: u8 = 2;
const STT_OBJECT: u8 = 1;
const STT_SECTION: u8 = 3;
const STT_FILE: u8 = 4;
const STT_COMMON: u8 = 5;
const STV_INTERNAL: u8 = 1;
const STV_HIDDEN: u8 = 2;

/// In place of a section's index: the symbol is COMMON, so the link of the image gives it its place. No
/// file has so many sections.
const COMMON: u32 = u32::MAX;

/// A symbol that is defined in a section, or is COMMON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbol<'t> {
    pub name: &'t [u8],
    /// Address in the image. In an object file: offset in the section, or alignment of a COMMON symbol.
    pub value: u64,
    /// Bytes.
    pub size: u64,
    /// Index of the section.
    pub section: u32,
    pub linkage: Linkage,
}

/// The type, binding and visibility of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Linkage {
    /// Function, object and so on, as in the file (`STT_...`); `STT_COMMON` counts as `STT_OBJECT`.
    kind: u8,
    /// Other object files can refer to the symbol.
    pub(crate) is_global: bool,
    /// A definition in another object file takes precedence.
    pub(crate) is_weak: bool,
    /// Nothing outside of the image can refer to the symbol.
    is_hidden: bool,
}

impl Linkage {
    /// Return: true if the link of the image can make a symbol of this linkage from a definition of the
    /// linkage `definition` in an object file.
    ///
    /// A local symbol of the image can be global in its object file. LLD makes hidden symbols local. GNU ld
    /// does so in an image that can be moved, even if only another object file hides the symbol; the image
    /// does not mark such a symbol as hidden.
    pub(crate) fn can_come_from(self, definition: Self) -> bool {
        let is_visible = match (self.is_global, self.is_hidden) {
            (true, _) => definition.is_global,
            (false, true) => definition.is_global || definition.is_hidden,
            (false, false) => true,
        };
        self.kind == definition.kind && is_visible
    }

    /// Return: true for a local symbol of the image that may be local in its object file, too.
    pub(crate) fn may_be_local(self) -> bool {
        !self.is_global && !self.is_hidden
    }
}

/// A symbol table in memory: the symbols that are defined in a section, and the COMMON symbols.
#[derive(Default)]
pub(crate) struct SymbolTable {
    pub(crate) entries: Vec<Entry>,
    pub(crate) names: SymbolNames,
}

/// A symbol without its name.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// Like [`Symbol::value`].
    pub(crate) value: u64,
    /// Bytes.
    pub(crate) size: u64,
    /// Offset in the names.
    name: u32,
    /// Number in the symbol table of the file.
    pub(crate) index: u32,
    /// Index of the section.
    pub(crate) section: u32,
    linkage: Linkage,
}

/// The names of the symbols of a table.
#[derive(Default)]
pub(crate) struct SymbolNames(pub(super) Vec<u8>);

impl Symbol<'_> {
    /// Return: true if the symbol is COMMON.
    pub(crate) fn is_common(&self) -> bool {
        self.section == COMMON
    }
}

impl SymbolTable {
    /// The symbol of `entry`; `None` if its name is empty.
    pub(crate) fn named(&self, entry: &Entry) -> Option<Symbol<'_>> {
        let name = string(&self.names.0, entry.name)?;
        (!name.is_empty()).then(|| entry.named(name))
    }
}

impl SymbolNames {
    /// Return: true if each of `entries` has its name here.
    pub(super) fn has_all_of(&self, entries: &[Entry]) -> bool {
        are_strings_at(&self.0, entries.iter().map(|entry| entry.name))
    }

    /// Loads the first byte of each name, so that memory fetches all names at once.
    pub(crate) fn prefetch(&self, entries: &[Entry]) {
        let first_bytes = entries.iter().filter_map(|entry| self.from(entry)?.first());
        std::hint::black_box(first_bytes.fold(0, |all, byte| all ^ byte));
    }

    /// The symbol of `entry`, if `name` is its name.
    pub(crate) fn symbol(&self, entry: &Entry, name: &[u8]) -> Option<Symbol<'_>> {
        let (own_name, after) = self.from(entry)?.split_at_checked(name.len())?;
        let is_same = own_name == name && after.first() == Some(&0) && !name.is_empty();
        is_same.then(|| entry.named(own_name))
    }

    /// The table from the name of `entry` on.
    #[inline]
    fn from(&self, entry: &Entry) -> Option<&[u8]> {
        self.0.get(usize::try_from(entry.name).ok()?..)
    }
}

impl Entry {
    /// Bytes of an entry in the file.
    pub(super) const SIZE: usize = 24;

    /// Parses entry number `index`; `Some(None)` for a section, a file, and a symbol that is undefined or
    /// absolute. `wide` has the section indexes that do not fit into entries. `None` if the entry, or its
    /// section index in `wide`, is cut short.
    #[inline]
    pub(super) fn parse(entry: &[u8], index: u32, wide: &[u8]) -> Option<Option<Self>> {
        let info = entry.get(4)?;
        let kind = info & 0xf;
        let section = match u16_at(entry, 6)? {
            SHN_COMMON => COMMON,
            SHN_XINDEX => u32_at(wide, usize::try_from(index).ok()?.checked_mul(4)?)?,
            SHN_LORESERVE.. => return Some(None),
            section => section.into(),
        };
        if matches!(kind, STT_SECTION | STT_FILE) || section == SHN_UNDEF {
            return Some(None);
        }
        Some(Some(Self {
            value: u64_at(entry, 8)?,
            size: u64_at(entry, 16)?,
            name: u32_at(entry, 0)?,
            index,
            section,
            linkage: Linkage {
                kind: if kind == STT_COMMON { STT_OBJECT } else { kind },
                is_global: info >> 4 != STB_LOCAL,
                is_weak: info >> 4 == STB_WEAK,
                is_hidden: matches!(entry.get(5)? & 3, STV_INTERNAL | STV_HIDDEN),
            },
        }))
    }

    fn named<'t>(&self, name: &'t [u8]) -> Symbol<'t> {
        Symbol {
            name,
            value: self.value,
            size: self.size,
            section: self.section,
            linkage: self.linkage,
        }
    }
}
