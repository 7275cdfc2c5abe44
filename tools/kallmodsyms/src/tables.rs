// SPDX-License-Identifier: GPL-2.0

//! The tables of a kernel: read from its image, and checked with the kernel's own code.

use std::borrow::Cow;
use std::path::Path;

use crate::addresses::Addresses;
use crate::error::{Error, Result};
use crate::format::layout::{Counts, Table};
use crate::format::object_layout::ObjectCounts;
use crate::format::objects::{ObjectTables, RawObjects};
use crate::format::ranges::{ModuleTables, RawTables};
use crate::format::sizes::{RawSizes, SizeTables};
use crate::format::symbols::SymbolNames;
use crate::format::tokens::{Tokens, TOKENS};
use crate::format::walk::Tables;
use crate::image::Image;
use crate::words::{word_array, words, Word};

/// The tables of a kernel.
pub(crate) struct KernelTables<'d> {
    image: Image<'d>,
    /// The number of symbols.
    len: u32,
    stream: &'d [u8],
    markers: Cow<'d, [u32]>,
    token_table: &'d [u8],
    token_index: [u16; TOKENS],
    pub(crate) addresses: Addresses<'d>,
    modules: Modules<'d>,
    /// `None` if sizes are not stored.
    sizes: Option<Sizes<'d>>,
    /// `None` if object files are not stored.
    objects: Option<Objects<'d>>,
}

/// The tables of a kernel, checked.
pub(crate) type Checked<'t, 'a, 'd> = Tables<'t, 'a, Addresses<'d>, Option<&'t ObjectTables<'a>>>;

/// See [`RawTables`].
struct Modules<'d> {
    offsets: Cow<'d, [u32]>,
    modules: Cow<'d, [u32]>,
    exceptions: Cow<'d, [u32]>,
    exception_modules: Cow<'d, [u32]>,
    names: &'d [u8],
}

/// See [`RawSizes`].
struct Sizes<'d> {
    bits: Cow<'d, [u64]>,
    bit_ranks: Cow<'d, [u32]>,
    nibbles: &'d [u8],
    nibble_ranks: Cow<'d, [u32]>,
    values: Cow<'d, [u32]>,
    bytes: &'d [u8],
    byte_ranks: Cow<'d, [u32]>,
    words: Cow<'d, [u64]>,
}

/// See [`RawObjects`].
struct Objects<'d> {
    objects: u32,
    runs: &'d [u8],
    markers: Cow<'d, [u32]>,
    names: &'d [u8],
    name_offsets: Cow<'d, [u32]>,
    directory_starts: Cow<'d, [u32]>,
    directory_offsets: Cow<'d, [u32]>,
    directories: &'d [u8],
}

/// The generator's tables in an image, which rust/format/tables/layout.rs describes.
#[derive(Clone, Copy)]
struct Linked<'i, 'd> {
    image: &'i Image<'d>,
    /// The counts that were read so far.
    counts: Counts,
}

impl<'d> KernelTables<'d> {
    /// Reads the tables of `image`. Addresses of the image are moved by `offset` bytes.
    pub(crate) fn read(image: Image<'d>, offset: u64) -> Result<Self> {
        if usize::BITS < u64::BITS {
            return Err(Error::new(
                "this program was built for a machine whose words are too short for addresses of kernels",
                "Build it on, and for, a 64-bit machine.",
            ));
        }
        if image.boot_offset().is_some() && offset != 0 {
            return Err(image.failure(
                "a dump has the addresses of its boot",
                "Leave out --offset.",
            ));
        }
        let len = image.word("kallsyms_num_syms")?;
        let index = image.bytes("kallsyms_token_index", 2 * TOKENS as u64)?;
        let markers = image.between("kallsyms_markers", "kallsyms_token_table")?;
        let linked = Linked {
            image: &image,
            counts: Counts {
                symbols: len,
                ..Counts::default()
            },
        };
        let mut kernel = Self {
            len,
            stream: image.between("kallsyms_names", "kallsyms_markers")?,
            markers: words(markers),
            token_table: image.between("kallsyms_token_table", "kallsyms_token_index")?,
            token_index: word_array(index),
            addresses: Addresses::read(&image, len, offset)?,
            modules: Modules::read(linked)?,
            sizes: match image.has(Table::SizeCounts.label()) {
                true => Some(Sizes::read(linked)?),
                false => None,
            },
            objects: match image.has(Table::ObjectCounts.label()) {
                true => Some(Objects::read(linked)?),
                false => None,
            },
            image,
        };
        if !kernel.image.knows_addresses() || kernel.addresses.are_from_base(offset) {
            kernel.find_addresses(offset)?;
        }
        Ok(kernel)
    }

    /// Finds the base of the addresses if the file does not have it.
    ///
    /// `kallsyms_relative_base` is an address, which a relocatable kernel corrects when it starts. On arm64 and
    /// riscv, the file can have 0 there, and the correct address is in the table of relocations. A vmlinux of
    /// riscv lacks that table, too. In an Image of riscv, even the address of the first byte is unknown. But
    /// the generator's table `kallsyms_module_base` has the address of `_text` as a plain number. The address
    /// of one symbol in kallsyms, `_text` or else `_stext`, is enough to compute the base.
    fn find_addresses(&mut self, offset: u64) -> Result<()> {
        let mut words = Box::new([[0; TOKENS]; 5]);
        // `checked()` reports damaged tables.
        let Ok(tokens) = Tokens::new(self.token_table, &self.token_index, &mut words) else {
            return Ok(());
        };
        let Ok(names) = SymbolNames::new(self.stream, &self.markers, self.len, &tokens) else {
            return Ok(());
        };
        let stext = self.image.address("_stext");
        let known = [
            ("_text", Some(self.addresses.text)),
            // Without KALLSYMS_ALL, _text is in kallsyms only if it is the start of section .text.
            ("_stext", stext.map(|address| address.wrapping_add(offset))),
        ];
        for (name, address) in known {
            let symbol = symbol_named(name, &names, &tokens);
            let set = symbol.zip(address);
            if set
                .and_then(|(symbol, address)| self.addresses.set_address(symbol, address))
                .is_some()
            {
                return Ok(());
            }
        }
        let base = self.image.address("kallsyms_relative_base");
        let base = base.and_then(|place| self.image.relocated(place));
        if base
            .and_then(|base| self.addresses.set_base(base.wrapping_add(offset)))
            .is_some()
        {
            return Ok(());
        }
        Err(self.failure(
            "the base of its addresses is not known: it has neither kallsyms_relative_base nor the address of _text or _stext",
            "Give a vmlinux that has its symbol table.",
        ))
    }

    /// A failure in the file of the kernel.
    pub(crate) fn failure(&self, problem: impl Into<String>, remedy: &str) -> Error {
        self.image.failure(problem, remedy)
    }

    /// Return: true if the addresses are those of one boot, as in a dump.
    pub(crate) fn is_of_one_boot(&self) -> bool {
        self.image.boot_offset().is_some()
    }

    /// The file of the kernel.
    pub(crate) fn path(&self) -> &'d Path {
        self.image.path()
    }

    /// The offsets from `_text` at which the ranges of modules begin. Sorted.
    pub(crate) fn range_starts(&self) -> &[u32] {
        &self.modules.offsets
    }

    /// The number of symbols.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Calls `with` with the tables, if they pass the checks.
    pub(crate) fn checked<T>(
        &self,
        with: impl FnOnce(&Checked<'_, '_, 'd>) -> Result<T>,
    ) -> Result<T> {
        let of_kernel = |error| self.image.refused("the tables of kallsyms", error);
        let mut words = Box::new([[0; TOKENS]; 5]);
        let tokens = Tokens::new(self.token_table, &self.token_index, &mut words);
        let tokens = tokens.map_err(of_kernel)?;
        let names = SymbolNames::new(self.stream, &self.markers, self.len, &tokens);
        let names = names.map_err(of_kernel)?;
        let modules = ModuleTables::new(self.modules.raw());
        let modules = modules.map_err(|error| self.image.refused("the module tables", error))?;
        let sizes = self.sizes.as_ref();
        let sizes = sizes.map(|sizes| SizeTables::new(sizes.raw(), self.len));
        let sizes = sizes.transpose();
        let sizes = sizes.map_err(|error| self.image.refused("the size tables", error))?;
        let objects = self.objects.as_ref();
        let objects = objects.map(|objects| ObjectTables::new(objects.raw(), self.len));
        let objects = objects.transpose();
        let refused = |error| self.image.refused("the tables of object files", error);
        let objects = objects.map_err(refused)?;
        with(&Tables {
            names: &names,
            tokens: &tokens,
            places: &self.addresses,
            modules: &modules,
            sizes: sizes.as_ref(),
            objects: objects.as_ref(),
        })
    }
}

impl<'d> Linked<'_, 'd> {
    fn bytes(&self, table: Table) -> Result<&'d [u8]> {
        self.image.bytes(table.label(), table.size(&self.counts))
    }

    fn words<T: Word>(&self, table: Table) -> Result<Cow<'d, [T]>> {
        self.bytes(table).map(words)
    }

    /// The numbers of a table of `N` counts.
    fn numbers<const N: usize>(&self, table: Table) -> Result<[u32; N]> {
        self.bytes(table).map(word_array)
    }
}

impl<'d> Modules<'d> {
    fn read(mut linked: Linked<'_, 'd>) -> Result<Self> {
        [linked.counts.ranges] = linked.numbers(Table::RangeCount)?;
        [linked.counts.exceptions] = linked.numbers(Table::ExceptionCount)?;
        [linked.counts.names] = linked.numbers(Table::NamesLength)?;
        Ok(Self {
            offsets: linked.words(Table::RangeOffsets)?,
            modules: linked.words(Table::RangeModules)?,
            exceptions: linked.words(Table::ExceptionSymbols)?,
            exception_modules: linked.words(Table::ExceptionModules)?,
            names: linked.bytes(Table::Names)?,
        })
    }

    fn raw(&self) -> RawTables<'_> {
        RawTables {
            offsets: &self.offsets,
            modules: &self.modules,
            exceptions: &self.exceptions,
            exception_modules: &self.exception_modules,
            names: self.names,
        }
    }
}

impl<'d> Sizes<'d> {
    fn read(mut linked: Linked<'_, 'd>) -> Result<Self> {
        let [nibbles, bytes, words] = linked.numbers(Table::SizeCounts)?;
        linked.counts = Counts {
            nibbles,
            bytes,
            words,
            ..linked.counts
        };
        Ok(Self {
            bits: linked.words(Table::SizeBits)?,
            bit_ranks: linked.words(Table::SizeBitRanks)?,
            nibbles: linked.bytes(Table::SizeNibbles)?,
            nibble_ranks: linked.words(Table::SizeNibbleRanks)?,
            values: linked.words(Table::SizeValues)?,
            bytes: linked.bytes(Table::SizeBytes)?,
            byte_ranks: linked.words(Table::SizeByteRanks)?,
            words: linked.words(Table::SizeWords)?,
        })
    }

    fn raw(&self) -> RawSizes<'_> {
        RawSizes {
            bits: &self.bits,
            bit_ranks: &self.bit_ranks,
            nibbles: self.nibbles,
            nibble_ranks: &self.nibble_ranks,
            values: &self.values,
            bytes: self.bytes,
            byte_ranks: &self.byte_ranks,
            words: &self.words,
        }
    }
}

impl<'d> Objects<'d> {
    fn read(mut linked: Linked<'_, 'd>) -> Result<Self> {
        let objects = ObjectCounts::new(linked.numbers(Table::ObjectCounts)?);
        linked.counts.objects = objects;
        Ok(Self {
            objects: objects.objects,
            runs: linked.bytes(Table::ObjectRuns)?,
            markers: linked.words(Table::ObjectMarkers)?,
            names: linked.bytes(Table::ObjectNames)?,
            name_offsets: linked.words(Table::ObjectNameOffsets)?,
            directory_starts: linked.words(Table::ObjectDirectoryStarts)?,
            directory_offsets: linked.words(Table::ObjectDirectoryOffsets)?,
            directories: linked.bytes(Table::ObjectDirectories)?,
        })
    }

    fn raw(&self) -> RawObjects<'_> {
        RawObjects {
            objects: self.objects,
            runs: self.runs,
            markers: &self.markers,
            names: self.names,
            name_offsets: &self.name_offsets,
            directory_starts: &self.directory_starts,
            directory_offsets: &self.directory_offsets,
            directories: self.directories,
        }
    }
}

/// The number of the first symbol with the name `wanted`.
fn symbol_named(wanted: &str, names: &SymbolNames<'_>, tokens: &Tokens<'_>) -> Option<usize> {
    let mut all = names.starting_at(0).take(names.len() as usize);
    all.position(|entry| entry.compare_name(tokens, wanted.as_bytes()).is_eq())
}
