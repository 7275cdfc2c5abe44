// SPDX-License-Identifier: GPL-2.0

//! Builds artificial kernels: symbols, and the tables of the symbols. Tests and benchmarks use this module.

mod sizes;

use format::{
    self,
    braces::NoObjects,
    ranges::{ModuleTables, RawTables},
    sizes::{SizeTables, NO_SIZE, VALUES},
    symbols::SymbolNames,
    tokens::{Tokens, TOKENS},
    walk::{self, Place, Places},
};
use sizes::Encoded;
use std::collections::HashMap;

/// The address of `_text` in vmlinux.
const LINKED: usize = 0xffff_ffff_8100_0000;

/// The address of `_text` in the running kernel.
const TEXT: usize = 0xffff_ffff_9a20_0000;

/// A symbol of the kernel.
#[derive(Clone, Debug)]
pub struct Symbol {
    pub address: usize,
    pub size: usize,
    pub kind: u8,
    pub name: Vec<u8>,
    /// The index of the symbol's list in `Kernel::modules`.
    modules: usize,
    percpu: bool,
}

/// A kernel: its symbols, and the modules of the symbols.
#[derive(Clone, Debug)]
pub struct Kernel {
    pub symbols: Vec<Symbol>,
    /// Lists of modules. The first list is empty.
    modules: Vec<Vec<String>>,
    /// For each range, the offset of its start and the index of its list of modules.
    ranges: Vec<(u32, usize)>,
    /// For each exception, the index of the symbol and the index of its list of modules.
    exceptions: Vec<(u32, usize)>,
    /// True if the kernel stores sizes.
    sizes: bool,
}

impl Kernel {
    /// Makes a kernel. Each symbol is its distance to the next symbol, its size, its type and its name. If the
    /// size is `None`, or if `sizes` is false, the size becomes the distance to the next higher address of the
    /// area. For a symbol at the highest address of an area, it becomes 0, or [`REST`] if `sizes` is false. The
    /// first `percpu` symbols are in the per-cpu area. Each of `ranges` is a number of symbols and a list of modules.
    /// The range begins this number of symbols after the previous range. The symbols with an index in
    /// `exceptions` are in no module. `sizes` is true if the kernel stores sizes.
    pub fn new(
        symbols: Vec<(usize, Option<usize>, u8, Vec<u8>)>,
        percpu: usize,
        ranges: &[(usize, Vec<String>)],
        exceptions: &[usize],
        sizes: bool,
    ) -> Self {
        let mut kernel = Self {
            symbols: Vec::new(),
            modules: vec![Vec::new()],
            ranges: Vec::new(),
            exceptions: Vec::new(),
            sizes,
        };
        let mut address = 0;
        for (number, (step, size, kind, name)) in symbols.into_iter().enumerate() {
            if number == percpu {
                address = TEXT;
            }
            kernel.symbols.push(Symbol {
                address,
                size: size.filter(|_| sizes).unwrap_or(usize::MAX),
                kind,
                name,
                modules: 0,
                percpu: number < percpu,
            });
            address += step;
        }
        let rest = if sizes { 0 } else { REST };
        for index in 0..kernel.symbols.len() {
            let gap = kernel.gap(index).unwrap_or(rest);
            let symbol = &mut kernel.symbols[index];
            if symbol.size == usize::MAX {
                symbol.size = gap;
            }
        }
        kernel.attribute(ranges, exceptions);
        kernel
    }

    /// The distance from a symbol to the next symbol of its area at a higher address.
    fn gap(&self, index: usize) -> Option<usize> {
        let symbol = &self.symbols[index];
        let mut after = self.symbols[index..].iter();
        let next = after.find(|next| next.percpu != symbol.percpu || next.address > symbol.address);
        let next = next.filter(|next| next.percpu == symbol.percpu)?;
        Some(next.address - symbol.address)
    }

    /// Sets the modules of each symbol.
    fn attribute(&mut self, ranges: &[(usize, Vec<String>)], exceptions: &[usize]) {
        let mut start = 0;
        for (count, modules) in ranges {
            self.modules.push(modules.clone());
            start += count;
            let Some(symbol) = self.symbols.get(start) else {
                break;
            };
            // The per-cpu symbols come first, but have the largest offsets. So the ranges are sorted below.
            self.ranges
                .push((offset_of(symbol), self.modules.len() - 1));
        }
        self.ranges.sort_by_key(|range| range.0);
        self.ranges.dedup_by_key(|range| range.0);
        for symbol in &mut self.symbols {
            let offset = offset_of(symbol);
            let after = self.ranges.partition_point(|range| range.0 <= offset);
            symbol.modules = after.checked_sub(1).map_or(0, |range| self.ranges[range].1);
        }
        for &index in exceptions {
            if let Some(symbol) = self.symbols.get_mut(index) {
                symbol.modules = 0;
                self.exceptions.push((index as u32, 0));
            }
        }
        self.exceptions.sort_unstable();
        self.exceptions.dedup();
    }

    /// The modules of `symbol`.
    pub fn modules_of(&self, symbol: &Symbol) -> &[String] {
        &self.modules[symbol.modules]
    }

    /// Encodes the tables of this kernel.
    pub fn tables(&self) -> Tables {
        let row = |(index, symbol): (usize, &Symbol)| Place {
            address: symbol.address.wrapping_sub(ROW_LEN * index),
            offset: offset_of(symbol),
            percpu: symbol.percpu,
        };
        let mut tables = Tables {
            places: self.symbols.iter().enumerate().map(row).collect(),
            ..Tables::default()
        };
        tables.name(&self.symbols);
        tables.attribute(self);
        let sizes = self.symbols.iter().enumerate().map(|(index, symbol)| {
            let gap = self.gap(index).unwrap_or(0);
            (gap as u64, symbol.size as u64)
        });
        tables.sizes = self
            .sizes
            .then(|| Encoded::new(&sizes.collect::<Vec<_>>(), NIBBLES));
        tables
    }
}

/// The values of the nibbles: no size, or 1 to 14 bytes of padding.
const NIBBLES: [u32; VALUES] = [NO_SIZE, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];

/// The shown size of the last symbols of an area in a kernel that does not store sizes.
const REST: usize = 0x123;

/// The offset of `symbol` from `_text` in vmlinux, modulo 2^32.
fn offset_of(symbol: &Symbol) -> u32 {
    let text = if symbol.percpu { LINKED } else { TEXT };
    symbol.address.wrapping_sub(text) as u32
}

/// The tables of a kernel.
#[derive(Default)]
pub struct Tables {
    places: Vec<Place>,
    token_table: Vec<u8>,
    token_index: Vec<u16>,
    stream: Vec<u8>,
    markers: Vec<u32>,
    range_offsets: Vec<u32>,
    range_modules: Vec<u32>,
    exceptions: Vec<u32>,
    exception_modules: Vec<u32>,
    names: Vec<u8>,
    sizes: Option<Encoded>,
}

/// The places of symbols. An address is relative to the address of its row, as in Linux 7.2 and later.
pub struct Listed<'t>(&'t [Place]);

/// The number of bytes of a row of `kallsyms_offsets`.
const ROW_LEN: usize = 4;

impl Listed<'_> {
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Places for Listed<'_> {
    type Row = Place;

    fn rows(&self, index: u32) -> &[Place] {
        self.0.get(index as usize..).unwrap_or_default()
    }

    fn place(&self, index: u32, row: Place) -> Place {
        Place {
            address: row.address.wrapping_add(ROW_LEN * index as usize),
            ..row
        }
    }

    fn to_section_end(&self, _: Place) -> usize {
        REST
    }
}

impl Tables {
    /// Checks the tables and passes them to `with`.
    pub fn with<T>(
        &self,
        with: impl FnOnce(&walk::Tables<'_, '_, Listed<'_>, NoObjects>) -> T,
    ) -> T {
        let mut room = [[0; TOKENS]; 5];
        let index = self.token_index.as_slice().try_into().expect("256 tokens");
        let tokens = Tokens::new(&self.token_table, index, &mut room).unwrap();
        let len = self.places.len() as u32;
        let names = SymbolNames::new(&self.stream, &self.markers, len, &tokens).unwrap();
        let modules = RawTables {
            offsets: &self.range_offsets,
            modules: &self.range_modules,
            exceptions: &self.exceptions,
            exception_modules: &self.exception_modules,
            names: &self.names,
        };
        let modules = ModuleTables::new(modules).unwrap();
        let sizes = self
            .sizes
            .as_ref()
            .map(|sizes| SizeTables::new(sizes.raw(), len).unwrap());
        with(&walk::Tables {
            names: &names,
            tokens: &tokens,
            places: &Listed(&self.places),
            modules: &modules,
            sizes: sizes.as_ref(),
            objects: NoObjects,
        })
    }

    /// Makes the tables of names. scripts/kallsyms merges the most frequent pair of adjacent tokens into one
    /// token, again and again. This function does the same, after it has made a few long tokens.
    fn name(&mut self, symbols: &[Symbol]) {
        let texts: Vec<Vec<u8>> = symbols
            .iter()
            .map(|symbol| [&[symbol.kind], symbol.name.as_slice()].concat())
            .collect();
        let mut tokens: Vec<Vec<u8>> = (0..=u8::MAX)
            .filter(|byte| texts.iter().any(|text| text.contains(byte)))
            .map(|byte| vec![byte])
            .collect();
        for (text, len) in texts.iter().zip([8, 9, 15, 16, 17, 30]) {
            // Some of these tokens begin with the type letter.
            tokens.extend(text.get(len % 2..len).map(<[u8]>::to_vec));
        }
        let longest_first = |text: &[u8]| {
            let fits = |token: &&usize| text.starts_with(&tokens[**token]);
            let numbers: Vec<usize> = (0..tokens.len()).collect();
            *numbers
                .iter()
                .rev()
                .find(fits)
                .expect("every byte is a token")
        };
        let mut entries: Vec<Vec<u8>> = texts
            .iter()
            .map(|text| {
                let (mut entry, mut at) = (Vec::new(), 0);
                while at < text.len() {
                    let token = longest_first(&text[at..]);
                    entry.push(token as u8);
                    at += tokens[token].len();
                }
                entry
            })
            .collect();
        // Merging is slow. More tokens than this save little, and Miri, which checks the decoder, needs none.
        let most = match cfg!(miri) {
            true => 0,
            false => TOKENS.min(40 + symbols.len() / 20),
        };
        while tokens.len() < most && merge(&mut entries, &mut tokens) {}

        tokens.resize(TOKENS, Vec::new());
        for token in tokens {
            self.token_index.push(self.token_table.len() as u16);
            self.token_table.extend(token);
            self.token_table.push(0);
        }
        for (number, entry) in entries.iter().enumerate() {
            if number % 256 == 0 {
                self.markers.push(self.stream.len() as u32);
            }
            match entry.len() {
                len @ 0..=127 => self.stream.push(len as u8),
                len => self
                    .stream
                    .extend([(len % 128) as u8 | 128, (len / 128) as u8]),
            }
            self.stream.extend(entry);
        }
    }

    /// Makes the tables of modules.
    fn attribute(&mut self, kernel: &Kernel) {
        self.names.push(0);
        let mut entries = HashMap::from([(0, 0)]);
        for (number, modules) in kernel.modules.iter().enumerate() {
            if modules.is_empty() {
                entries.insert(number, 0);
                continue;
            }
            entries.insert(number, self.names.len() as u32);
            if modules.len() > 1 {
                self.names.extend([0, modules.len() as u8]);
            }
            for module in modules {
                self.names.extend(module.as_bytes());
                self.names.push(0);
            }
        }
        for &(offset, modules) in &kernel.ranges {
            self.range_offsets.push(offset);
            self.range_modules.push(entries[&modules]);
        }
        for &(symbol, modules) in &kernel.exceptions {
            self.exceptions.push(symbol);
            self.exception_modules.push(entries[&modules]);
        }
    }
}

/// Merges the most frequent pair of adjacent tokens into one token. Returns false if no pair occurs twice.
fn merge(entries: &mut [Vec<u8>], tokens: &mut Vec<Vec<u8>>) -> bool {
    let mut counts = vec![0_u32; TOKENS * TOKENS];
    let pair = |pair: &[u8]| usize::from(pair[0]) * TOKENS + usize::from(pair[1]);
    for entry in &*entries {
        for two in entry.windows(2) {
            counts[pair(two)] += 1;
        }
    }
    let (best, &count) = counts.iter().enumerate().max_by_key(|best| best.1).unwrap();
    if count < 2 {
        return false;
    }
    let (first, second) = ((best / TOKENS) as u8, (best % TOKENS) as u8);
    let text = [first, second].map(|token| tokens[usize::from(token)].clone());
    for entry in entries {
        let mut merged = Vec::with_capacity(entry.len());
        let mut rest = entry.as_slice();
        while let Some((&token, after)) = rest.split_first() {
            if token == first && after.first() == Some(&second) {
                merged.push(tokens.len() as u8);
                rest = &after[1..];
            } else {
                merged.push(token);
                rest = after;
            }
        }
        *entry = merged;
    }
    tokens.push(text.concat());
    true
}
