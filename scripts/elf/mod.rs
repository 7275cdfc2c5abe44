// SPDX-License-Identifier: GPL-2.0

//! As much of ELF as symbols need: section headers, symbol tables, the bytes of a section. 64-bit
//! little endian, which every architecture with Rust in the kernel is. Only what is asked for is
//! read.

mod symbols;

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::lines::find;
use symbols::ENTRY;

pub(crate) use symbols::{Entry, Names, Nature, Symbol, SymbolTable};

const SHT_SYMTAB: u32 = 2;
const SHT_NOBITS: u32 = 8;
const SHT_SYMTAB_SHNDX: u32 = 18;
const SHF_ALLOC: u64 = 0x2;
const SHF_EXECINSTR: u64 = 0x4;
const SHF_MERGE: u64 = 0x10;
const SHF_STRINGS: u64 = 0x20;
const SHN_XINDEX: u16 = 0xffff;

/// More bytes than any constant has. The file bounds what is in the file, but not what is in a
/// section of zeros.
const MOST_ZEROS: u64 = 1 << 20;

/// Bytes of a file that are read at once.
const HEAD: u64 = 1 << 15;

/// An open ELF file.
pub(crate) struct Elf {
    path: PathBuf,
    file: File,
    /// Bytes of the file.
    length: u64,
    /// The first of them: all of most objects, so that these are read with one call.
    head: Vec<u8>,
    sections: Vec<Section>,
    /// The names of sections.
    names: Vec<u8>,
}

/// A section header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section {
    /// Offset in the section names.
    name: u32,
    kind: u32,
    flags: u64,
    /// Address of the first byte in the image; 0 in an object.
    pub address: u64,
    /// Offset in the file.
    offset: u64,
    /// Bytes.
    pub size: u64,
    /// For a symbol table, the section of its strings.
    link: u32,
    /// Bytes of one entry, where the section has entries.
    pub entry_size: u64,
}

impl Section {
    /// Whether the entries are strings that end in a zero byte.
    pub(crate) fn is_strings(&self) -> bool {
        self.flags & SHF_STRINGS != 0
    }

    /// Whether it has instructions.
    pub(crate) fn is_code(&self) -> bool {
        self.flags & SHF_EXECINSTR != 0
    }

    /// Whether the linker merges equal entries.
    pub(crate) fn is_mergeable(&self) -> bool {
        self.flags & SHF_MERGE != 0
    }
}

impl Elf {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| failure(path, &error.to_string());
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let most = length.min(HEAD);
        let mut head = Vec::with_capacity(most as usize);
        let read = (&file).take(most).read_to_end(&mut head);
        read.map_err(failed)?;
        Self::parse(path, file, length, head)
    }

    fn parse(path: &Path, file: File, length: u64, head: Vec<u8>) -> Result<Self> {
        let mut elf = Self {
            path: path.into(),
            file,
            length,
            head,
            sections: Vec::new(),
            names: Vec::new(),
        };
        let mut header = [0; 64];
        elf.read(&mut header, 0)?;
        if !header.starts_with(b"\x7fELF\x02\x01") {
            return Err(failure(path, "not a 64-bit little endian ELF file"));
        }
        let bad = || failure(path, "bad section headers");
        let table = u64_at(&header, 40).ok_or_else(bad)?;
        if u16_at(&header, 58) != Some(64) {
            return Err(bad());
        }
        let count = u16_at(&header, 60).ok_or_else(bad)?;
        elf.sections = elf.section_headers(table, u32::from(count).max(1))?;
        // Where there are more sections than fit in the header, the first section has the numbers.
        let first = *elf.sections.first().ok_or_else(bad)?;
        if count == 0 {
            let count = u32::try_from(first.size).map_err(|_| bad())?;
            elf.sections = elf.section_headers(table, count)?;
        }
        let names = u16_at(&header, 62).filter(|&index| index != SHN_XINDEX);
        let names = names.map_or(first.link, u32::from);
        let names = *elf.sections.get(names as usize).ok_or_else(bad)?;
        elf.names = elf.bytes(names.offset, names.size)?;
        Ok(elf)
    }

    fn section_headers(&self, table: u64, count: u32) -> Result<Vec<Section>> {
        let headers = self.bytes(table, u64::from(count) * 64)?;
        let sections = headers.chunks_exact(64).map(Section::parse);
        let sections: Option<_> = sections.collect();
        sections.ok_or_else(|| failure(&self.path, "bad section headers"))
    }

    pub(crate) fn section(&self, index: u32) -> Option<&Section> {
        self.sections.get(usize::try_from(index).ok()?)
    }

    pub(crate) fn section_name(&self, index: u32) -> &[u8] {
        self.section(index)
            .map_or(b"", |section| string(&self.names, section.name))
    }

    /// The sections that are part of the image, with their names.
    pub(crate) fn allocated(&self) -> impl Iterator<Item = (&[u8], &Section)> {
        let allocated = self.sections.iter();
        let allocated = allocated.filter(|section| section.flags & SHF_ALLOC != 0);
        allocated.map(|section| (string(&self.names, section.name), section))
    }

    /// The symbol table; empty where there is none.
    pub(crate) fn symbols(&self) -> Result<SymbolTable> {
        let mut sections = (0..).zip(&self.sections);
        let table = sections.find(|(_, section)| section.kind == SHT_SYMTAB);
        let Some((index, table)) = table else {
            return Ok(SymbolTable::default());
        };
        let names = self.sections.get(table.link as usize);
        let names = names.ok_or_else(|| failure(&self.path, "the symbol table has no strings"))?;
        Ok(SymbolTable {
            entries: self.entries(table, &self.wide_indexes(index)?)?,
            names: Names(self.bytes(names.offset, names.size)?),
        })
    }

    /// The section of each symbol of the table `symbols` whose section is numbered so high that its
    /// entry has no room for the number; empty where no section is.
    fn wide_indexes(&self, symbols: u32) -> Result<Vec<u8>> {
        let mut sections = self.sections.iter();
        let wide =
            sections.find(|section| section.kind == SHT_SYMTAB_SHNDX && section.link == symbols);
        wide.map_or(Ok(Vec::new()), |wide| self.bytes(wide.offset, wide.size))
    }

    /// Reads a symbol table, a part at a time.
    fn entries(&self, table: &Section, wide: &[u8]) -> Result<Vec<Entry>> {
        const PART: u64 = 4096 * ENTRY as u64;
        self.check_range(table.offset, table.size)?;
        let size = usize::try_from(table.size).unwrap_or(0);
        let mut entries = Vec::with_capacity(size / ENTRY);
        let mut buffer = vec![0; size.min(PART as usize)];
        let mut index = 0;
        let mut done = 0;
        while done < table.size {
            let size = usize::try_from(table.size - done).unwrap_or(usize::MAX);
            let size = size.min(buffer.len());
            let part = buffer.get_mut(..size).unwrap_or_default();
            self.read(part, table.offset + done)?;
            for entry in part.chunks_exact(ENTRY) {
                entries.extend(Entry::parse(entry, index, wide));
                index = index.wrapping_add(1);
            }
            done += PART;
        }
        Ok(entries)
    }

    /// Up to `most` bytes at `offset` of a section; fewer where it ends before.
    pub(crate) fn content(&self, section: &Section, offset: u64, most: u64) -> Result<Vec<u8>> {
        let size = section.size.saturating_sub(offset).min(most);
        match section.kind {
            SHT_NOBITS if size > MOST_ZEROS => {
                Err(failure(&self.path, "a constant is of too many zeros"))
            }
            SHT_NOBITS => Ok(vec![0; usize::try_from(size).unwrap_or(0)]),
            _ => self.bytes(section.offset.saturating_add(offset), size),
        }
    }

    /// The section of this name.
    pub(crate) fn section_named(&self, name: &[u8]) -> Option<&Section> {
        let mut sections = self.sections.iter();
        sections.find(|section| string(&self.names, section.name) == name)
    }

    fn bytes(&self, offset: u64, size: u64) -> Result<Vec<u8>> {
        self.check_range(offset, size)?;
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        self.read(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// Whether the file has so much.
    fn check_range(&self, offset: u64, size: u64) -> Result<()> {
        let end = offset.checked_add(size);
        match end.is_some_and(|end| end <= self.length) {
            true => Ok(()),
            false => Err(failure(&self.path, "the file is cut short")),
        }
    }

    fn read(&self, bytes: &mut [u8], offset: u64) -> Result<()> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let known = self.head.get(start..start.saturating_add(bytes.len()));
        if let Some(known) = known {
            bytes.copy_from_slice(known);
            return Ok(());
        }
        let read = self.file.read_exact_at(bytes, offset);
        read.map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => failure(&self.path, "the file is cut short"),
            _ => failure(&self.path, &error.to_string()),
        })
    }
}

impl Section {
    fn parse(header: &[u8]) -> Option<Self> {
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
}

fn failure(path: &Path, problem: &str) -> Error {
    Error::in_file(path, problem, "Remove the file and build again.")
}

/// The NUL-terminated string at `offset`.
fn string(strings: &[u8], offset: u32) -> &[u8] {
    let rest = strings.get(offset as usize..).unwrap_or_default();
    let end = find(rest, 0).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
