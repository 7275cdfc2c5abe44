// SPDX-License-Identifier: GPL-2.0

//! Finds the tables of kallsyms and of kallmodsyms in a vmlinux.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

/// The bytes of each table, by the name of the table, with the padding and the room after the table. A table
/// ends where the next table begins, so the last table has no entry.
pub fn contents(vmlinux: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let bytes = fs::read(vmlinux).with_context(|| vmlinux.display().to_string())?;
    let offsets = offsets(&bytes)?;
    let mut starts: Vec<usize> = offsets.values().copied().collect();
    starts.sort_unstable();
    let ends = starts.iter().skip(1).copied();
    let ends: BTreeMap<usize, usize> = starts.iter().copied().zip(ends).collect();
    let table = |start| bytes.get(start..*ends.get(&start)?);
    Ok(offsets
        .iter()
        .filter_map(|(name, &start)| Some((name.clone(), table(start)?.to_owned())))
        .collect())
}

/// The offset of each table in the file, by the name of the table.
pub fn offsets(vmlinux: &[u8]) -> Result<BTreeMap<String, usize>> {
    let file = object::File::parse(vmlinux)?;
    let rodata = file
        .section_by_name(".rodata")
        .context("vmlinux has no .rodata")?;
    let (start, _) = rodata
        .file_range()
        .context("vmlinux has no bytes for .rodata")?;
    let mut offsets = BTreeMap::new();
    for symbol in file.symbols() {
        let name = symbol.name().unwrap_or_default();
        // Structures of kernel/kallsyms.c have such names, too, but the type OBJECT. Tables have no type.
        let is_table = name.starts_with("kallsyms_") && symbol.kind() != SymbolKind::Data;
        if is_table && symbol.section_index() == Some(rodata.index()) {
            let offset = symbol.address().wrapping_sub(rodata.address());
            offsets.insert(name.to_owned(), usize::try_from(start + offset)?);
        }
    }
    Ok(offsets)
}
