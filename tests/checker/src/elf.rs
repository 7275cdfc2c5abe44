// SPDX-License-Identifier: GPL-2.0

//! The symbols of an ELF file, in the order of its symbol table.

use std::collections::HashSet;

use anyhow::Result;
use object::elf::{
    STB_LOCAL, STB_WEAK, STT_COMMON, STT_FILE, STT_OBJECT, STT_SECTION, STV_DEFAULT,
};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionIndex, SymbolFlags};

use crate::names::{Name, Names};

/// The visibility of a symbol.
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
    /// `STT_FUNC` and so on.
    pub kind: u8,
    pub size: u64,
}

/// A symbol that is defined.
#[derive(Clone, Copy, Debug)]
pub struct Symbol {
    pub shape: Shape,
    pub binding: Binding,
    /// True if symbol lookups outside of the linked file cannot find it. A linker may make a global
    /// symbol local for that, and LLD keeps this mark of it.
    pub hidden: bool,
    /// True if the linker is to make room for it, of all that have its name for the largest.
    pub common: bool,
    /// The address in vmlinux; in an object, the offset in `section`.
    pub value: u64,
    /// `None` for an absolute or a common symbol.
    pub section: Option<SectionIndex>,
}

/// A line of a symbol table that says something: a definition, or that what follows comes from a
/// file.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    File(Name),
    Symbol(Symbol),
}

/// True if a symbol only tells tools what there is, or is a label of the compiler's: `$x`, `.LBB0_1`.
/// kallsyms has none of these.
fn is_mark(name: &[u8]) -> bool {
    name.starts_with(b"$") || name.starts_with(b".L")
}

/// The definitions and file marks of `file`.
pub fn entries(file: &object::File<'_>, names: &mut Names) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for symbol in file.symbols() {
        let SymbolFlags::Elf { st_info, st_other } = symbol.flags() else {
            continue;
        };
        let kind = st_info & 0xf;
        // Marks of the file and of sections are not printed by anyone.
        if kind == STT_SECTION || (symbol.is_undefined() && kind != STT_FILE) {
            continue;
        }
        let name = symbol.name_bytes()?;
        if is_mark(name) {
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
