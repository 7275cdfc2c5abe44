// SPDX-License-Identifier: GPL-2.0

//! An open ELF file. [`ElfFile::open`] reads the first 32 KiB, the section headers and the section names. All
//! other calls read only the requested part.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::fields::{are_strings_at, string, u16_at, u64_at};
use super::section::{Section, SHT_SYMTAB, SHT_SYMTAB_SHNDX};
use super::symbol_table::{Entry, SymbolNames, SymbolTable, SHN_XINDEX};
use crate::common::error::{Error, Result};

/// The most bytes to allocate for a section of zeros: more than any constant has. The file has no bytes of
/// such a section, so the length of the file does not limit it.
const MOST_ZEROS: u64 = 1 << 20;

/// The number of bytes to read at once from the start of a file. Without debug information, most object files
/// are shorter.
const HEAD: usize = 1 << 15;

/// Bytes of the file header.
const HEADER_SIZE: usize = 64;

/// An open ELF file.
pub(crate) struct ElfFile {
    path: PathBuf,
    file: File,
    /// Bytes of the file.
    length: u64,
    /// The first bytes of the file.
    head: Vec<u8>,
    sections: Vec<Section>,
    section_names: Vec<u8>,
}

impl ElfFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| failure(path, &error.to_string());
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let most = usize::try_from(length).map_or(HEAD, |length| length.min(HEAD));
        let mut head = Vec::with_capacity(most);
        let read = (&file).take(most as u64).read_to_end(&mut head);
        read.map_err(failed)?;
        let mut elf = Self {
            path: path.into(),
            file,
            length,
            head,
            sections: Vec::new(),
            section_names: Vec::new(),
        };
        let mut header = [0; HEADER_SIZE];
        elf.read(&mut header, 0)?;
        if !header.starts_with(b"\x7fELF\x02\x01") {
            return Err(failure(path, "not a 64-bit little endian ELF file"));
        }
        let bad = || failure(path, "bad section headers");
        let table = u64_at(&header, 40).ok_or_else(bad)?;
        if u16_at(&header, 58).map(usize::from) != Some(Section::HEADER_SIZE) {
            return Err(bad());
        }
        let count = u16_at(&header, 60).ok_or_else(bad)?;
        elf.sections = elf.section_headers(table, u32::from(count).max(1))?;
        // If the section count or the index of the names does not fit into the file header, the
        // first section header has it.
        let first = *elf.sections.first().ok_or_else(bad)?;
        if count == 0 {
            let count = u32::try_from(first.size).map_err(|_| bad())?;
            elf.sections = elf.section_headers(table, count)?;
        }
        let names = match u16_at(&header, 62).ok_or_else(bad)? {
            SHN_XINDEX => first.link,
            index => index.into(),
        };
        let names = *elf.section(names).ok_or_else(bad)?;
        elf.section_names = elf.bytes(names.offset, names.size)?;
        let offsets = elf.sections.iter().map(|section| section.name);
        match are_strings_at(&elf.section_names, offsets) {
            true => Ok(elf),
            false => Err(failure(path, "a section has no name")),
        }
    }

    fn section_headers(&self, table: u64, count: u32) -> Result<Vec<Section>> {
        let headers = self.bytes(table, u64::from(count) * Section::HEADER_SIZE as u64)?;
        let sections = headers
            .chunks_exact(Section::HEADER_SIZE)
            .map(Section::parse);
        let sections: Option<_> = sections.collect();
        sections.ok_or_else(|| failure(&self.path, "bad section headers"))
    }

    /// The section with index `index`; `None` if the file has fewer sections.
    pub(crate) fn section(&self, index: u32) -> Option<&Section> {
        self.sections.get(usize::try_from(index).ok()?)
    }

    /// The name of the section with index `index`; `None` if the file has fewer sections.
    pub(crate) fn section_name(&self, index: u32) -> Option<&[u8]> {
        self.name_of(self.section(index)?)
    }

    /// [`open`](Self::open) has checked that each section has a name.
    fn name_of(&self, section: &Section) -> Option<&[u8]> {
        string(&self.section_names, section.name)
    }

    /// The sections that are part of the running image, with their names.
    pub(crate) fn allocated(&self) -> impl Iterator<Item = (&[u8], &Section)> {
        let allocated = self
            .sections
            .iter()
            .filter(|section| section.is_allocated());
        allocated.filter_map(|section| Some((self.name_of(section)?, section)))
    }

    /// The first section called `name`.
    pub(crate) fn section_named(&self, name: &[u8]) -> Option<&Section> {
        let mut sections = self.sections.iter();
        sections.find(|section| self.name_of(section) == Some(name))
    }

    /// The symbol table; an empty one if the file has none.
    pub(crate) fn symbols(&self) -> Result<SymbolTable> {
        let mut sections = (0..).zip(&self.sections);
        let Some((index, table)) = sections.find(|(_, section)| section.kind == SHT_SYMTAB) else {
            return Ok(SymbolTable::default());
        };
        let names = self.section(table.link);
        let names = names.ok_or_else(|| failure(&self.path, "the symbol table has no strings"))?;
        let names = SymbolNames(self.bytes(names.offset, names.size)?);
        let entries = self.entries(table, &self.wide_indexes(index)?)?;
        match names.has_all_of(&entries) {
            true => Ok(SymbolTable { entries, names }),
            false => Err(failure(
                &self.path,
                "a symbol has no name in the table of strings",
            )),
        }
    }

    /// The bytes of the table of section indexes that do not fit into the entries of the symbol table
    /// with index `symbols`; empty if the file has no such table, because all of its indexes fit.
    fn wide_indexes(&self, symbols: u32) -> Result<Vec<u8>> {
        let mut sections = self.sections.iter();
        let wide =
            sections.find(|section| section.kind == SHT_SYMTAB_SHNDX && section.link == symbols);
        wide.map_or(Ok(Vec::new()), |wide| self.bytes(wide.offset, wide.size))
    }

    /// Reads a symbol table in parts.
    fn entries(&self, table: &Section, wide: &[u8]) -> Result<Vec<Entry>> {
        const PART: usize = 4096 * Entry::SIZE;
        self.check_range(table.offset, table.size)?;
        let size = self.size_in_memory(table.size)?;
        let mut entries = Vec::with_capacity(size / Entry::SIZE);
        let mut buffer = vec![0; size.min(PART)];
        let bad = || failure(&self.path, "bad symbol table");
        let (mut index, mut done) = (0_u32, 0);
        while done < size {
            let (part, _) = buffer.split_at_mut((size - done).min(PART));
            self.read(part, table.offset + done as u64)?;
            for entry in part.chunks_exact(Entry::SIZE) {
                entries.extend(Entry::parse(entry, index, wide).ok_or_else(bad)?);
                index = index.checked_add(1).ok_or_else(bad)?;
            }
            done += part.len();
        }
        Ok(entries)
    }

    /// Up to `most` bytes from byte `offset` of a section on; fewer if the section ends before.
    pub(crate) fn content(&self, section: &Section, offset: u64, most: u64) -> Result<Vec<u8>> {
        let size = section.size.saturating_sub(offset).min(most);
        if section.is_in_file() {
            return self.bytes(section.offset.saturating_add(offset), size);
        }
        match size > MOST_ZEROS {
            true => Err(failure(&self.path, "a constant is of too many zeros")),
            false => Ok(vec![0; self.size_in_memory(size)?]),
        }
    }

    fn bytes(&self, offset: u64, size: u64) -> Result<Vec<u8>> {
        self.check_range(offset, size)?;
        let mut bytes = vec![0; self.size_in_memory(size)?];
        self.read(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// `size` as a `usize`. On a 32-bit host, `size` may not fit.
    fn size_in_memory(&self, size: u64) -> Result<usize> {
        usize::try_from(size).map_err(|_| {
            Error::in_file(
                &self.path,
                format!("{size} bytes do not fit into the memory of this machine"),
                "Build on a 64-bit machine.",
            )
        })
    }

    /// Checks that the file has `size` bytes at `offset`.
    fn check_range(&self, offset: u64, size: u64) -> Result<()> {
        let end = offset.checked_add(size);
        match end.is_some_and(|end| end <= self.length) {
            true => Ok(()),
            false => Err(failure(&self.path, "the file is cut short")),
        }
    }

    fn read(&self, bytes: &mut [u8], offset: u64) -> Result<()> {
        if let Some(known) = self.in_head(offset, bytes.len()) {
            bytes.copy_from_slice(known);
            return Ok(());
        }
        let read = self.file.read_exact_at(bytes, offset);
        read.map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => failure(&self.path, "the file is cut short"),
            _ => failure(&self.path, &error.to_string()),
        })
    }

    /// The `size` bytes at `offset`, if they are in memory.
    fn in_head(&self, offset: u64, size: usize) -> Option<&[u8]> {
        let start = usize::try_from(offset).ok()?;
        self.head.get(start..start.checked_add(size)?)
    }
}

fn failure(path: &Path, problem: &str) -> Error {
    Error::in_file(path, problem, "Remove the file and build again.")
}
