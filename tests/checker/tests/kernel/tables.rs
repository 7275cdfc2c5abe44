// SPDX-License-Identifier: GPL-2.0

//! Encodes the kallsyms tables and the module tables of a list of symbols as assembler source.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Modules;

/// The start address of the kernel, as in vmlinux.lds.
pub const TEXT: u64 = 0xffff_ffff_8100_0000;

/// A symbol in the kernel's listing.
pub struct Symbol {
    pub address: u64,
    pub kind: char,
    pub name: String,
    pub modules: Modules,
}

/// The tables of `symbols`, which must be sorted by address. Each address begins a range with the modules of
/// the first symbol at the address. A later symbol at the address with different modules is an exception.
pub fn assembler(symbols: &[Symbol]) -> String {
    let mut names = Names::default();
    let mut ranges: BTreeMap<u64, u32> = BTreeMap::new();
    let mut exceptions = Vec::new();
    for (index, symbol) in symbols.iter().enumerate() {
        let entry = names.add(symbol.modules);
        if *ranges.entry(symbol.address - TEXT).or_insert(entry) != entry {
            exceptions.push((index as u64, entry));
        }
    }

    let mut source = String::from("\t.section .tables, \"a\"\n");
    let mut table = |name: &str, word: &str, values: &[u64]| {
        writeln!(source, "\t.balign 8\n\t.globl {name}\n{name}:").unwrap();
        for value in values {
            writeln!(source, "\t{word} {value:#x}").unwrap();
        }
    };
    let longs = |values: &[u32]| {
        values
            .iter()
            .map(|&value| value.into())
            .collect::<Vec<u64>>()
    };
    let bytes = |values: &[u8]| {
        values
            .iter()
            .map(|&value| value.into())
            .collect::<Vec<u64>>()
    };

    table("kallsyms_num_syms", ".long", &[symbols.len() as u64]);
    table("kallsyms_relative_base", ".quad", &[TEXT]);
    let offsets: Vec<u64> = symbols.iter().map(|symbol| symbol.address - TEXT).collect();
    table("kallsyms_offsets", ".long", &offsets);
    let compressed: Vec<u8> = symbols
        .iter()
        .map(|symbol| format!("{}{}", symbol.kind, symbol.name))
        .flat_map(|text| [&[text.len() as u8], text.as_bytes()].concat())
        .collect();
    table("kallsyms_names", ".byte", &bytes(&compressed));
    // Token N is the byte N.
    let tokens: Vec<u8> = (0..=255).flat_map(|byte| [byte, 0]).collect();
    table("kallsyms_token_table", ".byte", &bytes(&tokens));
    let starts: Vec<u64> = (0..256).map(|byte| byte * 2).collect();
    table("kallsyms_token_index", ".short", &starts);

    table("kallsyms_num_modules", ".long", &[ranges.len() as u64]);
    table("kallsyms_module_base", ".quad", &[TEXT]);
    let (starts, entries): (Vec<u64>, Vec<u32>) = ranges.into_iter().unzip();
    table("kallsyms_module_offsets", ".long", &starts);
    table("kallsyms_modules", ".long", &longs(&entries));
    let (indexes, entries): (Vec<u64>, Vec<u32>) = exceptions.into_iter().unzip();
    table(
        "kallsyms_num_module_exceptions",
        ".long",
        &[indexes.len() as u64],
    );
    table("kallsyms_module_exceptions", ".long", &indexes);
    table("kallsyms_exception_modules", ".long", &longs(&entries));
    table(
        "kallsyms_module_names_len",
        ".long",
        &[names.bytes.len() as u64 + 1],
    );
    table(
        "kallsyms_module_names",
        ".byte",
        &bytes(&[&[0], &names.bytes[..]].concat()),
    );
    source
}

/// The names table without its leading zero byte.
#[derive(Default)]
struct Names {
    bytes: Vec<u8>,
    /// The offset of each set of modules in the names table, which has the leading zero byte.
    entries: BTreeMap<Modules, u32>,
}

impl Names {
    fn add(&mut self, modules: Modules) -> u32 {
        if modules.is_empty() {
            return 0;
        }
        if let Some(&entry) = self.entries.get(modules) {
            return entry;
        }
        let entry = self.bytes.len() as u32 + 1;
        if modules.len() > 1 {
            self.bytes.extend([0, modules.len() as u8]);
        }
        for name in modules {
            self.bytes.extend(name.bytes().chain([0]));
        }
        self.entries.insert(modules, entry);
        entry
    }
}
