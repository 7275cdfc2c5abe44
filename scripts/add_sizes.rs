// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms add-sizes`: what `scripts/kallsyms` reads, with the size of each symbol, so that it
//! can sort what is at one address by it.

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

/// Writes the lines of `syms`, which nm made of `stem`, to standard output, each with a tab and the
/// symbol's size in hexadecimal at its end, if it is in a section.
///
/// ```text
/// ffffffff81000000 T startup_64
/// ffffffff81000000 T startup_64\t48
/// ```
pub(crate) fn run(stem: &Path, syms: &Path) -> Result<()> {
    let text = output::read(syms)?;
    if text.is_empty() {
        // The first pass of the link, which has no symbols.
        return Ok(());
    }
    let image = Elf::open(stem)?;
    let SymbolTable { entries, names } = image.symbols()?;
    let mut symbols = ByAddress::new(entries, &names);
    let mut sized = Vec::with_capacity(text.len() + text.len() / 8);
    for (number, line) in lines::numbered(&text) {
        let failed = |problem: String| Error::at_line(syms, number, problem, REMEDY);
        let (address, kind, name) =
            parse(line).ok_or_else(|| failed(format!("'{}' is no line of nm", show(line))))?;
        sized.extend_from_slice(line);
        if kind == ABSOLUTE {
            sized.push(b'\n');
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
        sized.push(b'\t');
        sized.extend_from_slice(digits::significant(&digits::of(symbol.size)));
        sized.push(b'\n');
    }
    output::print(&[&sized])
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
