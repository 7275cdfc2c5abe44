// SPDX-License-Identifier: GPL-2.0

//! Made-up kernels: their symbols, and the tables of these. Used by tests and benchmarks.

mod sizes;

use format::{
    self,
    ranges::{ModuleTables, RawTables},
    sizes::{SizeTables, NO_SIZE, VALUES},
    symbols::SymbolNames,
    tokens::{Tokens, TOKENS},
    walk::{self, Place, Places},
};
use sizes::Encoded;
use std::collections::HashMap;

/// The link address of the image, and its address at run time.
const LINKED: usize = 0xffff_ffff_8100_0000;
const TEXT: usize = 0xffff_ffff_9a20_0000;

/// One symbol.
#[derive(Clone, Debug)]
pub struct Symbol {
    pub address: usize,
    pub size: usize,
    pub kind: u8,
    pub name: Vec<u8>,
    /// Number of the list of modules that it is in.
    modules: usize,
    percpu: bool,
}

/// A kernel.
#[derive(Clone, Debug)]
pub struct Kernel {
    pub symbols: Vec<Symbol>,
    /// Lists of modules; the first one is empty.
    modules: Vec<Vec<String>>,
    ranges: Vec<(u32, usize)>,
    exceptions: Vec<(u32, usize)>,
    sizes: bool,
}

impl Kernel {
    /// A kernel of symbols of which the distance to the next one, the size if that is another, the
    /// type and the name are given. The first `percpu` are in the per-cpu area. After as many
    /// symbols as `ranges` say each, the modules change. `exceptions` are in no module. Without
    /// `sizes` these are not stored.
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

    /// The bytes from a symbol to the next one of its area that is at a higher address.
    fn gap(&self, index: usize) -> Option<usize> {
        let symbol = &self.symbols[index];
        let mut after = self.symbols[index..].iter();
        let next = after.find(|next| next.percpu != symbol.percpu || next.address > symbol.address);
        let next = next.filter(|next| next.percpu == symbol.percpu)?;
        Some(next.address - symbol.address)
    }

    /// Puts symbols into modules.
    fn attribute(&mut self, ranges: &[(usize, Vec<String>)], exceptions: &[usize]) {
        let mut start = 0;
        for (count, modules) in ranges {
            self.modules.push(modules.clone());
            start += count;
            let Some(symbol) = self.symbols.get(start) else {
                break;
            };
            // Per-cpu symbols follow all other symbols.
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

    /// The modules that `symbol` is in.
    pub fn modules_of(&self, symbol: &Symbol) -> &[String] {
        &self.modules[symbol.modules]
    }

    /// The tables.
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

/// The nibbles' values: no size, or 1 to 14 bytes less.
const NIBBLES: [u32; VALUES] = [NO_SIZE, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];

/// What is said of the last symbols where sizes are not stored.
const REST: usize = 0x123;

/// Bytes from `_text` when the kernel was linked.
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

/// The places of symbols. Each row counts from its own address, as those of Linux 7.2 and newer do.
pub struct Listed<'t>(&'t [Place]);

/// Bytes of a row of `kallsyms_offsets`.
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
    /// Calls `with` with the tables, checked.
    pub fn with<T>(&self, with: impl FnOnce(&walk::Tables<'_, '_, Listed<'_>>) -> T) -> T {
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
        })
    }

    /// Makes the tables of names, with tokens made as scripts/kallsyms makes them: the two that
    /// follow each other most often become one. Some long ones are made before.
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
            // Some with the type, and some without.
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
        // As many as pay off: it takes long, and far longer under Miri, which looks at the decoder.
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

/// Makes one token of the two that follow each other most often. Returns whether any do so twice.
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
