// SPDX-License-Identifier: GPL-2.0

//! How a kernel without the option names an address: `get_symbol_pos()` of kernel/kallsyms.c and what
//! lib/vsprintf.c makes of its answer, for the symbols of a vmlinux in a given order.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};

use super::super::{order, sizes};
use crate::lab::configure::Kernel;

/// A symbol of the kernel itself.
pub struct Symbol {
    pub address: u64,
    /// That of vmlinux's symbol table.
    pub size: u64,
    /// The letter of `/proc/kallsyms`.
    pub kind: char,
    pub name: String,
    /// The number of the symbol among the symbols of its name, from 1 on.
    pub number: usize,
}

/// The symbols in the order in which a kernel has them.
pub struct Listing {
    pub symbols: Vec<Symbol>,
    /// The addresses that the kernel names.
    named: Range<u64>,
    /// The addresses of the init sections.
    init: Range<u64>,
}

/// The symbol that an address is named after.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub symbol: &'a Symbol,
    pub offset: u64,
    /// The distance to the next symbol.
    pub extent: u64,
}

impl Listing {
    /// The symbols of a kernel in the order of an untouched tree.
    pub fn untouched(kernel: &Kernel, tree: &Path) -> Result<Self> {
        Self::parse(&order::untouched(kernel, tree)?, defined(kernel)?)
    }

    /// The same in the order of the kernel's own `/proc/kallsyms`, read where it was linked.
    pub fn of(kernel: &Kernel, kallsyms: &str) -> Result<Self> {
        let own = kallsyms.lines().take_while(|line| !line.contains('\t'));
        let own: String = own.flat_map(|line| [line, "\n"]).collect();
        Self::parse(&own, defined(kernel)?)
    }

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

    /// True if the kernel names this address after one of its own symbols: `is_ksym_addr()`.
    pub fn names(&self, address: u64) -> bool {
        self.named.contains(&address)
    }

    /// The first address above this one that has a symbol.
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

    /// The symbol that `get_symbol_pos()` finds.
    pub fn place(&self, address: u64) -> Option<Place<'_>> {
        if !self.names(address) {
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

    /// What the module in tests/printed prints for an address, as the kernel without the option does.
    ///
    /// ```text
    /// vfs_read+0x10/0x160\tvfs_read\tvfs_read+0x10/0x160\tvfs_read\tvfs_read
    /// ```
    pub fn printed(&self, address: u64) -> String {
        // %pB is for return addresses, which follow the call that names them.
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
        let printed = |address| listing.printed(address);
        let first = "_stext+0x2f/0x30\t_stext\t_stext+0x2f/0x30\t_stext\t_stext";
        assert_eq!(printed(0x102f), first);
        let second = "second+0x0/0x10\tsecond\t_stext+0x30/0x30\tsecond\tsecond";
        assert_eq!(printed(0x1030), second);
        assert_eq!(printed(0x10), "0x10\t0x10\t0x10\t0x10\t");
        let start = "_stext+0x0/0x30\t_stext\t0x1000\t_stext\t_stext";
        assert_eq!(printed(0x1000), start);
        assert!(listing.names(0x1fff) && !listing.names(0x2000) && !listing.names(0xfff));
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
