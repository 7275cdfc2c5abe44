// SPDX-License-Identifier: GPL-2.0

//! The tables of a kernel: read from its image, and checked with the kernel's own code.

use std::borrow::Cow;
use std::path::Path;

use crate::addresses::Addresses;
use crate::error::{Error, Result};
use crate::format::object_layout::NAME_STEP;
use crate::format::objects::{ObjectTables, RawObjects, BLOCK};
use crate::format::ranges::{ModuleTables, RawTables};
use crate::format::sizes::{RawSizes, SizeTables, RANK_STEP, VALUES};
use crate::format::symbols::{Entry, SymbolNames};
use crate::format::tokens::{Token, Tokens, TOKENS};
use crate::format::walk::Tables;
use crate::image::Image;
use crate::words::{each_word, word_array, words};

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

impl<'d> KernelTables<'d> {
    /// Reads the tables of `image`. All addresses are moved by `offset` bytes.
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
        let mut kernel = Self {
            len,
            stream: image.between("kallsyms_names", "kallsyms_markers")?,
            markers: words(markers),
            token_table: image.between("kallsyms_token_table", "kallsyms_token_index")?,
            token_index: word_array(index),
            addresses: Addresses::read(&image, len, offset)?,
            modules: Modules::read(&image)?,
            sizes: match image.has("kallsyms_size_counts") {
                true => Some(Sizes::read(&image, len)?),
                false => None,
            },
            objects: match image.has("kallsyms_object_counts") {
                true => Some(Objects::read(&image, len)?),
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
    /// riscv, the file has 0 there, and the correct address is in the table of relocations. A vmlinux of riscv
    /// lacks that table, too. In an Image of riscv, even the address of the first byte is unknown. But the
    /// generator's table `kallsyms_module_base` has the address of `_text` as a plain number. The address of
    /// one symbol in kallsyms, `_text` or else `_stext`, is enough to compute the base.
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

impl<'d> Modules<'d> {
    fn read(image: &Image<'d>) -> Result<Self> {
        let count = |name| image.word::<u32>(name);
        let ranges = count("kallsyms_num_modules")? as usize;
        let exceptions = count("kallsyms_num_module_exceptions")? as usize;
        let names = count("kallsyms_module_names_len")?;
        Ok(Self {
            offsets: image.words("kallsyms_module_offsets", ranges)?,
            modules: image.words("kallsyms_modules", ranges)?,
            exceptions: image.words("kallsyms_module_exceptions", exceptions)?,
            exception_modules: image.words("kallsyms_exception_modules", exceptions)?,
            names: image.bytes("kallsyms_module_names", names.into())?,
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
    fn read(image: &Image<'d>, symbols: u32) -> Result<Self> {
        let symbols = symbols as usize;
        let counts = image.bytes("kallsyms_size_counts", 12)?;
        let mut counts = each_word::<u32>(counts).map(|count| count as usize);
        let mut count = || {
            let cut_short =
                || image.refused("the size tables", "kallsyms_size_counts is cut short");
            counts.next().ok_or_else(cut_short)
        };
        let (nibbles, bytes, words) = (count()?, count()?, count()?);
        let ranks = |name, entries: usize| image.words(name, entries.div_ceil(RANK_STEP));
        Ok(Self {
            bits: image.words("kallsyms_size_bits", symbols.div_ceil(u64::BITS as usize))?,
            bit_ranks: ranks("kallsyms_size_bit_ranks", symbols)?,
            nibbles: image.bytes("kallsyms_size_nibbles", nibbles.div_ceil(2) as u64)?,
            nibble_ranks: ranks("kallsyms_size_nibble_ranks", nibbles)?,
            values: image.words("kallsyms_size_values", VALUES)?,
            bytes: image.bytes("kallsyms_size_bytes", bytes as u64)?,
            byte_ranks: ranks("kallsyms_size_byte_ranks", bytes)?,
            words: image.words("kallsyms_size_words", words)?,
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
    fn read(image: &Image<'d>, symbols: u32) -> Result<Self> {
        const COUNTS: &str = "kallsyms_object_counts";
        let counts = each_word::<u32>(image.bytes(COUNTS, 20)?);
        let counts: Vec<u32> = counts.collect();
        let &[objects, runs, names, entries, directories] = &counts[..] else {
            return Err(image.refused(
                "the tables of object files",
                "kallsyms_object_counts is cut short",
            ));
        };
        let words = |name, count: u32| image.words(name, count as usize);
        Ok(Self {
            objects,
            runs: image.bytes("kallsyms_object_runs", runs.into())?,
            markers: words("kallsyms_object_markers", symbols.div_ceil(BLOCK))?,
            names: image.bytes("kallsyms_object_names", names.into())?,
            name_offsets: words("kallsyms_object_name_offsets", objects.div_ceil(NAME_STEP))?,
            directory_starts: words("kallsyms_object_dir_starts", entries)?,
            directory_offsets: words("kallsyms_object_dir_offsets", entries)?,
            directories: image.bytes("kallsyms_object_dirs", directories.into())?,
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
    let mut name = Vec::new();
    all.position(|entry| {
        name.clear();
        expand(&mut name, entry, tokens, 1 + wanted.len());
        // The type of the symbol is before its name.
        name.get(1..) == Some(wanted.as_bytes())
    })
}

/// Appends the type and the name. Stops after the token that makes `name` longer than `longest` bytes.
fn expand(name: &mut Vec<u8>, entry: Entry<'_>, tokens: &Tokens<'_>, longest: usize) {
    for &token in entry.tokens() {
        match tokens.get(token) {
            Token::Short { word, len } => name.extend(word.to_le_bytes().iter().take(len)),
            Token::Long(text) => name.extend(text),
        }
        if name.len() > longest {
            return;
        }
    }
}
