// SPDX-License-Identifier: GPL-2.0

//! The image of a kernel: the places of its tables, by their symbols or by the scanner, and their
//! bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use crate::elf::Elf;
use crate::error::{Error, Result};
use crate::scanner;
use crate::words::{words, Word};

/// A table of the kernel's kallsyms. A kernel without it has no symbols to show.
const KERNELS: &str = "kallsyms_names";
/// A table of the generator.
const OURS: &str = "kallsyms_module_offsets";

/// The first letters of the name of each table.
const TABLE: &[u8] = b"kallsyms_";

/// Symbols at the ends of sections.
const BOUNDS: [&[u8]; 5] = [b"_stext", b"_sinittext", b"_einittext", b"_etext", b"_end"];

pub(crate) const DAMAGED: &str = "The file is damaged, or cut short: copy or build it again.";

/// The image of a kernel.
pub(crate) struct Image<'d> {
    path: &'d Path,
    elf: Elf<'d>,
    /// The addresses of tables and bounds, by name.
    places: HashMap<Cow<'d, str>, u64>,
}

impl<'d> Image<'d> {
    /// Finds the tables of the kernel in `bytes`, a vmlinux; `path` is its path.
    pub(crate) fn find(path: &'d Path, bytes: &'d [u8]) -> Result<Self> {
        let elf = Elf::parse(path, bytes)?;
        let by_symbols = by_symbols(&elf)?;
        let has_symbols = by_symbols.is_some();
        let places = match by_symbols {
            Some(places) => places,
            None => scanner::find(&elf)?,
        };
        let image = Self { path, elf, places };
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

    /// A failure in the content of some tables.
    pub(crate) fn refused(&self, tables: &str, error: impl std::fmt::Display) -> Error {
        self.failure(format!("{tables} are damaged: {error}"), DAMAGED)
    }

    /// The first `size` bytes of a table.
    pub(crate) fn bytes(&self, name: &str, size: u64) -> Result<&'d [u8]> {
        let address = self.place(name)?;
        self.elf.at_address(address, size)?.ok_or_else(|| {
            self.failure(
                format!("{name} ({size} bytes at {address:#x}) is not in the image"),
                DAMAGED,
            )
        })
    }

    /// The bytes from one table to the next, with the padding between, if any.
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

/// The addresses of tables and bounds; `None` without a symbol table.
fn by_symbols<'d>(elf: &Elf<'d>) -> Result<Option<HashMap<Cow<'d, str>, u64>>> {
    let is_of_interest =
        |(name, _): &(&[u8], u64)| name.starts_with(TABLE) || BOUNDS.contains(name);
    let place = |(name, address)| Some((std::str::from_utf8(name).ok()?.into(), address));
    let symbols = elf.symbols()?;
    Ok(symbols.map(|symbols| symbols.filter(is_of_interest).filter_map(place).collect()))
}
