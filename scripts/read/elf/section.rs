// SPDX-License-Identifier: GPL-2.0

//! Section headers: the place and the flags of a section.

use super::fields::{u32_at, u64_at};

pub(super) const SHT_SYMTAB: u32 = 2;
const SHT_NOBITS: u32 = 8;
pub(super) const SHT_SYMTAB_SHNDX: u32 = 18;
const SHF_ALLOC: u64 = 0x2;
const SHF_EXECINSTR: u64 = 0x4;
const SHF_MERGE: u64 = 0x10;
const SHF_STRINGS: u64 = 0x20;

/// A section header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section {
    /// Offset in the table of section names.
    pub(super) name: u32,
    pub(super) kind: u32,
    flags: u64,
    /// Address of the first byte in the image; 0 in an object file.
    pub(crate) address: u64,
    /// Offset in the file.
    pub(super) offset: u64,
    /// Bytes.
    pub(crate) size: u64,
    /// In the header of a symbol table: the index of the section with its strings.
    pub(super) link: u32,
    /// Bytes of one entry, in a section of entries.
    pub(crate) entry_size: u64,
}

impl Section {
    /// Bytes of a section header in the file.
    pub(super) const HEADER_SIZE: usize = 64;

    pub(super) fn parse(header: &[u8]) -> Option<Self> {
        Some(Self {
            name: u32_at(header, 0)?,
            kind: u32_at(header, 4)?,
            flags: u64_at(header, 8)?,
            address: u64_at(header, 16)?,
            offset: u64_at(header, 24)?,
            size: u64_at(header, 32)?,
            link: u32_at(header, 40)?,
            entry_size: u64_at(header, 56)?,
        })
    }

    /// Return: true if the section is part of the running image.
    pub(super) fn is_allocated(&self) -> bool {
        self.flags & SHF_ALLOC != 0
    }

    /// Return: true if the entries are strings that end in a NUL.
    pub(crate) fn is_strings(&self) -> bool {
        self.flags & SHF_STRINGS != 0
    }

    /// Return: true if the section has instructions.
    pub(crate) fn is_code(&self) -> bool {
        self.flags & SHF_EXECINSTR != 0
    }

    /// Return: true if the linker merges equal entries.
    pub(crate) fn is_mergeable(&self) -> bool {
        self.flags & SHF_MERGE != 0
    }

    /// Return: true if the bytes of the section are in the file; otherwise all of them are zero.
    pub(crate) fn is_in_file(&self) -> bool {
        self.kind != SHT_NOBITS
    }
}
