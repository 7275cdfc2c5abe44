// SPDX-License-Identifier: GPL-2.0

//! Reads an ELF file: the sections, the symbols, and the bytes at an address of the image.

use std::path::Path;

use object::elf::{FileHeader64, SectionHeader64, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS};
use object::elf::{SHT_NOTE, SHT_SYMTAB, STT_FILE, STT_SECTION};
use object::read::elf::{FileHeader as _, SectionHeader as _, SectionTable, Sym as _};
use object::{LittleEndian, StringTable};

use crate::error::{Error, Result};

type Header = FileHeader64<LittleEndian>;

/// The number of bytes of a section header.
const SECTION_HEADER: u64 = 64;

const CUT_SHORT: &str = "the file is cut short";
const BAD_SECTIONS: &str = "bad section headers";
const DAMAGED: &str = "The file is damaged, or cut short: copy or build it again.";
/// The remedy for a file that is no vmlinux.
const GIVE_VMLINUX: &str = "Give the vmlinux of a 64-bit little endian kernel.";

/// A 64-bit little-endian ELF file. Every vmlinux with `CONFIG_KALLMODSYMS` has this form.
pub(crate) struct Elf<'d> {
    path: &'d Path,
    bytes: &'d [u8],
    sections: SectionTable<'d, Header>,
}

/// A section that is part of the image.
pub(crate) struct Section<'d> {
    /// The address in the image of the section's first byte.
    pub(crate) address: u64,
    /// True if the section has instructions.
    pub(crate) is_code: bool,
    /// True if the section is writable.
    pub(crate) is_writable: bool,
    /// True if the file has the bytes of the section; false if they start as zeros in memory.
    pub(crate) has_bytes: bool,
    /// The size in bytes.
    pub(crate) size: u64,
    header: &'d SectionHeader64<LittleEndian>,
}

impl<'d> Elf<'d> {
    /// Reads the headers in `bytes`, the content of the file `path`.
    pub(crate) fn parse(path: &'d Path, bytes: &'d [u8]) -> Result<Self> {
        let failed = |problem: &str| Error::in_file(path, problem, GIVE_VMLINUX);
        let length = bytes.len() as u64;
        if length < size_of::<Header>() as u64 {
            return Err(failed(CUT_SHORT));
        }
        if !bytes.starts_with(b"\x7fELF\x02\x01") {
            return Err(failed("not a 64-bit little endian ELF file"));
        }
        let header = Header::parse(bytes).map_err(|_| failed("bad ELF header"))?;
        let start = header.e_shoff(LittleEndian);
        let fits = |count: u64| {
            let size = count.checked_mul(SECTION_HEADER);
            let end = size.and_then(|size| start.checked_add(size));
            end.is_some_and(|end| end <= length)
        };
        // A number of sections that does not fit into the ELF header is in the first section header.
        if !fits(1) {
            return Err(failed(CUT_SHORT));
        }
        let bad = |_| failed(BAD_SECTIONS);
        let count = header.shnum(LittleEndian, bytes).map_err(bad)?;
        if !fits(count as u64) {
            return Err(failed(CUT_SHORT));
        }
        let headers = header.section_headers(LittleEndian, bytes).map_err(bad)?;
        if headers.is_empty() {
            return Err(failed(BAD_SECTIONS));
        }
        Ok(Self {
            path,
            bytes,
            // The table of section names is left out, because no section is looked up by name.
            sections: SectionTable::new(headers, StringTable::default()),
        })
    }

    /// The names and addresses of the symbols that are defined in a section; `None` if the file has no such
    /// symbol or no symbol table.
    pub(crate) fn symbols(&self) -> Result<Option<impl Iterator<Item = (&'d [u8], u64)>>> {
        let mut sections = self.sections.iter();
        let Some(section) = sections.find(|section| section.sh_type(LittleEndian) == SHT_SYMTAB)
        else {
            return Ok(None);
        };
        self.file_range(
            section.sh_offset(LittleEndian),
            section.sh_size(LittleEndian),
        )?;
        let symbols = self.sections.symbols(LittleEndian, self.bytes, SHT_SYMTAB);
        let symbols = symbols
            .map_err(|error| self.failure(&format!("the symbol table is damaged: {error}")))?;
        let defined = move || {
            let symbols = symbols;
            symbols.enumerate().filter_map(move |(index, symbol)| {
                let section = symbols.symbol_section(LittleEndian, symbol, index);
                let is_defined = section.is_ok_and(|section| section.is_some())
                    && !matches!(symbol.st_type(), STT_SECTION | STT_FILE);
                let name = symbol
                    .name(LittleEndian, symbols.strings())
                    .unwrap_or_default();
                is_defined.then(|| (name, symbol.st_value(LittleEndian)))
            })
        };
        Ok(defined().next().is_some().then(defined))
    }

    /// The sections that are part of the image.
    pub(crate) fn allocated(&self) -> impl Iterator<Item = Section<'d>> + '_ {
        let sections = self
            .sections
            .iter()
            .map(|header| (header, header.sh_flags(LittleEndian)));
        let allocated = sections.filter(|(_, flags)| flags & u64::from(SHF_ALLOC) != 0);
        allocated.map(|(header, flags)| Section {
            address: header.sh_addr(LittleEndian),
            is_code: flags & u64::from(SHF_EXECINSTR) != 0,
            is_writable: flags & u64::from(SHF_WRITE) != 0,
            has_bytes: header.sh_type(LittleEndian) != SHT_NOBITS,
            size: header.sh_size(LittleEndian),
            header,
        })
    }

    /// The sections that are part of the image and have bytes in the file.
    pub(crate) fn loaded(&self) -> impl Iterator<Item = Section<'d>> + '_ {
        self.allocated().filter(|section| section.has_bytes)
    }

    /// Return: true if the file has the sections of an image without their bytes, notes excepted. A file that
    /// was split off for debuggers is like that.
    pub(crate) fn is_debug_only(&self) -> bool {
        let is_note = |section: &Section<'_>| section.header.sh_type(LittleEndian) == SHT_NOTE;
        let mut sections = self.allocated().filter(|section| !is_note(section));
        let mut loaded = self.loaded().filter(|section| !is_note(section));
        sections.next().is_some() && loaded.next().is_none()
    }

    /// All bytes of a section.
    pub(crate) fn content(&self, section: &Section<'d>) -> Result<&'d [u8]> {
        self.file_range(section.header.sh_offset(LittleEndian), section.size)
    }

    /// The `size` bytes at `address` in the image; `None` if no single section has all of them.
    pub(crate) fn at_address(&self, address: u64, size: u64) -> Result<Option<&'d [u8]>> {
        let start = |section: &Section<'d>| {
            let start = address.checked_sub(section.address)?;
            let has_all = start.checked_add(size)? <= section.size;
            has_all.then(|| section.header.sh_offset(LittleEndian).saturating_add(start))
        };
        let offset = self.loaded().find_map(|section| start(&section));
        offset
            .map(|offset| self.file_range(offset, size))
            .transpose()
    }

    /// The `size` bytes at `offset` in the file.
    fn file_range(&self, offset: u64, size: u64) -> Result<&'d [u8]> {
        let start = usize::try_from(offset).ok();
        let end = offset
            .checked_add(size)
            .and_then(|end| usize::try_from(end).ok());
        let bytes = start
            .zip(end)
            .and_then(|(start, end)| self.bytes.get(start..end));
        bytes.ok_or_else(|| self.failure(CUT_SHORT))
    }

    fn failure(&self, problem: &str) -> Error {
        Error::in_file(self.path, problem, DAMAGED)
    }
}
