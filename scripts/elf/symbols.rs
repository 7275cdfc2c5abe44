// SPDX-License-Identifier: GPL-2.0

//! Symbol tables: what each symbol is, where it is, and who sees it.

use super::{string, u16_at, u32_at, u64_at, SHN_XINDEX};

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

/// In place of a section's index: the symbol is a COMMON one, which gets its place in the link of
/// the image. No file has so many sections.
const COMMON: u32 = u32::MAX;

/// Bytes of a symbol in the table.
pub(super) const ENTRY: usize = 24;

/// A symbol that is defined in a section, or a COMMON one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbol<'t> {
    pub name: &'t [u8],
    /// Address in the image; in an object, offset in the section.
    pub value: u64,
    /// Bytes.
    pub size: u64,
    /// Index of its section.
    pub section: u32,
    /// What it is and who sees it.
    pub nature: Nature,
}

/// What a symbol is, and who sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nature {
    /// Function, object and so on, as in the file (`STT_...`).
    kind: u8,
    /// Whether other objects see it.
    pub(crate) is_global: bool,
    /// Whether a definition of another object goes before it.
    pub(crate) is_weak: bool,
    /// Whether nothing outside of the image sees it.
    is_hidden: bool,
}

impl Nature {
    /// Whether a link of the image can make a symbol of this nature from one of the nature `of` in an
    /// object. A local symbol can be one that is global there: LLD makes hidden symbols local, and GNU ld
    /// does in an image that can be moved, also where only another object has it hidden, and then the
    /// image does not say that it is.
    pub(crate) fn can_be(self, of: Self) -> bool {
        let is_seen = match (self.is_global, self.is_hidden) {
            (true, _) => of.is_global,
            (false, true) => of.is_global || of.is_hidden,
            (false, false) => true,
        };
        self.kind == of.kind && is_seen
    }

    /// Whether it is a local symbol that may be local in its object, too.
    pub(crate) fn may_be_local(self) -> bool {
        !self.is_global && !self.is_hidden
    }
}

/// A symbol table in memory: the symbols that are defined in a section, and COMMON ones.
#[derive(Default)]
pub(crate) struct SymbolTable {
    pub(crate) entries: Vec<Entry>,
    pub(crate) names: Names,
}

/// A symbol, its name apart.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// Like [`Symbol::value`].
    pub(crate) value: u64,
    /// Bytes.
    pub(crate) size: u64,
    /// Offset in the names.
    name: u32,
    /// Place in the file.
    pub(crate) index: u32,
    /// Index of its section.
    pub(crate) section: u32,
    nature: Nature,
}

/// The names of symbols.
#[derive(Default)]
pub(crate) struct Names(pub(super) Vec<u8>);

impl Symbol<'_> {
    /// Whether it is a COMMON one.
    pub(crate) fn is_common(&self) -> bool {
        self.section == COMMON
    }
}

impl SymbolTable {
    /// The symbol of `entry`, if it has a name.
    pub(crate) fn named(&self, entry: &Entry) -> Option<Symbol<'_>> {
        let name = string(&self.names.0, entry.name);
        (!name.is_empty()).then(|| entry.named(name))
    }
}

impl Names {
    /// Has memory bring the names of `entries` near.
    pub(crate) fn look_at(&self, entries: &[Entry]) {
        let first = |entry: &Entry| self.0.get(entry.name as usize).copied().unwrap_or(0);
        let all = entries.iter().fold(0, |all, entry| all ^ first(entry));
        std::hint::black_box(all);
    }

    /// The symbol of `entry`, if `name` is its name.
    pub(crate) fn symbol(&self, entry: &Entry, name: &[u8]) -> Option<Symbol<'_>> {
        let (own, rest) = self
            .0
            .get(entry.name as usize..)?
            .split_at_checked(name.len())?;
        let is_same = own == name && rest.first() == Some(&0) && !name.is_empty();
        is_same.then(|| entry.named(own))
    }
}

impl Entry {
    /// Parses an entry, if the symbol is defined. `wide` has the sections of symbols whose entries do
    /// not.
    #[inline]
    pub(super) fn parse(entry: &[u8], index: u32, wide: &[u8]) -> Option<Self> {
        let info = entry.get(4)?;
        let kind = info & 0xf;
        let section = match u16_at(entry, 6)? {
            SHN_COMMON => COMMON,
            SHN_XINDEX => u32_at(wide, usize::try_from(index).ok()?.checked_mul(4)?)?,
            section => u32::from(Some(section).filter(|&section| section < SHN_LORESERVE)?),
        };
        if matches!(kind, STT_SECTION | STT_FILE) || section == SHN_UNDEF {
            return None;
        }
        Some(Self {
            value: u64_at(entry, 8)?,
            size: u64_at(entry, 16)?,
            name: u32_at(entry, 0)?,
            index,
            section,
            nature: Nature {
                kind: if kind == STT_COMMON { STT_OBJECT } else { kind },
                is_global: info >> 4 != STB_LOCAL,
                is_weak: info >> 4 == STB_WEAK,
                is_hidden: matches!(entry.get(5)? & 3, STV_INTERNAL | STV_HIDDEN),
            },
        })
    }

    fn named<'t>(&self, name: &'t [u8]) -> Symbol<'t> {
        Symbol {
            name,
            value: self.value,
            size: self.size,
            section: self.section,
            nature: self.nature,
        }
    }
}
