// SPDX-License-Identifier: GPL-2.0

//! Reads vmlinux: its symbols, its sections and its tables.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail, Context, Result};
use object::{Object, ObjectSection, ObjectSymbol};

use crate::elf::{self, Entry};
use crate::names::Names;

/// A symbol that every kernel has. If the base of kallsyms is 0, the checker finds the base with this symbol.
pub const FIRST: &str = "_text";

/// The outputs of the link that the build strips to vmlinux. Linux 7.2 and later always have such a file, Linux
/// 6.12 only for a relocatable kernel of riscv.
const LINKED: &[&str] = &["vmlinux.unstripped", "vmlinux.relocs"];

/// A section that the kernel loads.
pub struct Section {
    pub name: String,
    pub address: u64,
    pub size: u64,
    /// The range of the section's bytes in the file; `None` for bss.
    pub bytes: Option<Range<usize>>,
}

/// The vmlinux that the linker wrote.
pub struct Image {
    path: PathBuf,
    file: Vec<u8>,
    little_endian: bool,
    pub sections: Vec<Section>,
    /// The addresses of the symbols whose names begin with `kallsyms_`, and of [`FIRST`].
    tables: HashMap<String, u64>,
}

impl Image {
    /// Reads the vmlinux of a build as the linker wrote it, before the build strips it.
    pub fn read(build: &Path) -> Result<Self> {
        let mut linked = LINKED.iter().map(|name| build.join(name));
        let path = linked
            .find(|path| path.exists())
            .unwrap_or_else(|| build.join("vmlinux"));
        let context = || path.display().to_string();
        let data = fs::read(&path).with_context(context)?;
        let file = object::File::parse(&*data).with_context(context)?;
        let mut sections = Vec::new();
        for section in file.sections() {
            let object::SectionFlags::Elf { sh_flags } = section.flags() else {
                bail!("{}: not an ELF file", path.display());
            };
            if sh_flags & u64::from(object::elf::SHF_ALLOC) != 0 {
                sections.push(Section {
                    name: section.name().with_context(context)?.to_owned(),
                    address: section.address(),
                    size: section.size(),
                    bytes: section.file_range().and_then(range),
                });
            }
        }
        let tables = file
            .symbols()
            .filter_map(|symbol| Some((symbol.name().ok()?.to_owned(), symbol.address())))
            .filter(|(name, _)| name.starts_with("kallsyms_") || name == FIRST)
            .collect();
        let little_endian = file.is_little_endian();
        Ok(Self {
            path,
            file: data,
            little_endian,
            sections,
            tables,
        })
    }

    /// The entries of the symbol table, in the order of the table.
    pub fn symbols(&self, names: &mut Names) -> Result<Vec<Entry>> {
        let context = || self.path.display().to_string();
        let file = object::File::parse(&*self.file).with_context(context)?;
        let entries = elf::entries(&file, names).with_context(context)?;
        if entries.is_empty() {
            bail!("{}: no symbols: it was stripped", self.path.display());
        }
        Ok(entries)
    }

    /// The number of bytes from symbol `first` to symbol `last`. `None` if vmlinux lacks one of these symbols, or if
    /// `last` comes first.
    pub fn span(&self, first: &str, last: &str) -> Option<u64> {
        self.tables.get(last)?.checked_sub(*self.tables.get(first)?)
    }

    /// The address of the symbol `table`: a symbol of kallsyms, or [`FIRST`]. `None` if vmlinux has no such symbol.
    pub fn address(&self, table: &str) -> Option<u64> {
        self.tables.get(table).copied()
    }

    /// The bytes from the symbol `table` to the end of its section.
    pub fn table(&self, table: &str) -> Result<Table<'_>> {
        let &address = self.tables.get(table).ok_or_else(|| {
            anyhow!(
                "{}: no symbol {table}: is CONFIG_KALLMODSYMS set?",
                self.path.display()
            )
        })?;
        let bytes = self.sections.iter().find_map(|section| {
            let start = usize::try_from(address.checked_sub(section.address)?).ok()?;
            let bytes = self.file.get(section.bytes.clone()?)?.get(start..)?;
            Some(bytes).filter(|bytes| !bytes.is_empty())
        });
        let bytes = bytes.ok_or_else(|| anyhow!("{table}: {address:#x} is in no section"))?;
        Ok(Table {
            name: table.to_owned(),
            bytes,
            little_endian: self.little_endian,
        })
    }
}

/// The range of `size` bytes from `start` on.
fn range((start, size): (u64, u64)) -> Option<Range<usize>> {
    let end = start.checked_add(size)?;
    Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

/// The bytes of vmlinux from the start of a table to the end of its section.
pub struct Table<'a> {
    name: String,
    pub bytes: &'a [u8],
    little_endian: bool,
}

impl<'a> Table<'a> {
    /// The first `count` bytes.
    pub fn take(&self, count: usize) -> Result<&'a [u8]> {
        self.bytes
            .get(..count)
            .ok_or_else(|| anyhow!("{}: {count} bytes are more than its section has", self.name))
    }

    /// The first 64-bit word.
    pub fn u64(&self) -> Result<u64> {
        let bytes = self.take(8)?.try_into()?;
        Ok(match self.little_endian {
            true => u64::from_le_bytes(bytes),
            false => u64::from_be_bytes(bytes),
        })
    }

    /// The first 32-bit word.
    pub fn u32(&self) -> Result<u32> {
        Ok(self.u32s(1)?[0])
    }

    /// The first `count` 32-bit words.
    pub fn u32s(&self, count: usize) -> Result<Vec<u32>> {
        let words = self.take(count.saturating_mul(4))?.chunks_exact(4);
        Ok(words
            .map(|word| {
                let word = [word[0], word[1], word[2], word[3]];
                match self.little_endian {
                    true => u32::from_le_bytes(word),
                    false => u32::from_be_bytes(word),
                }
            })
            .collect())
    }

    /// The first `count` 16-bit words.
    pub fn u16s(&self, count: usize) -> Result<Vec<u16>> {
        let words = self.take(count.saturating_mul(2))?.chunks_exact(2);
        Ok(words
            .map(|word| match self.little_endian {
                true => u16::from_le_bytes([word[0], word[1]]),
                false => u16::from_be_bytes([word[0], word[1]]),
            })
            .collect())
    }
}
