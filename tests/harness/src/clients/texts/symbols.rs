// SPDX-License-Identifier: GPL-2.0

//! The symbols of one boot, by name and by address.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object, ObjectSymbol};

use crate::lab::line::symbol_and_modules;

/// The symbol at the start of the image.
const TEXT: &str = "_text";

/// A symbol of `/proc/kallmodsyms`, with its modules in brackets.
#[derive(Clone, Copy)]
struct Symbol<'t> {
    address: u64,
    size: u64,
    name: &'t str,
    modules: &'t str,
    /// The distance to the next higher address of a symbol.
    distance: u64,
}

pub struct Symbols<'t> {
    /// In the order of addresses.
    symbols: Vec<Symbol<'t>>,
    by_name: HashMap<&'t str, Vec<Symbol<'t>>>,
    /// The number of symbols of the kernel itself, which the file has first.
    own: usize,
    lines: Vec<Symbol<'t>>,
}

/// The modules, in brackets, of each symbol that a text can mean. A symbol in no module has an empty string.
pub type Places<'t> = BTreeSet<&'t str>;

impl<'t> Symbols<'t> {
    pub fn of(file: &'t str) -> Self {
        let lines: Vec<_> = file.lines().filter_map(parse).collect();
        let own = lines.iter().position(|symbol| symbol.name == "_end");
        let own = own.map_or(lines.len(), |last| last + 1);
        Self::new(lines, own)
    }

    /// Without the symbols of loaded modules and of other code that came later.
    pub fn own(&self) -> Self {
        let lines = self.lines.get(..self.own).unwrap_or_default();
        Self::new(lines.to_vec(), self.own)
    }

    fn new(lines: Vec<Symbol<'t>>, own: usize) -> Self {
        let mut symbols = lines.clone();
        symbols.sort_by_key(|symbol| symbol.address);
        let mut next = u64::MAX;
        let mut after = u64::MAX;
        for symbol in symbols.iter_mut().rev() {
            if symbol.address != next {
                (after, next) = (next, symbol.address);
            }
            symbol.distance = after - symbol.address;
        }
        let mut by_name = HashMap::<_, Vec<_>>::new();
        for symbol in &symbols {
            by_name.entry(symbol.name).or_default().push(*symbol);
        }
        Self {
            symbols,
            by_name,
            own,
            lines,
        }
    }

    /// The distance from the addresses of `vmlinux` to those of this boot.
    pub fn offset(&self, vmlinux: &Path) -> Result<u64> {
        let image = fs::read(vmlinux).with_context(|| vmlinux.display().to_string())?;
        let image = object::File::parse(&*image)?;
        let linked = image.symbol_by_name(TEXT).map(|symbol| symbol.address());
        let booted = self.by_name.get(TEXT).and_then(|symbols| symbols.first());
        let (linked, booted) = linked.zip(booted).context("a kernel without _text")?;
        Ok(booted.address.wrapping_sub(linked))
    }

    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The addresses of the image and of loaded modules.
    pub fn range(&self) -> Option<RangeInclusive<u64>> {
        let image = |symbol: &&Symbol<'_>| symbol.address >> 48 == 0xffff;
        let first = self.symbols.iter().find(image)?;
        Some(first.address..=self.symbols.last()?.address)
    }

    /// The possible places of an address: the modules of its symbol. In padding: no module, or the modules of
    /// the last symbols before the padding.
    pub fn at(&self, address: u64) -> Vec<Places<'t>> {
        let end = self
            .symbols
            .partition_point(|symbol| symbol.address <= address);
        let before = self.symbols.get(..end).unwrap_or_default();
        let Some(start) = before.last().map(|symbol| symbol.address) else {
            return vec![Places::from([""])];
        };
        let mut places: Vec<_> = before
            .iter()
            .rev()
            .take(64)
            .filter(|symbol| address - symbol.address < symbol.size)
            .map(|symbol| Places::from([symbol.modules]))
            .take(1)
            .collect();
        if places.is_empty() {
            places.push(Places::from([""]));
            let last = before
                .iter()
                .rev()
                .take_while(|symbol| symbol.address == start);
            places.extend(last.map(|symbol| Places::from([symbol.modules])));
        }
        places
    }

    /// The places of the symbols with this name. First the printed `size`, then `offset` excludes the symbols
    /// that it does not fit, unless it fits none of them.
    pub fn named(&self, name: &str, offset: Option<u64>, size: Option<u64>) -> Places<'t> {
        let mut symbols = self.by_name.get(name).cloned().unwrap_or_default();
        let mut keep = |is_meant: &dyn Fn(&Symbol<'_>) -> bool| {
            if symbols.iter().any(is_meant) {
                symbols.retain(|symbol| is_meant(symbol));
            }
        };
        if let Some(size) = size {
            keep(&|symbol| symbol.distance == size || symbol.size == size);
        }
        if let Some(offset) = offset {
            keep(&|symbol| offset <= symbol.distance);
        }
        symbols.iter().map(|symbol| symbol.modules).collect()
    }
}

fn parse(line: &str) -> Option<Symbol<'_>> {
    let (symbol, modules) = symbol_and_modules(line);
    let mut words = symbol.splitn(4, ' ');
    let mut number = || u64::from_str_radix(words.next()?, 16).ok();
    let (address, size) = (number()?, number()?);
    Some(Symbol {
        address,
        size,
        name: words.nth(1)?,
        modules,
        distance: 0,
    })
}
