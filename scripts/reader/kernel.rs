// SPDX-License-Identifier: GPL-2.0

//! The tables of a kernel, as it has them itself: read, and checked by the code that checks them when
//! it starts.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::format::ranges::{ModuleTables, RawTables};
use crate::format::sizes::{RawSizes, SizeTables, RANK_STEP, VALUES};
use crate::format::symbols::SymbolNames;
use crate::format::tokens::{Tokens, TOKENS};
use crate::format::walk::{Place, Places, Tables};

use super::base;
use super::image::{numbers, Image};
use super::options::Source;

/// The tables of a kernel.
pub(super) struct Kernel {
    image: Image,
    /// How many symbols there are.
    len: u32,
    stream: Vec<u8>,
    markers: Vec<u32>,
    token_table: Vec<u8>,
    token_index: [u16; TOKENS],
    pub(super) addresses: Addresses,
    modules: Modules,
    /// `None` if sizes are not stored.
    sizes: Option<Sizes>,
}

/// See [`RawTables`].
struct Modules {
    offsets: Vec<u32>,
    modules: Vec<u32>,
    exceptions: Vec<u32>,
    exception_modules: Vec<u32>,
    names: Vec<u8>,
}

/// See [`RawSizes`].
struct Sizes {
    bits: Vec<u64>,
    bit_ranks: Vec<u32>,
    nibbles: Vec<u8>,
    nibble_ranks: Vec<u32>,
    values: Vec<u32>,
    bytes: Vec<u8>,
    byte_ranks: Vec<u32>,
    words: Vec<u64>,
}

/// Where the symbols are.
pub(super) struct Addresses {
    /// By symbol number.
    offsets: Vec<i32>,
    /// What an offset that is not absolute is relative to, in the kernel as it runs.
    relative_base: u64,
    /// Whether offsets that are not negative are absolute: `CONFIG_KALLSYMS_ABSOLUTE_PERCPU`.
    absolute_percpu: bool,
    /// Where `_text` was linked.
    pub(super) linked_text: u64,
    /// Where it is in the kernel as it runs.
    pub(super) text: u64,
    bounds: Bounds,
}

/// Addresses, in the kernel as it runs, that end the last symbol where sizes are not stored.
#[derive(Default)]
struct Bounds {
    inittext: Range<u64>,
    etext: u64,
    end: u64,
}

impl Kernel {
    /// Reads the tables of a vmlinux.
    pub(super) fn read(source: &Source) -> Result<Self> {
        if usize::BITS < u64::BITS {
            return Err(Error::new(
                "this program was built for a machine whose words are too short for addresses of kernels",
                "Build it on, and for, a 64-bit machine.",
            ));
        }
        let image = Image::open(&source.file)?;
        let len = image.u32("kallsyms_num_syms")?;
        let index = image.bytes("kallsyms_token_index", 2 * TOKENS as u64)?;
        let mut token_index = [0; TOKENS];
        for (place, start) in token_index
            .iter_mut()
            .zip(numbers(&index, u16::from_le_bytes))
        {
            *place = start;
        }
        let mut kernel = Self {
            len,
            stream: image.between("kallsyms_names", "kallsyms_markers")?,
            markers: {
                let bytes = image.between("kallsyms_markers", "kallsyms_token_table")?;
                numbers(&bytes, u32::from_le_bytes).collect()
            },
            token_table: image.between("kallsyms_token_table", "kallsyms_token_index")?,
            token_index,
            addresses: Addresses::read(&image, len, source.offset)?,
            modules: Modules::read(&image)?,
            sizes: match image.has("kallsyms_size_counts") {
                true => Some(Sizes::read(&image, len)?),
                false => None,
            },
            image,
        };
        if kernel.addresses.relative_base == source.offset {
            kernel.find_base()?;
        }
        Ok(kernel)
    }

    /// Finds what addresses are relative to, of which the file says 0, by a symbol whose address is
    /// known. Tables that are damaged are left to [`Self::checked`].
    fn find_base(&mut self) -> Result<()> {
        let mut words = Box::new([[0; TOKENS]; 5]);
        let Ok(tokens) = Tokens::new(&self.token_table, &self.token_index, &mut words) else {
            return Ok(());
        };
        let Ok(names) = SymbolNames::new(&self.stream, &self.markers, self.len, &tokens) else {
            return Ok(());
        };
        let known = [
            ("_text", Some(self.addresses.text)),
            // Without KALLSYMS_ALL, _text is in kallsyms only where it is the start of section .text.
            ("_stext", self.image.address("_stext")),
        ];
        for (name, address) in known {
            let Some(address) = address else { continue };
            let symbol = base::symbol_named(name, &names, &tokens);
            if let Some(&offset) = symbol.and_then(|symbol| self.addresses.offsets.get(symbol)) {
                self.addresses.relative_base = address.wrapping_sub(u64::from(offset as u32));
                return Ok(());
            }
        }
        Err(self.failure(
            "it does not say what addresses count from: kallsyms_relative_base is 0, and the address of no symbol in kallsyms is known",
            "Give a vmlinux that has its symbol table.",
        ))
    }

    /// A failure that is about the vmlinux.
    pub(super) fn failure(&self, problem: impl Into<String>, remedy: &str) -> Error {
        self.image.failure(problem, remedy)
    }

    /// Where the vmlinux is.
    pub(super) fn path(&self) -> &std::path::Path {
        &self.image.path
    }

    /// The number of symbols.
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Calls `with` with the tables, if they pass the checks.
    pub(super) fn checked<T>(
        &self,
        with: impl FnOnce(&Tables<'_, '_, Addresses>) -> Result<T>,
    ) -> Result<T> {
        let of_kernel = |error| self.image.refused("the tables of kallsyms", error);
        let mut words = Box::new([[0; TOKENS]; 5]);
        let tokens = Tokens::new(&self.token_table, &self.token_index, &mut words);
        let tokens = tokens.map_err(of_kernel)?;
        let names = SymbolNames::new(&self.stream, &self.markers, self.len, &tokens);
        let names = names.map_err(of_kernel)?;
        let modules = ModuleTables::new(self.modules.raw());
        let modules = modules.map_err(|error| self.image.refused("the module tables", error))?;
        let sizes = self.sizes.as_ref();
        let sizes = sizes.map(|sizes| SizeTables::new(sizes.raw(), self.len));
        let sizes = sizes.transpose();
        let sizes = sizes.map_err(|error| self.image.refused("the size tables", error))?;
        with(&Tables {
            names: &names,
            tokens: &tokens,
            places: &self.addresses,
            modules: &modules,
            sizes: sizes.as_ref(),
        })
    }
}

impl Modules {
    fn read(image: &Image) -> Result<Self> {
        let ranges = image.u32("kallsyms_num_modules")? as usize;
        let exceptions = image.u32("kallsyms_num_module_exceptions")? as usize;
        let names = image.u32("kallsyms_module_names_len")?;
        Ok(Self {
            offsets: image.u32s("kallsyms_module_offsets", ranges)?,
            modules: image.u32s("kallsyms_modules", ranges)?,
            exceptions: image.u32s("kallsyms_module_exceptions", exceptions)?,
            exception_modules: image.u32s("kallsyms_exception_modules", exceptions)?,
            names: image.bytes("kallsyms_module_names", names.into())?,
        })
    }

    fn raw(&self) -> RawTables<'_> {
        RawTables {
            offsets: &self.offsets,
            modules: &self.modules,
            exceptions: &self.exceptions,
            exception_modules: &self.exception_modules,
            names: &self.names,
        }
    }
}

impl Sizes {
    fn read(image: &Image, symbols: u32) -> Result<Self> {
        let symbols = symbols as usize;
        let counts = image.u32s("kallsyms_size_counts", 3)?;
        let mut counts = counts.into_iter().map(|count| count as usize);
        let mut count = || counts.next().unwrap_or(0);
        let (nibbles, bytes, words) = (count(), count(), count());
        let ranks = |name, entries: usize| image.u32s(name, entries.div_ceil(RANK_STEP));
        Ok(Self {
            bits: image.u64s("kallsyms_size_bits", symbols.div_ceil(u64::BITS as usize))?,
            bit_ranks: ranks("kallsyms_size_bit_ranks", symbols)?,
            nibbles: image.bytes("kallsyms_size_nibbles", nibbles.div_ceil(2) as u64)?,
            nibble_ranks: ranks("kallsyms_size_nibble_ranks", nibbles)?,
            values: image.u32s("kallsyms_size_values", VALUES)?,
            bytes: image.bytes("kallsyms_size_bytes", bytes as u64)?,
            byte_ranks: ranks("kallsyms_size_byte_ranks", bytes)?,
            words: image.u64s("kallsyms_size_words", words)?,
        })
    }

    fn raw(&self) -> RawSizes<'_> {
        RawSizes {
            bits: &self.bits,
            bit_ranks: &self.bit_ranks,
            nibbles: &self.nibbles,
            nibble_ranks: &self.nibble_ranks,
            values: &self.values,
            bytes: &self.bytes,
            byte_ranks: &self.byte_ranks,
            words: &self.words,
        }
    }
}

impl Addresses {
    /// Those of `len` symbols in a kernel whose image was moved by `offset`.
    fn read(image: &Image, len: u32, offset: u64) -> Result<Self> {
        let offsets = image.u32s("kallsyms_offsets", len as usize)?;
        let mut offsets: Vec<i32> = offsets.into_iter().map(|offset| offset as i32).collect();
        let linked_text = image.u64("kallsyms_module_base")?;
        let bases = ["kallsyms_relative_base", "kallsyms_offsets"].map(|name| image.address(name));
        let relative_base = match bases {
            // Linux 7.2 and later: relative to where they stand themselves.
            [None, Some(table)] => {
                let rows = (0_u64..).map(|index| table.wrapping_add(4 * index));
                let address =
                    |(&offset, row): (&i32, u64)| row.wrapping_add(i64::from(offset) as u64);
                let addresses: Vec<u64> = offsets.iter().zip(rows).map(address).collect();
                // Not all of an image is behind its _text.
                let lowest = addresses.iter().min().copied().unwrap_or(linked_text);
                for (offset, address) in offsets.iter_mut().zip(addresses) {
                    *offset = address.wrapping_sub(lowest) as i32;
                }
                lowest
            }
            _ => image.u64("kallsyms_relative_base")?,
        };
        let bound = |name| {
            image
                .address(name)
                .map_or(0, |bound| bound.wrapping_add(offset))
        };
        Ok(Self {
            // An image has less than 2 GiB, so that only the other encoding has negative ones.
            absolute_percpu: offsets.iter().any(|&offset| offset < 0),
            offsets,
            relative_base: relative_base.wrapping_add(offset),
            linked_text,
            text: linked_text.wrapping_add(offset),
            bounds: Bounds {
                inittext: bound("_sinittext")..bound("_einittext"),
                etext: bound("_etext"),
                end: bound("_end"),
            },
        })
    }

    /// How many symbols are in the per-cpu area. They are the first ones.
    pub(super) fn percpu_len(&self) -> usize {
        let is_percpu = |offset: &&i32| self.absolute_percpu && **offset >= 0;
        self.offsets.iter().take_while(is_percpu).count()
    }

    fn in_image(&self, address: u64) -> Place {
        Place {
            address: address as usize,
            offset: address.wrapping_sub(self.text) as u32,
            percpu: false,
        }
    }
}

impl Places for Addresses {
    type Row = i32;

    fn rows(&self, index: u32) -> &[i32] {
        self.offsets.get(index as usize..).unwrap_or_default()
    }

    fn place(&self, _: u32, offset: i32) -> Place {
        if !self.absolute_percpu {
            self.in_image(self.relative_base.wrapping_add(u64::from(offset as u32)))
        } else if offset < 0 {
            // -1 stands for the base itself, -2 for the byte after it and so on.
            self.in_image(self.relative_base.wrapping_add(!offset as u64))
        } else {
            let address = offset as u64;
            Place {
                address: address as usize,
                offset: address.wrapping_sub(self.linked_text) as u32,
                percpu: true,
            }
        }
    }

    fn rest(&self, place: Place) -> usize {
        if place.percpu {
            return 0;
        }
        let (address, bounds) = (place.address as u64, &self.bounds);
        let end = match address {
            _ if bounds.inittext.contains(&address) => bounds.inittext.end,
            // Without CONFIG_KALLSYMS_ALL there are no symbols behind the code.
            _ if address <= bounds.etext.max(bounds.inittext.end) => bounds.etext,
            _ => bounds.end,
        };
        end.saturating_sub(address) as usize
    }
}
