// SPDX-License-Identifier: GPL-2.0

//! Finds the tables in the image of a kernel, by their symbols or with the scanner, and reads their bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use memchr::memmem;
use object::elf::{R_AARCH64_RELATIVE, R_RISCV_RELATIVE};

use crate::dump::Dump;
use crate::elf::{Elf, Section};
use crate::error::{Error, Result};
use crate::raw_image::Machine;
use crate::scanner;
use crate::words::{words, Word};

/// A table of scripts/kallsyms. A kernel without this table has no symbols to show.
const KALLSYMS_NAMES: &str = "kallsyms_names";
/// A table of the generator.
const MODULE_OFFSETS: &str = "kallsyms_module_offsets";
/// The generator's table with the address of `_text` at link time.
const MODULE_BASE: &str = "kallsyms_module_base";
/// The first table of object files.
const OBJECT_COUNTS: &str = "kallsyms_object_counts";

/// A bound on the length of an image, because offsets in an image have 32 bits.
const LARGEST: u64 = 1 << 32;

/// The first letters of the name of each table.
const TABLE: &[u8] = b"kallsyms_";

/// Symbols at the start or the end of code, and at the end of the image.
const BOUNDS: [&[u8]; 5] = [b"_stext", b"_sinittext", b"_einittext", b"_etext", b"_end"];

pub(crate) const DAMAGED: &str = "The file is damaged, or cut short: copy or build it again.";

/// The addresses of the tables and of the symbols in [`BOUNDS`], by name.
type TableAddresses<'d> = HashMap<Cow<'d, str>, u64>;

/// The image of a kernel.
pub(crate) struct Image<'d> {
    path: &'d Path,
    /// The whole file, or the memory of a dump.
    file: &'d [u8],
    memory: Memory<'d>,
    places: TableAddresses<'d>,
}

/// The bytes of the image, by address.
enum Memory<'d> {
    /// Each section has an address.
    Sections(Elf<'d>),
    /// The file is the memory from the address `start` on. Unless `is_known`, `start` is only a guess.
    Flat { start: u64, is_known: bool },
    /// The bytes of a dump.
    Dump(&'d Dump),
}

impl<'d> Image<'d> {
    /// Finds the tables of the kernel in `bytes`, the content of the vmlinux or Image `path`.
    pub(crate) fn find(path: &'d Path, bytes: &'d [u8]) -> Result<Self> {
        let image = match Machine::of(bytes) {
            Some(machine) => Self::of_raw(path, bytes, machine),
            None => Self::of_elf(path, bytes)?,
        };
        image.with_tables()
    }

    /// Finds the tables of the kernel in `dump`, the content of the file `path`.
    pub(crate) fn of_dump(path: &'d Path, dump: &'d Dump) -> Result<Self> {
        let image = Self {
            path,
            file: &dump.memory,
            memory: Memory::Dump(dump),
            places: places(scanner::find(&dump.memory).unwrap_or_default(), dump.start),
        };
        let has_objects = image.has(OBJECT_COUNTS) || !dump.has_objects;
        match (
            image.has(KALLSYMS_NAMES) && has_objects,
            dump.explains(path),
        ) {
            (false, Some(lack)) => Err(lack),
            (false, None) if !has_objects => Err(image.failure(
                "the tables of object files, which VMCOREINFO names, are damaged",
                DAMAGED,
            )),
            _ => image.with_tables(),
        }
    }

    /// The image, if it has the tables of scripts/kallsyms and of the generator.
    fn with_tables(self) -> Result<Self> {
        match () {
            () if self.has(MODULE_OFFSETS) && self.has(KALLSYMS_NAMES) => Ok(self),
            () if self.has(KALLSYMS_NAMES) => Err(self.failure(
                "this kernel was built without CONFIG_KALLMODSYMS",
                "Build it with that option (README.md of kallmodsyms says how), and give its vmlinux.",
            )),
            () => Err(self.failure(
                "there is no symbol table, and no tables of kallsyms are found by their content",
                "Give the vmlinux of the build directory, or of the package with debugging symbols.",
            )),
        }
    }

    fn of_elf(path: &'d Path, file: &'d [u8]) -> Result<Self> {
        let elf = Elf::parse(path, file)?;
        let by_symbols = by_symbols(&elf)?;
        let failed = |problem: &str, remedy: &str| Err(Error::in_file(path, problem, remedy));
        if elf.is_debug_only() {
            return failed(
                "this file has only debugging information: the bytes of the kernel were taken out",
                "Give the vmlinux or the vmlinuz that it belongs to.",
            );
        }
        let has_tables = |places: &TableAddresses<'_>| places.contains_key(KALLSYMS_NAMES);
        if by_symbols
            .as_ref()
            .is_some_and(|places| !has_tables(places))
        {
            return failed(
                "there are no tables of kallsyms: this is no vmlinux, or CONFIG_KALLSYMS is off",
                "Give the vmlinux of a kernel that was built with CONFIG_KALLMODSYMS.",
            );
        }
        let places = match by_symbols {
            Some(places) => places,
            None => in_sections(&elf)?,
        };
        Ok(Self {
            path,
            file,
            memory: Memory::Sections(elf),
            places,
        })
    }

    fn of_raw(path: &'d Path, file: &'d [u8], machine: Machine) -> Self {
        let found = scanner::find(file).unwrap_or_default();
        let text = found.iter().find(|(name, _)| *name == MODULE_BASE);
        // On riscv, `_text` is above the start of the file: see `knows_addresses()`.
        let start = text.and_then(|&(_, at)| u64::of_bytes(file.get(at..)?));
        let start = start.unwrap_or(0);
        Self {
            path,
            file,
            memory: Memory::Flat {
                start,
                is_known: machine == Machine::Arm64,
            },
            places: places(found, start),
        }
    }

    /// Return: true if the file has the addresses of its bytes. An Image of arm64 starts at `_text`. An Image
    /// of riscv starts at an unknown distance below `_text`.
    pub(crate) fn knows_addresses(&self) -> bool {
        match self.memory {
            Memory::Sections(_) | Memory::Dump(_) => true,
            Memory::Flat { is_known, .. } => is_known,
        }
    }

    /// The KASLR offset of a dump; `None` if the image has the addresses of the link.
    pub(crate) fn boot_offset(&self) -> Option<u64> {
        match self.memory {
            Memory::Dump(dump) => Some(dump.offset),
            _ => None,
        }
    }

    /// The value that a kernel, when it starts, writes to the word at `address`. The table of relocations in
    /// the image has that value.
    ///
    /// ```text
    /// place 78 56 34 82 00 80 ff ff, type 03 04 00 00 00 00 00 00, address 00 00 00 80 00 80 ff ff
    /// ```
    pub(crate) fn relocated(&self, address: u64) -> Option<u64> {
        let kinds =
            [R_AARCH64_RELATIVE, R_RISCV_RELATIVE].map(|kind| u64::from(kind).to_le_bytes());
        kinds.iter().find_map(|kind| {
            let row = [address.to_le_bytes(), *kind].concat();
            let after = memmem::find(self.file, &row)?.checked_add(row.len())?;
            u64::of_bytes(self.file.get(after..)?)
        })
    }

    /// The file.
    pub(crate) fn path(&self) -> &'d Path {
        self.path
    }

    /// Return: true if the image has a table of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// The address of a table or of a symbol of [`BOUNDS`].
    pub(crate) fn address(&self, name: &str) -> Option<u64> {
        self.places.get(name).copied()
    }

    /// A failure in this file.
    pub(crate) fn failure(&self, problem: impl Into<String>, remedy: &str) -> Error {
        Error::in_file(self.path, problem, remedy)
    }

    /// The failure that the content of `tables` is damaged.
    pub(crate) fn refused(&self, tables: &str, error: impl std::fmt::Display) -> Error {
        self.failure(format!("{tables} are damaged: {error}"), DAMAGED)
    }

    /// The first `size` bytes of a table.
    pub(crate) fn bytes(&self, name: &str, size: u64) -> Result<&'d [u8]> {
        let address = self.place(name)?;
        let start = match &self.memory {
            Memory::Sections(elf) => {
                let bytes = elf.at_address(address, size)?;
                return bytes.ok_or_else(|| self.outside(name, address, size));
            }
            Memory::Flat { start, .. } => *start,
            Memory::Dump(dump) => dump.start,
        };
        let bytes = at_distance(self.file, address.checked_sub(start), size);
        bytes.ok_or_else(|| self.outside(name, address, size))
    }

    /// The failure that a table is outside of the image.
    fn outside(&self, name: &str, address: u64, size: u64) -> Error {
        let lack = match &self.memory {
            Memory::Dump(dump) => dump.explains(self.path),
            _ => None,
        };
        lack.unwrap_or_else(|| {
            self.failure(
                format!("{name} ({size} bytes at {address:#x}) is not in the image"),
                DAMAGED,
            )
        })
    }

    /// The bytes from the table `name` to the table `next`, with the padding between them.
    pub(crate) fn between(&self, name: &str, next: &str) -> Result<&'d [u8]> {
        let size = self.place(next)?.checked_sub(self.place(name)?);
        let not_after = || self.failure(format!("{next} is not after {name}"), DAMAGED);
        self.bytes(name, size.ok_or_else(not_after)?)
    }

    /// The first `count` numbers of a table.
    pub(crate) fn words<T: Word>(&self, name: &str, count: usize) -> Result<Cow<'d, [T]>> {
        let size = (count as u64).saturating_mul(size_of::<T>() as u64);
        Ok(words(self.bytes(name, size)?))
    }

    /// The only number of a table.
    pub(crate) fn word<T: Word>(&self, name: &str) -> Result<T> {
        let bytes = self.bytes(name, size_of::<T>() as u64)?;
        T::of_bytes(bytes).ok_or_else(|| self.failure(format!("{name} is cut short"), DAMAGED))
    }

    fn place(&self, name: &str) -> Result<u64> {
        self.address(name).ok_or_else(|| {
            self.failure(
                format!("there is no table {name}"),
                "This program knows the tables of Linux 6.12, 7.2 and 7.3: use the one that `make tool` \
                 builds in the repository of kallmodsyms that this kernel was built with.",
            )
        })
    }
}

/// The addresses of the tables and of [`BOUNDS`] by the symbols of `elf`; `None` if it has no symbols.
fn by_symbols<'d>(elf: &Elf<'d>) -> Result<Option<TableAddresses<'d>>> {
    let is_of_interest =
        |(name, _): &(&[u8], u64)| name.starts_with(TABLE) || BOUNDS.contains(name);
    let place = |(name, address)| Some((std::str::from_utf8(name).ok()?.into(), address));
    let symbols = elf.symbols()?;
    Ok(symbols.map(|symbols| symbols.filter(is_of_interest).filter_map(place).collect()))
}

/// The addresses of the tables that the scanner finds in a section; empty if it finds none.
fn in_sections<'d>(elf: &Elf<'d>) -> Result<TableAddresses<'d>> {
    let is_data = |section: &Section<'_>| !section.is_code && section.size >= scanner::SMALLEST;
    let mut left = LARGEST;
    for section in elf.loaded().filter(is_data) {
        // In a malicious file, many sections may have the same bytes: limit the bytes that are searched.
        let Some(rest) = left.checked_sub(section.size) else {
            break;
        };
        left = rest;
        if let Some(found) = scanner::find(elf.content(&section)?) {
            return Ok(places(found, section.address));
        }
    }
    Ok(TableAddresses::new())
}

/// The addresses of the tables that the scanner found in bytes that begin at the address `start`.
fn places<'d>(found: Vec<scanner::FoundTable>, start: u64) -> TableAddresses<'d> {
    let address = |at| start.wrapping_add(at as u64);
    let places = found.into_iter();
    places
        .map(|(name, at)| (Cow::Borrowed(name), address(at)))
        .collect()
}

/// The `size` bytes that begin `distance` bytes behind the start of `bytes`.
fn at_distance(bytes: &[u8], distance: Option<u64>, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(distance?).ok()?;
    bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)
}
