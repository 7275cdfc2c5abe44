// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms sort-symbols`: the symbols that `scripts/kallsyms` reads, at one address the larger
//! before the smaller.
//!
//! `scripts/kallsyms` sorts by address and then by rules about types and names. It keeps the order of
//! its input where all rules leave two symbols equal, and there alone the sizes decide.

use std::cmp::Reverse;
use std::path::Path;

use crate::by_address::ByAddress;
use crate::digits;
use crate::elf::{Elf, SymbolTable};
use crate::error::{show, Error, Result};
use crate::lines::{self, find};
use crate::output;

const REMEDY: &str = "Remove it and vmlinux, and build again: it must be what nm prints of the \
                      file that this pass of the link made.";

/// The letter of symbols that are in no section, and have no size.
const ABSOLUTE: u8 = b'A';

/// A line of nm, and the size of its symbol in bytes.
type Sized<'s> = (u64, &'s [u8]);

/// Writes the lines of `syms`, which nm made of `stem`, to standard output. The lines of one address
/// are sorted by size, the largest first; all others keep their order.
pub(crate) fn run(stem: &Path, syms: &Path) -> Result<()> {
    let text = output::read(syms)?;
    if text.is_empty() {
        // The first pass of the link, which has no symbols.
        return Ok(());
    }
    let image = Elf::open(stem)?;
    let SymbolTable { entries, names } = image.symbols()?;
    let mut symbols = ByAddress::new(entries, &names);
    let mut sorted = Vec::with_capacity(text.len());
    let mut aliases: Vec<Sized<'_>> = Vec::new();
    let mut last = None;
    for (number, line) in lines::numbered(&text) {
        let failed = |problem: String| Error::at_line(syms, number, problem, REMEDY);
        let (address, kind, name) =
            parse(line).ok_or_else(|| failed(format!("'{}' is no line of nm", show(line))))?;
        if last.replace(address) != Some(address) {
            append(&mut sorted, &mut aliases);
        }
        if kind == ABSOLUTE {
            aliases.push((0, line));
            continue;
        }
        while symbols.address().is_none_or(|at| at < address) {
            if !symbols.advance() {
                return Err(failed(not_found(stem, name)));
            }
        }
        let symbol = Some(&mut symbols)
            .filter(|symbols| symbols.address() == Some(address))
            .and_then(|symbols| symbols.take(name, kind))
            .ok_or_else(|| failed(not_found(stem, name)))?;
        aliases.push((symbol.size, line));
    }
    append(&mut sorted, &mut aliases);
    output::print(&[&sorted])
}

/// Moves the lines of one address to the end of `sorted`.
fn append(sorted: &mut Vec<u8>, aliases: &mut Vec<Sized<'_>>) {
    aliases.sort_by_key(|&(size, _)| Reverse(size));
    for (_, line) in aliases.drain(..) {
        sorted.extend_from_slice(line);
        sorted.push(b'\n');
    }
}

fn not_found(stem: &Path, name: &[u8]) -> String {
    format!("{} has no symbol {} there", stem.display(), show(name))
}

/// The address, the letter of the type and the name in a line of nm.
fn parse(line: &[u8]) -> Option<(u64, u8, &[u8])> {
    let (address, rest) = line.split_at(find(line, b' ')?);
    let address = digits::parse(address)?;
    match rest {
        [b' ', kind, b' ', name @ ..] if !name.is_empty() => Some((address, *kind, name)),
        _ => None,
    }
}
