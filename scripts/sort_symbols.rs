// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms sort-symbols`: sorts the input of scripts/kallsyms. At one address, larger symbols come
//! before smaller symbols.
//!
//! scripts/kallsyms sorts by address and then by rules about types and names. Two symbols that are equal
//! under all of these rules keep the order of the input. So the sizes decide only between such symbols.

use std::cmp::Reverse;
use std::path::Path;

use crate::common::error::{show, Error, Result};
use crate::common::lines;
use crate::read::elf::{ElfFile, SymbolTable};
use crate::read::input_file;
use crate::read::nm_line::NmLine;
use crate::read::symbol_walk::SymbolWalk;
use crate::write::Outputs;

/// A line of nm, and the size of its symbol in bytes.
type SizedLine<'s> = (u64, &'s [u8]);

/// Sorts the lines of `syms`, the output of nm for `stem`. At one address, the lines go from the largest
/// symbol to the smallest; absolute symbols count as size 0. Lines with the same address and the same size
/// keep their order. Writes nothing.
pub(crate) fn outputs(stem: &Path, syms: &Path) -> Result<Outputs> {
    let text = input_file::read(syms)?;
    if text.is_empty() {
        // The first pass of the link has no symbols.
        return Ok(Outputs::default());
    }
    let image = ElfFile::open(stem)?;
    let SymbolTable { entries, names } = image.symbols()?;
    let mut symbols = SymbolWalk::new(entries, &names);
    let mut sorted = Vec::with_capacity(text.len());
    let mut aliases: Vec<SizedLine<'_>> = Vec::new();
    let mut last = None;
    for (number, line) in lines::numbered(&text) {
        let failed = |problem: String| Error::at_line(syms, number, problem, remedy(stem, syms));
        let nm = NmLine::parse(line);
        let nm = nm.ok_or_else(|| failed(format!("'{}' is no line of nm", show(line))))?;
        if last.replace(nm.address) != Some(nm.address) {
            append(&mut sorted, &mut aliases);
        }
        if nm.is_absolute() {
            aliases.push((0, line));
            continue;
        }
        let not_found = || {
            let (stem, name) = (stem.display(), show(nm.name));
            let address = nm.address;
            failed(format!("{stem} has no symbol {name} at {address:#x}"))
        };
        while symbols.address().is_none_or(|address| address < nm.address) {
            if !symbols.advance() {
                return Err(not_found());
            }
        }
        let symbol = match symbols.address() == Some(nm.address) {
            true => symbols.take(nm.name, nm.letter),
            false => None,
        };
        aliases.push((symbol.ok_or_else(not_found)?.size, line));
    }
    append(&mut sorted, &mut aliases);
    Ok(Outputs::printed(sorted))
}

/// The remedy if `syms` does not list the symbols of `stem`.
fn remedy(stem: &Path, syms: &Path) -> String {
    let (stem, syms) = (stem.display(), syms.display());
    format!(
        "Remove {syms} and vmlinux, and build again. {syms} must be the output of nm for {stem}."
    )
}

/// Sorts the lines of one address by size, and moves them to the end of `sorted`.
fn append(sorted: &mut Vec<u8>, aliases: &mut Vec<SizedLine<'_>>) {
    aliases.sort_by_key(|&(size, _)| Reverse(size));
    for (_, line) in aliases.drain(..) {
        sorted.extend_from_slice(line);
        sorted.push(b'\n');
    }
}
