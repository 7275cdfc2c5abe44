// SPDX-License-Identifier: GPL-2.0

//! Computes the name that a kernel without the option prints for an address, as `get_symbol_pos()` of
//! kernel/kallsyms.c and lib/vsprintf.c do. The input is the symbols of a vmlinux in a given order.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};

use super::super::{order, sizes};
use crate::lab::configure::Kernel;

/// One of the kernel's own symbols.
pub struct Symbol {
    pub address: u64,
    /// The size in the symbol table of vmlinux.
    pub size: u64,
    /// The type letter in `/proc/kallsyms`.
    pub kind: char,
    pub name: String,
    /// The position of the symbol among the symbols with its name, from 1 on.
    pub number: usize,
}

/// The kernel's own symbols in a given order.
pub struct Listing {
    pub symbols: Vec<Symbol>,
    /// The addresses that the kernel names after its own symbols.
    named: Range<u64>,
    /// The addresses of the init text.
    init: Range<u64>,
}

/// The symbol that the kernel names an address after.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub symbol: &'a Symbol,
    /// The distance from the start of the symbol to the address.
    pub offset: u64,
    /// The distance from the start of the symbol to the next symbol.
    pub extent: u64,
}

impl Listing {
    /// The symbols of a kernel in the order of an untouched tree.
    pub fn untouched(kernel: &Kernel, tree: &Path) -> Result<Self> {
        Self::parse(&order::untouched(kernel, tree)?, defined(kernel)?)
    }

    /// The symbols of a kernel in the order of its own `/proc/kallsyms`. `kallsyms` comes from a boot at the
    /// addresses of vmlinux.
    pub fn of_boot(kernel: &Kernel, kallsyms: &str) -> Result<Self> {
        let lines = kallsyms.lines().take_while(|line| !line.contains('\t'));
        let lines: String = lines.flat_map(|line| [line, "\n"]).collect();
        Self::parse(&lines, defined(kernel)?)
    }

    /// Parses lines of `/proc/kallsyms`, and takes the sizes from `defined`.
    ///
    /// ```text
    /// ffffffff81000000 T _text
    /// ```
    fn parse(text: &str, mut defined: sizes::Sizes) -> Result<Self> {
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        let mut symbols = Vec::new();
        for line in text.lines() {
            let mut fields = line.splitn(3, ' ');
            let address = u64::from_str_radix(fields.next().unwrap_or_default(), 16);
            let address = address.with_context(|| line.to_owned())?;
            let kind = fields.next().and_then(|kind| kind.chars().next());
            let name = fields.next().with_context(|| line.to_owned())?.to_owned();
            let number = numbers.entry(name.clone()).or_default();
            *number += 1;
            let sizes = defined.get_mut(&(address, name.clone()));
            symbols.push(Symbol {
                address,
                size: sizes.and_then(Vec::pop).unwrap_or(0),
                kind: kind.with_context(|| line.to_owned())?,
                name,
                number: *number,
            });
        }
        let address_of = |name: &str| {
            let symbol = symbols.iter().find(|symbol| symbol.name == name);
            let symbol = symbol.with_context(|| format!("there is no {name}"))?;
            anyhow::Ok(symbol.address)
        };
        Ok(Self {
            named: address_of("_stext")?..address_of("_end")?,
            init: address_of("_sinittext")?..address_of("_einittext")?,
            symbols,
        })
    }

    /// True if a kernel with `KALLSYMS_ALL` names `address` after one of its own symbols: see `is_ksym_addr()`.
    pub fn is_named(&self, address: u64) -> bool {
        self.named.contains(&address)
    }

    /// The address of the next symbol above `address`. After the last symbol, returns the end of the init text
    /// for an address in it, and the end of the kernel for other addresses.
    pub fn next(&self, address: u64) -> u64 {
        let above = self
            .symbols
            .partition_point(|symbol| symbol.address <= address);
        match self.symbols.get(above) {
            Some(symbol) => symbol.address,
            None if self.init.contains(&address) => self.init.end,
            None => self.named.end,
        }
    }

    /// The symbol that `get_symbol_pos()` finds: the first symbol at the highest symbol address that is not
    /// above `address`. `None` if the kernel does not name `address` after its own symbols.
    pub fn place(&self, address: u64) -> Option<Place<'_>> {
        if !self.is_named(address) {
            return None;
        }
        let above = self
            .symbols
            .partition_point(|symbol| symbol.address <= address);
        let start = self.symbols.get(above.checked_sub(1)?)?.address;
        let first = self
            .symbols
            .partition_point(|symbol| symbol.address < start);
        Some(Place {
            symbol: self.symbols.get(first)?,
            offset: address - start,
            extent: self.next(address) - start,
        })
    }

    /// The line that the module in tests/printed prints for an address in a kernel without the option.
    ///
    /// ```text
    /// vfs_read+0x10/0x160\tvfs_read\tvfs_read+0x10/0x160\tvfs_read\tvfs_read
    /// ```
    pub fn printed_line(&self, address: u64) -> String {
        // %pB prints return addresses, so it looks up the byte before the address: the byte is in the call.
        let with_offset = |place: Option<Place>, before: u64| match place {
            Some(Place {
                symbol,
                offset,
                extent,
            }) => format!("{}+{:#x}/{extent:#x}", symbol.name, offset + before),
            None => format!("{address:#x}"),
        };
        let place = self.place(address);
        let name = place.map(|place| &*place.symbol.name);
        let hex = format!("{address:#x}");
        let bare = name.unwrap_or(&hex);
        [
            &*with_offset(place, 0),
            bare,
            &with_offset(self.place(address - 1), 1),
            bare,
            name.unwrap_or_default(),
        ]
        .join("\t")
    }
}

/// The sizes in the symbol table of the kernel's vmlinux.
fn defined(kernel: &Kernel) -> Result<sizes::Sizes> {
    let vmlinux = kernel.linked_vmlinux();
    sizes::defined(&fs::read(&vmlinux).with_context(|| vmlinux.display().to_string())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
0000000000000000 A __per_cpu_start
0000000000001000 T _stext
0000000000001000 T first
0000000000001030 t second
0000000000001040 T _sinittext
0000000000001050 T _einittext
0000000000001080 t second
0000000000002000 B _end
";

    fn listing() -> Listing {
        let sizes = [((0x1030, "second"), 12), ((0x1000, "first"), 0x28)];
        let sizes = sizes.map(|((address, name), size)| ((address, name.to_owned()), vec![size]));
        Listing::parse(TEXT, sizes.into()).unwrap()
    }

    #[test]
    fn names_of_addresses() {
        let listing = listing();
        let printed = |address| listing.printed_line(address);
        let first = "_stext+0x2f/0x30\t_stext\t_stext+0x2f/0x30\t_stext\t_stext";
        assert_eq!(printed(0x102f), first);
        let second = "second+0x0/0x10\tsecond\t_stext+0x30/0x30\tsecond\tsecond";
        assert_eq!(printed(0x1030), second);
        assert_eq!(printed(0x10), "0x10\t0x10\t0x10\t0x10\t");
        let start = "_stext+0x0/0x30\t_stext\t0x1000\t_stext\t_stext";
        assert_eq!(printed(0x1000), start);
        assert!(listing.is_named(0x1fff) && !listing.is_named(0x2000) && !listing.is_named(0xfff));
        assert_eq!(listing.next(0x1080), 0x2000);
    }

    #[test]
    fn symbols_have_their_sizes_and_numbers() {
        let listing = listing();
        let seconds = listing
            .symbols
            .iter()
            .filter(|symbol| symbol.name == "second");
        let seconds: Vec<_> = seconds.map(|symbol| (symbol.size, symbol.number)).collect();
        assert_eq!(seconds, [(12, 1), (0, 2)]);
    }
}
