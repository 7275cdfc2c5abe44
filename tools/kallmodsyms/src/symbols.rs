// SPDX-License-Identifier: GPL-2.0

//! The symbols of a kernel: in the order of the listing, by address and by name.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use crate::address_index::AddressIndex;
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::kernel_file::GIVE_KERNEL;
use crate::listed_symbols::{self, OwnEnd};
use crate::location::Location;
use crate::name_index::NameIndex;
use crate::symbol::{self, Symbol, IMAGE};

/// A lower bound on the average length of a line, in bytes.
const AVERAGE_LINE: usize = 40;

/// The beginning of the names that symbols of tracing have in place of a module, as in `__builtin__ftrace`.
const TRACING: &[u8] = b"__builtin__";
/// The name that symbols of BPF programs have in place of a module.
const BPF: &[u8] = b"bpf";

/// All symbols of a kernel. Made by [`Kernel::symbols`].
///
/// Each symbol takes 88 bytes of memory. The first search by address adds 28 bytes for each symbol. The first
/// search by name adds a hash table of up to 66 bytes for each symbol, and the memory of a search by address.
pub struct Symbols<'k> {
    path: &'k Path,
    /// In the order of the listing.
    all: Vec<Symbol<'k>>,
    /// The number of the kernel's own symbols, which come first; `None` if an incomplete listing hides it.
    own: Option<usize>,
    by_address: OnceLock<AddressIndex>,
    by_name: OnceLock<NameIndex<'k>>,
    /// The kernel, for facts that are not in the listing.
    kernel: Option<&'k Kernel>,
}

impl<'k> Symbols<'k> {
    /// The symbols of `kernel`.
    pub(crate) fn of(kernel: &'k Kernel) -> Result<Self> {
        Ok(Self {
            kernel: Some(kernel),
            ..Self::parse(kernel.path(), kernel.text(), kernel.is_saved())?
        })
    }

    /// The symbols in `text`, the listing of the file `path`. Checks each line if the listing `is_saved`. A
    /// listing that this program made from an image needs no check.
    pub(crate) fn parse(path: &'k Path, text: &'k [u8], is_saved: bool) -> Result<Self> {
        let mut all = Vec::with_capacity(text.len() / AVERAGE_LINE);
        let mut end = OwnEnd::default();
        match is_saved {
            true => {
                for symbol in listed_symbols::symbols(path, text) {
                    all.push(symbol?);
                    end.take(&all);
                }
            }
            false => all.extend(symbol::parse(text)),
        }
        if all.is_empty() {
            return Err(Error::in_file(path, "the listing is empty", GIVE_KERNEL));
        }
        let own = match is_saved {
            true => end.own(),
            false => Some(all.len()),
        };
        for (symbol, number) in all.iter_mut().zip(0..) {
            symbol.number = number;
        }
        for symbol in all.iter_mut().skip(own.unwrap_or(0)) {
            symbol.is_loaded = own.map(|_| true);
        }
        Ok(Self {
            path,
            all,
            own,
            by_address: OnceLock::new(),
            by_name: OnceLock::new(),
            kernel: None,
        })
    }

    /// All symbols, in the order of the listing.
    ///
    /// ```
    /// let text = "ffffffff81000000 56 T startup\nffffffff81000060 20 t b_open\t[b]\n";
    /// let kernel = kallmodsyms::Kernel::from_listing(text);
    /// let symbols = kernel.symbols()?;
    /// let bytes: u64 = symbols.iter().map(|symbol| symbol.size()).sum();
    /// assert_eq!(bytes, 0x76);
    /// # Ok::<(), kallmodsyms::Error>(())
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, Symbol<'k>> {
        self.all.iter()
    }

    /// True if the listing shows addresses. A reader who may not see them sees zeros for all addresses and
    /// sizes. Names and modules stay visible, but [`containing`](Self::containing) finds nothing.
    ///
    /// ```
    /// let text = "0000000000000000 0 t ext4_fill_super\t[ext4]\n";
    /// let kernel = kallmodsyms::Kernel::from_listing(text);
    /// let symbols = kernel.symbols()?;
    /// assert!(!symbols.has_addresses());
    /// assert!(symbols.named(b"ext4_fill_super").next().is_some());
    /// # Ok::<(), kallmodsyms::Error>(())
    /// ```
    pub fn has_addresses(&self) -> bool {
        self.all.iter().any(|symbol| symbol.address != 0)
    }

    /// The symbol that contains the byte at `address`; `None` in padding and outside of the kernel. If several
    /// symbols contain the byte, returns the symbol with the highest start: the inner one of two nested
    /// symbols. If several symbols have that start, returns the largest; if several are largest, the first in
    /// the listing.
    ///
    /// The time is that of a binary search, plus a step for each earlier start that must be visited because
    /// symbols overlap. The first search also sorts the symbols.
    ///
    /// ```
    /// let text = "ffffffff81000000 100 T outer\nffffffff81000010 8 T inner\n";
    /// let kernel = kallmodsyms::Kernel::from_listing(text);
    /// let symbols = kernel.symbols()?;
    /// let name = |address| symbols.containing(address).map(|symbol| symbol.name());
    /// assert_eq!(name(0xffff_ffff_8100_0017), Some(&b"inner"[..]));
    /// assert_eq!(name(0xffff_ffff_8100_0018), Some(&b"outer"[..]));
    /// assert_eq!(name(0xffff_ffff_8100_0100), None);
    /// # Ok::<(), kallmodsyms::Error>(())
    /// ```
    pub fn containing(&self, address: u64) -> Option<&Symbol<'k>> {
        let index = self.by_address().containing(&self.all, address)?;
        self.all.get(index)
    }

    /// The location of `address` as the kernel prints it, with its modules; `None` outside of the kernel.
    ///
    /// The name is that of a symbol with the highest start that is not above `address`; of several, the first
    /// in the listing. The modules are those of the symbol that [contains the byte](Self::containing), or, in
    /// padding, those of the object file there. A saved listing does not tell the object file of padding. There,
    /// the addresses less than 4 KiB behind a symbol count as padding of the object file that has the symbol.
    /// Takes as much time as [`containing`](Self::containing).
    ///
    /// ```
    /// let text = "ffffffff8da4a43f 2b22 t ext4_fill_super\t[ext4]\nffffffff8da4cf70 10 t ext4_next\t[ext4]\n";
    /// let kernel = kallmodsyms::Kernel::from_listing(text);
    /// let symbols = kernel.symbols()?;
    /// let location = symbols.location(0xffff_ffff_8da4_a500).unwrap();
    /// assert_eq!(location.to_string(), "ext4_fill_super+0xc1/0x2b22 [ext4]");
    /// assert!(symbols.location(0x1000).is_none());
    /// # Ok::<(), kallmodsyms::Error>(())
    /// ```
    pub fn location(&self, address: u64) -> Option<Location<'k>> {
        Location::of(self, address)
    }

    /// The symbols with this name, sorted by address. The first search sorts the symbols by address and makes a
    /// hash table of all names; later searches take constant time.
    ///
    /// ```
    /// let text = "ffffffff81000000 10 t init\t[a]\nffffffff81000010 10 t init\t[b]\n";
    /// let kernel = kallmodsyms::Kernel::from_listing(text);
    /// assert_eq!(kernel.symbols()?.named(b"init").count(), 2);
    /// # Ok::<(), kallmodsyms::Error>(())
    /// ```
    pub fn named<'s>(&'s self, name: &[u8]) -> impl Iterator<Item = &'s Symbol<'k>> + 's {
        let by_name = self
            .by_name
            .get_or_init(|| NameIndex::of(&self.all, self.by_address().sorted()));
        let numbers = by_name.named(name);
        numbers.filter_map(|number| self.all.get(number as usize))
    }

    /// The modules that have symbols, in alphabetical order: the built-in modules and, if the listing is of a
    /// running kernel, the loaded modules. The time is linear in the number of symbols.
    ///
    /// # Errors
    ///
    /// The listing is incomplete and lacks the kernel's last symbols, behind which loaded modules begin.
    ///
    /// ```
    /// let text = "ffffffff8da4a43f 2b22 t ext4_fill_super\t[ext4]\n\
    ///             ffffffff8e000000 0 B _end\n\
    ///             ffffffffc02c178c 22b t romfs_fill_super\t[romfs]\n";
    /// let kernel = kallmodsyms::Kernel::from_listing(text);
    /// let symbols = kernel.symbols()?;
    /// let modules = symbols.modules()?;
    /// let modules: Vec<_> = modules.iter().map(|module| (module.name, module.is_loaded)).collect();
    /// assert_eq!(modules, [(&b"ext4"[..], false), (b"romfs", true)]);
    /// # Ok::<(), kallmodsyms::Error>(())
    /// ```
    pub fn modules(&self) -> Result<Vec<Module<'k>>> {
        let mut counts = BTreeMap::<(&[u8], bool), u64>::new();
        let is_module = |name: &[u8]| !name.starts_with(TRACING) && name != BPF;
        for (symbols, is_loaded) in [(self.own()?, false), (self.loaded(), true)] {
            let names = symbols.iter().flat_map(Symbol::module_names);
            for name in names.filter(|name| !is_loaded || is_module(name)) {
                *counts.entry((name, is_loaded)).or_default() += 1;
            }
        }
        let modules = counts
            .into_iter()
            .map(|((name, is_loaded), symbols)| Module {
                name,
                is_loaded,
                symbols,
            });
        Ok(modules.collect())
    }

    /// The symbols of the kernel and of built-in modules.
    pub(crate) fn own(&self) -> Result<&[Symbol<'k>]> {
        let own = self.own.and_then(|own| self.all.get(..own));
        own.ok_or_else(|| {
            Error::in_file(
                self.path,
                "no symbol tells where loaded modules begin: _end and _etext are missing",
                "Copy all lines of /proc/kallmodsyms.",
            )
        })
    }

    /// The symbols of loaded modules, tracing and BPF; empty if an incomplete listing does not show where they
    /// begin.
    pub(crate) fn loaded(&self) -> &[Symbol<'k>] {
        let loaded = self.own.and_then(|own| self.all.get(own..));
        loaded.unwrap_or_default()
    }

    /// The file of the listing or of the image.
    pub(crate) fn path(&self) -> &'k Path {
        self.path
    }

    /// The kernel; `None` if the symbols were made by [`Symbols::parse`].
    pub(crate) fn kernel(&self) -> Option<&'k Kernel> {
        self.kernel
    }

    /// Tells whether the addresses are those of one boot, as in a dump or a saved listing.
    pub(crate) fn is_of_one_boot(&self) -> bool {
        self.kernel.is_none_or(Kernel::is_of_one_boot)
    }

    /// The first 16 bits, which all addresses of the image share; `None` if no symbol has an address in the
    /// image.
    pub(crate) fn address_prefix(&self) -> Option<u16> {
        let last = self.by_address().last()?;
        (last >= IMAGE).then_some((last >> 48) as u16)
    }

    /// The number of bytes from `symbol` to the next higher start of a symbol: the number after
    /// the slash in `%pS`. `None` for the last symbol of the image or of the per-cpu area.
    pub(crate) fn distance(&self, symbol: &Symbol<'_>) -> Option<u64> {
        let next = self.by_address().above(symbol.address)?;
        let is_same_area = (next ^ symbol.address) & IMAGE == 0;
        is_same_area.then(|| next.wrapping_sub(symbol.address))
    }

    /// The highest start of a symbol that is not above `address`, and all symbols with that start.
    pub(crate) fn below(
        &self,
        address: u64,
    ) -> Option<(u64, impl Iterator<Item = &Symbol<'k>> + Clone)> {
        let (start, indices) = self.by_address().below(address)?;
        let symbols = indices
            .iter()
            .filter_map(|&index| self.all.get(index as usize));
        Some((start, symbols))
    }

    /// The section and the object file of the byte at `address`; `None` if no range has the byte, or if the
    /// ranges were not read.
    pub(crate) fn range(&self, address: u64) -> Option<(&'k [u8], &'k [u8])> {
        self.kernel?.ranges()?.at(address)
    }

    /// Return: true if the kernel stores object files, or if the ranges were read.
    pub(crate) fn know_objects(&self) -> bool {
        let kernel = self.kernel;
        kernel.is_some_and(|kernel| kernel.objects().is_some() || kernel.ranges().is_some())
    }

    /// The object file of the byte at `address`, which is in `symbol`, or in the padding behind it. If the
    /// kernel stores no object files and the ranges do not name one, the result is from the line of the symbol,
    /// and may be the end of a path.
    pub(crate) fn object(&self, symbol: &Symbol<'k>, address: u64) -> Option<&'k [u8]> {
        let stored = self.kernel.and_then(Kernel::objects);
        let of_symbol = || match stored {
            Some(objects) => objects.path(symbol.number as usize),
            None => symbol.object(),
        };
        if stored.is_some() && address == symbol.address {
            return of_symbol();
        }
        let of_range = self.range(address).map(|(_, object)| object);
        of_range.filter(|object| *object != b"-").or_else(of_symbol)
    }

    fn by_address(&self) -> &AddressIndex {
        self.by_address.get_or_init(|| AddressIndex::of(&self.all))
    }
}

impl<'s, 'k> IntoIterator for &'s Symbols<'k> {
    type Item = &'s Symbol<'k>;
    type IntoIter = std::slice::Iter<'s, Symbol<'k>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A module with symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module<'k> {
    /// The name, with `_` instead of `-`.
    pub name: &'k [u8],
    /// True if the module was loaded; false if it is built in.
    pub is_loaded: bool,
    /// The number of symbols in the module.
    pub symbols: u64,
}
