// SPDX-License-Identifier: GPL-2.0

//! The tables of kallsyms and ours in a vmlinux.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol};

/// Where in a vmlinux the tables are, in bytes from its start.
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
