// SPDX-License-Identifier: GPL-2.0

//! Finds the tables of kallsyms and of kallmodsyms in a vmlinux.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol};

/// The bytes of each table, by its name. A table ends where the next table begins.
pub fn of(vmlinux: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let bytes = fs::read(vmlinux).with_context(|| vmlinux.display().to_string())?;
    let places = places(&bytes)?;
    let mut starts: Vec<usize> = places.values().copied().collect();
    starts.sort_unstable();
    let ends = starts.iter().skip(1).copied();
    let ends: BTreeMap<usize, usize> = starts.iter().copied().zip(ends).collect();
    let table = |start| bytes.get(start..*ends.get(&start)?);
    Ok(places
        .iter()
        .filter_map(|(name, &start)| Some((name.clone(), table(start)?.to_owned())))
        .collect())
}

/// The offset of each table in the file, by its name.
pub fn places(vmlinux: &[u8]) -> Result<BTreeMap<String, usize>> {
    let file = object::File::parse(vmlinux)?;
    let rodata = file.section_by_name(".rodata").context("no .rodata")?;
    let (start, _) = rodata.file_range().context("no .rodata in the file")?;
    let mut places = BTreeMap::new();
    for symbol in file.symbols() {
        let name = symbol.name().unwrap_or_default();
        if name.starts_with("kallsyms_") && symbol.section_index() == Some(rodata.index()) {
            let offset = symbol.address().wrapping_sub(rodata.address());
            places.insert(name.to_owned(), usize::try_from(start + offset)?);
        }
    }
    Ok(places)
}
