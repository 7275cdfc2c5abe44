// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms add-sizes`: what `scripts/kallsyms` reads, with the size of each symbol, so that it
//! can sort what is at one address by it.

use std::path::Path;

use crate::by_address::{ByAddress, Group};
use crate::elf::Elf;
use crate::error::{show, Error, Result};
use crate::lines;
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
    let table = image.symbols()?;
    let mut symbols = ByAddress::new(&table);
    let mut groups = symbols.groups();
    let mut group = Group::default();
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
        while group.address().is_none_or(|at| at < address) {
            let next = groups.next();
            group = next.ok_or_else(|| failed(not_found(stem, name)))?;
        }
        let symbol = Some(&mut group)
            .filter(|group| group.address() == Some(address))
            .and_then(|group| group.take(name))
            .ok_or_else(|| failed(not_found(stem, name)))?;
        sized.extend_from_slice(format!("\t{:x}\n", symbol.size).as_bytes());
    }
    output::print(&sized)
}

fn not_found(stem: &Path, name: &[u8]) -> String {
    format!("{} has no symbol {} there", stem.display(), show(name))
}

/// The address, the letter of the type and the name in a line of nm.
fn parse(line: &[u8]) -> Option<(u64, u8, &[u8])> {
    let space = line.iter().position(|&byte| byte == b' ')?;
    let (address, rest) = line.split_at(space);
    let address = u64::from_str_radix(std::str::from_utf8(address).ok()?, 16).ok()?;
    match rest {
        [b' ', kind, b' ', name @ ..] if !name.is_empty() => Some((address, *kind, name)),
        _ => None,
    }
}
