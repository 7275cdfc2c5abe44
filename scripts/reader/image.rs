// SPDX-License-Identifier: GPL-2.0

//! A vmlinux: where its tables are, and what is in them.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::elf::{Elf, Symbol};
use crate::error::{Error, Result};

use super::{scan, vmlinuz};

/// A table of the kernel's kallsyms, without which there is nothing to show.
const KERNELS: &str = "kallsyms_names";
/// A table of ours.
const OURS: &str = "kallsyms_module_offsets";

/// What else is of interest.
const BOUNDS: [&[u8]; 5] = [b"_stext", b"_sinittext", b"_einittext", b"_etext", b"_end"];

const DAMAGED: &str = "The file is damaged, or cut short: copy or build it again.";

/// A vmlinux.
pub(super) struct Image {
    pub(super) path: PathBuf,
    elf: Elf,
    /// The addresses of tables and bounds, by name.
    places: HashMap<String, u64>,
}

impl Image {
    /// Opens a vmlinux, or what is inside of a vmlinuz, and finds the tables.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let elf = open(path)?;
        let by_symbols = by_symbols(&elf).map_err(|error| error.advise(DAMAGED))?;
        let has_symbols = by_symbols.is_some();
        let places = match by_symbols {
            Some(places) => places,
            None => scan::find(&elf).map_err(|error| error.advise(DAMAGED))?,
        };
        let image = Self {
            path: path.into(),
            elf,
            places,
        };
        match () {
            () if image.has(OURS) && image.has(KERNELS) => Ok(image),
            () if image.has(KERNELS) => Err(image.failure(
                "this kernel was built without CONFIG_KALLMODSYMS",
                "Build it with that option (README.md of kallmodsyms says how), and give its vmlinux.",
            )),
            () if has_symbols => Err(image.failure(
                "there are no tables of kallsyms: this is no vmlinux, or CONFIG_KALLSYMS is off",
                "Give the vmlinux of a kernel that was built with CONFIG_KALLMODSYMS.",
            )),
            () => Err(image.failure(
                "there is no symbol table, and no tables of kallsyms are found in its sections",
                "Give the vmlinux of the build directory, or of the package with debugging symbols.",
            )),
        }
    }

    /// Whether there is a table of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// The address of a table or of a symbol of [`BOUNDS`].
    pub(super) fn address(&self, name: &str) -> Option<u64> {
        self.places.get(name).copied()
    }

    /// A failure that is about this file.
    pub(super) fn failure(&self, problem: impl Into<String>, remedy: &str) -> Error {
        Error::in_file(&self.path, problem, remedy)
    }

    /// A failure that is about what is in some tables.
    pub(super) fn refused(&self, tables: &str, error: impl std::fmt::Display) -> Error {
        self.failure(format!("{tables} are damaged: {error}"), DAMAGED)
    }

    fn find(&self, name: &str) -> Result<u64> {
        self.address(name).ok_or_else(|| {
            self.failure(
                format!("there is no table {name}"),
                "This program knows the tables of Linux 6.12, 7.2 and 7.3: use the one of that kernel's own \
                 build, kernel/kallmodsyms/scripts/kallmodsyms.",
            )
        })
    }

    /// The first `size` bytes of a table.
    pub(super) fn bytes(&self, name: &str, size: u64) -> Result<Vec<u8>> {
        let address = self.find(name)?;
        let bytes = self.elf.at_address(address, size);
        let bytes = bytes.map_err(|error| error.advise(DAMAGED))?;
        bytes.ok_or_else(|| {
            self.failure(
                format!("{name} ({size} bytes at {address:#x}) is not in the image"),
                DAMAGED,
            )
        })
    }

    /// The bytes from one table to the next, and maybe padding.
    pub(super) fn between(&self, name: &str, next: &str) -> Result<Vec<u8>> {
        let size = self.find(next)?.checked_sub(self.find(name)?);
        let not_behind = || self.failure(format!("{next} is not behind {name}"), DAMAGED);
        self.bytes(name, size.ok_or_else(not_behind)?)
    }

    pub(super) fn u32s(&self, name: &str, count: usize) -> Result<Vec<u32>> {
        self.numbers(name, count, u32::from_le_bytes)
    }

    pub(super) fn u64s(&self, name: &str, count: usize) -> Result<Vec<u64>> {
        self.numbers(name, count, u64::from_le_bytes)
    }

    pub(super) fn u32(&self, name: &str) -> Result<u32> {
        let numbers = self.u32s(name, 1)?;
        Ok(numbers.first().copied().unwrap_or(0))
    }

    pub(super) fn u64(&self, name: &str) -> Result<u64> {
        let numbers = self.u64s(name, 1)?;
        Ok(numbers.first().copied().unwrap_or(0))
    }

    fn numbers<const N: usize, T>(
        &self,
        name: &str,
        count: usize,
        number: fn([u8; N]) -> T,
    ) -> Result<Vec<T>> {
        let bytes = self.bytes(name, (count as u64).saturating_mul(N as u64))?;
        Ok(numbers(&bytes, number).collect())
    }
}

/// The numbers that `bytes` are.
pub(super) fn numbers<'b, const N: usize, T: 'b>(
    bytes: &'b [u8],
    number: fn([u8; N]) -> T,
) -> impl Iterator<Item = T> + Clone + 'b {
    let chunks = bytes.chunks_exact(N);
    chunks.filter_map(move |chunk| chunk.first_chunk().copied().map(number))
}

fn open(path: &Path) -> Result<Elf> {
    const GIVE: &str = "Give the vmlinux of a 64-bit little endian kernel, or a vmlinuz of x86.";
    let failed = |error: std::io::Error| Error::in_file(path, error.to_string(), GIVE);
    // To open a pipe waits for who writes, and a device has no end.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(Error::in_file(path, "this is not a regular file", GIVE));
    }
    let mut head = Vec::new();
    let file = File::open(path).map_err(failed)?;
    let read = (&file).take(vmlinuz::HEAD).read_to_end(&mut head);
    read.map_err(failed)?;
    let elf = if vmlinuz::is_one(&head) {
        let rest = vmlinuz::length(&head).saturating_sub(vmlinuz::HEAD);
        file.take(rest).read_to_end(&mut head).map_err(failed)?;
        Elf::in_memory(path, vmlinuz::unpack(path, &head)?)
    } else {
        Elf::open(path)
    };
    elf.map_err(|error| error.advise(GIVE))
}

/// The addresses of tables and bounds; `None` where there is no symbol table.
fn by_symbols(elf: &Elf) -> Result<Option<HashMap<String, u64>>> {
    let table = elf.symbols()?;
    if table.entries.is_empty() {
        return Ok(None);
    }
    let symbols = table.entries.iter().filter_map(|entry| table.named(entry));
    let of_interest = symbols
        .filter(|symbol| symbol.name.starts_with(b"kallsyms_") || BOUNDS.contains(&symbol.name));
    let place = |symbol: Symbol<'_>| {
        let name = std::str::from_utf8(symbol.name).ok()?;
        Some((name.to_owned(), symbol.value))
    };
    Ok(Some(of_interest.filter_map(place).collect()))
}
