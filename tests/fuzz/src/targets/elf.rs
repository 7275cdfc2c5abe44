// SPDX-License-Identifier: GPL-2.0

//! Fuzzes the reader of ELF files: sections, symbols and the contents of symbols.

use super::check_message;
use crate::common::error::Result;
use crate::read::elf::ElfFile;
use crate::scratch;

pub fn run(input: &[u8]) {
    let path = scratch::file("object.o", input);
    if let Err(error) = ElfFile::open(&path).and_then(|elf| check_symbols(&elf, input)) {
        check_message(&error);
    }
}

fn check_symbols(elf: &ElfFile, input: &[u8]) -> Result<()> {
    let table = elf.symbols()?;
    for entry in &table.entries {
        let Some(symbol) = table.named(entry) else {
            continue;
        };
        assert!(!symbol.name.is_empty() && !symbol.name.contains(&0));
        assert!(symbol.name.len() < input.len());
        let name = elf.section_name(symbol.section);
        assert_eq!(name.is_some(), elf.section(symbol.section).is_some());
        assert!(name.is_none_or(|name| !name.contains(&0)));
        let Some(section) = elf.section(symbol.section) else {
            continue;
        };
        let content = elf.content(section, symbol.value, symbol.size)?;
        assert!(content.len() as u64 <= symbol.size.min(section.size));
    }
    Ok(())
}
