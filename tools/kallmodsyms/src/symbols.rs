// SPDX-License-Identifier: GPL-2.0

//! The symbols of a kernel: in the order of the listing, by address and by name.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use crate::address_index::AddressIndex;
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::kernel_file::GIVE;
use crate::listed_symbols::{self, OwnEnd};
use crate::location::Location;
use crate::name_index::NameIndex;
use crate::symbol::{self, Symbol, IMAGE};

/// Fewer bytes than an average line of a kernel has.
const AVERAGE_LINE: usize = 40;

/// The brackets of symbols of tracing begin with these letters.
const TRACING: &[u8] = b"__builtin__";
const BPF: &[u8] = b"bpf";

/// All symbols of a kernel. Made by [`Kernel::symbols`].
///
/// A symbol takes 88 bytes, and 28 more after the first search by address. The first search by name
/// makes a hash table, which takes up to 75 bytes a symbol.
pub struct Symbols<'k> {
    path: &'k Path,
    /// In the order of the listing.
    all: Vec<Symbol<'k>>,
    /// The number of the kernel's own symbols, which come first; `None` if the listing does not tell.
    own: Option<usize>,
    by_address: OnceLock<AddressIndex>,
    by_name: OnceLock<NameIndex<'k>>,
    /// The kernel, for the questions that the listing does not answer.
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

    /// The symbols in `text`, the listing of the file `path`. Checks each line of a `saved` listing; the
    /// kernel's own code made any other one.
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
            return Err(Error::in_file(path, "the listing is empty", GIVE));
        }
        let own = match is_saved {
            true => end.own(),
            false => Some(all.len()),
        };
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

    /// True if the listing shows addresses. A reader without the privilege sees zeros for all addresses and
    /// sizes. Names and modules stay visible, and no address is in a symbol.
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

    /// The symbol that has the byte at `address`; `None` in padding and outside of the kernel. If several
    /// symbols have the byte, returns the symbol with the highest start: the inner one of two nested
    /// symbols. Of several symbols with that start, returns the largest; of several equal ones, the first.
    ///
    /// A binary search, and linear in the number of symbols that overlap at `address`. The first search sorts
    /// the symbols.
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
    /// The name is the name of the first symbol at the highest address with symbols that is not above
    /// `address`. The modules are those of the symbol that [has the byte](Self::containing), or in padding the
    /// modules of the object file there. A saved listing does not tell the object file; there, up to 4 KiB
    /// behind a symbol are padding of its object file. Takes as much time as [`containing`](Self::containing).
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

    /// The symbols with this name, by address. Takes constant time, but for the first search, which makes a hash
    /// table of all names.
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

    /// The modules with symbols, in alphabetical order: the built-in modules, and from a listing of a running
    /// kernel also the loaded ones. Linear in the number of symbols.
    ///
    /// # Errors
    ///
    /// The listing does not tell where loaded modules begin: it is a part of a listing.
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

    /// The symbols of loaded modules, tracing and BPF, as far as the listing tells.
    pub(crate) fn loaded(&self) -> &[Symbol<'k>] {
        let loaded = self.own.and_then(|own| self.all.get(own..));
        loaded.unwrap_or_default()
    }

    /// The file that the symbols are from.
    pub(crate) fn path(&self) -> &'k Path {
        self.path
    }

    /// The kernel, if the symbols are of a whole kernel.
    pub(crate) fn kernel(&self) -> Option<&'k Kernel> {
        self.kernel
    }

    /// Tells whether the addresses are those of one boot.
    pub(crate) fn is_of_one_boot(&self) -> bool {
        self.kernel.is_none_or(Kernel::is_of_one_boot)
    }

    /// The first 16 bits that all addresses of the image share; `None` if the listing has no addresses.
    pub(crate) fn address_prefix(&self) -> Option<u16> {
        let last = self.by_address().last()?;
        (last >= IMAGE).then_some((last >> 48) as u16)
    }

    /// Bytes from a symbol to the next higher one: the size that the kernel prints for it.
    pub(crate) fn distance(&self, symbol: &Symbol<'_>) -> Option<u64> {
        let next = self.by_address().above(symbol.address)?;
        let is_same_area = (next ^ symbol.address) & IMAGE == 0;
        is_same_area.then(|| next.wrapping_sub(symbol.address))
    }

    /// The highest address with symbols that is not above `address`, and the symbols there.
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

    /// Section and object file of the byte at `address`, if the build's ranges are read and know them.
    pub(crate) fn range(&self, address: u64) -> Option<(&'k [u8], &'k [u8])> {
        self.kernel?.ranges()?.at(address)
    }

    /// The object file that defines `symbol`, or that has the byte at `address` in it.
    pub(crate) fn object<'s>(&'s self, symbol: &Symbol<'s>, address: u64) -> Option<&'s [u8]> {
        let of_range = self.range(address).map(|(_, object)| object);
        of_range
            .filter(|object| *object != b"-")
            .or(symbol.object())
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
    /// The number of its symbols.
    pub symbols: u64,
}
