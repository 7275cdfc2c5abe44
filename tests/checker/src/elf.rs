// SPDX-License-Identifier: GPL-2.0

//! Reads the symbols of an ELF file, in the order of its symbol table.

use std::collections::HashSet;

use anyhow::Result;
use object::elf::{
    STB_LOCAL, STB_WEAK, STT_COMMON, STT_FILE, STT_OBJECT, STT_SECTION, STV_DEFAULT,
};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionIndex, SymbolFlags};

use crate::names::{Name, Names};

/// The binding of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    Local,
    Global,
    Weak,
}

/// The properties of a symbol that the linker keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    pub name: Name,
    /// The ELF type, for example `STT_FUNC`.
    pub kind: u8,
    pub size: u64,
}

/// A defined symbol.
#[derive(Clone, Copy, Debug)]
pub struct Symbol {
    pub shape: Shape,
    pub binding: Binding,
    /// True if the symbol's visibility is not the default. A linker can make a hidden global symbol local. LLD
    /// then keeps the hidden visibility.
    pub hidden: bool,
    /// True for a common symbol. The linker reserves space for the largest common symbol of each name.
    pub common: bool,
    /// The address in vmlinux; in an object, the offset in `section`.
    pub value: u64,
    /// `None` for an absolute or a common symbol.
    pub section: Option<SectionIndex>,
}

/// An entry of a symbol table: the mark of a source file, or a defined symbol. The local symbols of a source file
/// follow its mark.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    File(Name),
    Symbol(Symbol),
}

/// True for a mapping symbol, such as `$x`, and for a label of the compiler, such as `.LBB0_1`.
fn is_ignored_by_kallsyms(name: &[u8]) -> bool {
    name.starts_with(b"$") || name.starts_with(b".L")
}

/// The definitions and the marks of source files in the symbol table of `file`.
pub fn entries(file: &object::File<'_>, names: &mut Names) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for symbol in file.symbols() {
        let SymbolFlags::Elf { st_info, st_other } = symbol.flags() else {
            continue;
        };
        let kind = st_info & 0xf;
        // kallsyms has no section symbols and no undefined symbols.
        if kind == STT_SECTION || (symbol.is_undefined() && kind != STT_FILE) {
            continue;
        }
        let name = symbol.name_bytes()?;
        if is_ignored_by_kallsyms(name) {
            continue;
        }
        let name = names.add(name);
        if kind == STT_FILE {
            entries.push(Entry::File(name));
            continue;
        }
        let binding = match st_info >> 4 {
            STB_LOCAL => Binding::Local,
            STB_WEAK => Binding::Weak,
            _ => Binding::Global,
        };
        entries.push(Entry::Symbol(Symbol {
            shape: Shape {
                name,
                kind: match kind {
                    STT_COMMON => STT_OBJECT,
                    kind => kind,
                },
                size: symbol.size(),
            },
            binding,
            hidden: st_other & 0x3 != STV_DEFAULT,
            common: symbol.is_common(),
            value: symbol.address(),
            section: symbol.section_index(),
        }));
    }
    Ok(entries)
}

/// The sections of `file` whose contents the linker merges with equal contents of other objects.
pub fn merged_sections(file: &object::File<'_>) -> HashSet<SectionIndex> {
    let merged = |flags| match flags {
        SectionFlags::Elf { sh_flags } => sh_flags & u64::from(object::elf::SHF_MERGE) != 0,
        _ => false,
    };
    file.sections()
        .filter(|section| merged(section.flags()))
        .map(|section| section.index())
        .collect()
}
