// SPDX-License-Identifier: GPL-2.0

//! A dump of a kernel's memory: a vmcore, or `/proc/kcore` of the running kernel.
//!
//! VMCOREINFO in the dump has the addresses of the tables and the KASLR offset of the dumped kernel. Only the
//! memory with the tables is read, because a dump can be larger than the memory of this machine. A dump has one
//! of two forms: `elf_core` reads memory from segments, `kdump` from compressed pages. Both forms read the file
//! through `file`, which hides whether the file is flattened, the form for pipes.

mod elf_core;
mod file;
mod kdump;
mod page;
mod vmcoreinfo;

use std::fmt;
use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use crate::words::Word;
use elf_core::ElfCore;
use file::DumpFile;
use kdump::Kdump;
use vmcoreinfo::Vmcoreinfo;

/// The entry of VMCOREINFO for the first table in memory.
const FIRST: &str = "SYMBOL(kallsyms_num_syms)";

/// The entry of VMCOREINFO for the first size table. The table takes 16 bytes with its padding. The next table
/// has one bit for each symbol.
const SIZES: &str = "SYMBOL(kallsyms_size_counts)";

/// The entry of VMCOREINFO for the first table of object files.
const OBJECTS: &str = "SYMBOL(kallsyms_object_counts)";

/// The most bytes that are read behind the first table.
const TABLES: u64 = 1 << 26;

/// A bound on the bytes of all tables from the last one that VMCOREINFO names: `TAIL_OF_SYMBOL` for each
/// symbol, and `TAIL` in addition.
const TAIL_OF_SYMBOL: u64 = 10;
const TAIL: u64 = 1 << 20;

/// The remedy for a dump that lacks VMCOREINFO or the memory with the tables.
const REMEDY: &str =
    "Give the vmlinux or the vmlinuz of that kernel, with the KERNELOFFSET of the dump as --offset.";

/// The remedy for a dump that is damaged.
const COPY: &str = "Copy the dump again, or give the vmlinux or the vmlinuz of that kernel.";

/// The part of a dump that has the tables.
pub(crate) struct Dump {
    pub(crate) memory: Vec<u8>,
    /// The address of the first byte of `memory`, a multiple of 8.
    pub(crate) start: u64,
    /// The KASLR offset: the number of bytes from an address of the link to the address in the dump.
    pub(crate) offset: u64,
    /// True if VMCOREINFO names the tables of object files.
    pub(crate) has_objects: bool,
    /// The reason why `memory` is shorter than the estimate for all tables.
    lack: Option<Lack>,
}

/// A form of a dump.
trait Form {
    /// The text of VMCOREINFO; `None` if the dump has none.
    fn vmcoreinfo(&self) -> io::Result<Option<Vec<u8>>>;

    /// The memory from `address`, an address in the image: at least one byte. The result has at most `most`
    /// bytes, or ends with a page.
    fn piece(
        &self,
        vmcoreinfo: &Vmcoreinfo<'_>,
        address: u64,
        most: u64,
    ) -> io::Result<std::result::Result<Vec<u8>, Lack>>;
}

/// The reason why a dump does not have a byte.
enum Lack {
    /// The dump was made without this memory.
    Absent,
    /// The file ends before this memory.
    CutShort,
    /// The page with this memory has this problem.
    Damaged(String),
}

impl Dump {
    /// Reads the dump in the file `path`; `None` if the file is no dump.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        let file = DumpFile::open(path)?;
        if let Some(core) = ElfCore::open(path, &file)? {
            return Self::of_form(path, &core).map(Some);
        }
        match Kdump::open(path, &file)? {
            Some(kdump) => Self::of_form(path, &kdump).map(Some),
            None => Ok(None),
        }
    }

    fn of_form(path: &Path, form: &impl Form) -> Result<Self> {
        let failed = |error: io::Error| Error::in_file(path, error.to_string(), COPY);
        let missing = |what: String| Error::in_file(path, what, REMEDY);
        let text = form.vmcoreinfo().map_err(failed)?;
        let text = text
            .ok_or_else(|| missing("the dump has no note VMCOREINFO of its kernel".to_owned()))?;
        let text = String::from_utf8_lossy(&text);
        let vmcoreinfo = Vmcoreinfo::parse(&text);
        let number = |name: &str| {
            let number = vmcoreinfo.hexadecimal(name);
            number.ok_or_else(|| missing(format!("VMCOREINFO of the dump has no {name}")))
        };
        let (first, offset) = (number(FIRST)?, number("KERNELOFFSET")?);
        let mut dump = Self {
            memory: Vec::new(),
            // Linux 7.2 and 7.3 align this table to 4 bytes only.
            start: first & !7,
            offset,
            has_objects: vmcoreinfo.hexadecimal(OBJECTS).is_some(),
            lack: None,
        };
        dump.read_to(form, &vmcoreinfo, 8).map_err(failed)?;
        let symbols = dump.memory.get((first & 7) as usize..);
        let symbols = u64::from(symbols.and_then(u32::of_bytes).unwrap_or(0));
        let size = vmcoreinfo.last_table().unwrap_or(first) - dump.start;
        // If the size table is cut short, the scanner mistakes the kernel for one without sizes.
        let certain = match vmcoreinfo.hexadecimal(SIZES) {
            Some(sizes) => {
                let bits = 16 + symbols.div_ceil(64) * 8;
                size.max(sizes.wrapping_sub(dump.start).saturating_add(bits))
            }
            None => size,
        };
        let size = size.saturating_add(TAIL + TAIL_OF_SYMBOL * symbols);
        dump.read_to(form, &vmcoreinfo, size.min(TABLES))
            .map_err(failed)?;
        match &dump.lack {
            Some(lack) if dump.memory.len() as u64 <= certain => Err(dump.lacking(path, lack)),
            _ => Ok(dump),
        }
    }

    /// Reads until `memory` has at least `size` bytes, or up to memory that the dump does not have.
    fn read_to(
        &mut self,
        form: &impl Form,
        vmcoreinfo: &Vmcoreinfo<'_>,
        size: u64,
    ) -> io::Result<()> {
        while self.lack.is_none() && (self.memory.len() as u64) < size {
            let left = size - self.memory.len() as u64;
            match form.piece(vmcoreinfo, self.end(), left)? {
                Ok(piece) => self.memory.extend(piece),
                Err(lack) => self.lack = Some(lack),
            }
        }
        Ok(())
    }

    /// The address after the last byte of `memory`.
    fn end(&self) -> u64 {
        self.start.wrapping_add(self.memory.len() as u64)
    }

    /// The failure that explains why `memory` lacks a table; `None` if `memory` is as long as wanted. `path` is
    /// the file of the dump.
    pub(crate) fn explains(&self, path: &Path) -> Option<Error> {
        self.lack.as_ref().map(|lack| self.lacking(path, lack))
    }

    fn lacking(&self, path: &Path, lack: &Lack) -> Error {
        let place = format!("the memory at {:#x}, where the tables are,", self.end());
        match lack {
            Lack::Absent => Error::in_file(path, format!("{place} is not in the dump"), REMEDY),
            _ => Error::in_file(path, format!("{place} cannot be read: {lack}"), COPY),
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => write!(f, "the dump does not have it"),
            Self::CutShort => write!(f, "the dump is cut short"),
            Self::Damaged(problem) => write!(f, "the page is damaged: {problem}"),
        }
    }
}
