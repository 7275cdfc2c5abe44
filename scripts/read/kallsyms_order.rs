// SPDX-License-Identifier: GPL-2.0

//! The order of the symbols in the listing, from the address table that scripts/kallsyms wrote.
//!
//! scripts/kallsyms drops some symbols and sorts the remaining symbols. The rules for both differ between
//! kernel series, and the generator does not repeat them. It reads the order from the assembler file of
//! scripts/kallsyms: a comment in each row of the address table has the type and the name of the symbol.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::elf::Symbol;
use super::symbol_walk::SymbolWalk;
use crate::common::error::{show, Error, Result};
use crate::common::hexadecimal;
use crate::common::lines::{find, FileLines};

const LABEL: &[u8] = b"kallsyms_offsets:";

/// The beginning of each row of the table.
const ROW: &[u8] = b"\t.long\t";

const REMEDY: &str =
    "Remove it and build again. If that does not help, this kernel's scripts/kallsyms writes \
                      a form that is not known yet: please report it with the kernel's version.";

/// The rows of the address table in the assembler file of scripts/kallsyms.
pub(super) struct KallsymsOrder {
    path: PathBuf,
    lines: FileLines,
}

/// A row of the address table. Linux 6.12 writes the first form, 7.2 and 7.3 write the second form:
///
/// ```text
/// \t.long\t0xffffffff\t/* Tstartup_64 */
/// \t.long\t_text - . + (0)\t/* Tstartup_64 */
/// ```
#[derive(Clone, Copy)]
struct Row<'o> {
    stored: Stored,
    /// The letter of the symbol's type.
    letter: u8,
    name: &'o [u8],
}

/// The address of a symbol as its row stores it.
#[derive(Clone, Copy)]
enum Stored {
    /// A negative number -N stands for the address N bytes above a base. A number N that is not negative is
    /// an address if the kernel has absolute symbols (the per-cpu symbols of x86_64). Otherwise it also
    /// stands for the address N bytes above a base.
    Number(i32),
    /// The number of bytes from `_text`.
    FromText(i32),
}

impl Stored {
    fn parse(text: &[u8]) -> Option<Self> {
        if let Some(from_text) = text.strip_prefix(b"_text - . + (") {
            let number = from_text.strip_suffix(b")")?;
            return std::str::from_utf8(number)
                .ok()?
                .parse()
                .ok()
                .map(Self::FromText);
        }
        let number = match text {
            b"0" => 0,
            number => u32::try_from(hexadecimal::parse_prefixed(number)?).ok()?,
        };
        Some(Self::Number(number as i32))
    }
}

impl KallsymsOrder {
    /// Finds the address table in the file `path`. The names before the table take about half of the file, so
    /// the search begins in the middle. If it finds no table, a second search begins at the start of the
    /// file.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| Error::in_file(path, error.to_string(), REMEDY);
        let mut file = File::open(path).map_err(failed)?;
        let middle = file.metadata().map_err(failed)?.len() / 2;
        for start in [middle, 0] {
            file.seek(SeekFrom::Start(start)).map_err(failed)?;
            let mut lines = FileLines::of(file.try_clone().map_err(failed)?);
            while let Some(line) = lines.next().map_err(failed)? {
                if line == LABEL {
                    let path = path.into();
                    return Ok(Self { path, lines });
                }
            }
        }
        Err(Error::in_file(
            path,
            "has no table kallsyms_offsets",
            REMEDY,
        ))
    }

    /// The next row; `None` after the last row. A row may be cut short, so that it does not parse. If the
    /// file ends with the table, the file is cut short, and this function fails.
    fn next(&mut self) -> Result<Option<&[u8]>> {
        let is_row =
            |line: &&[u8]| line.starts_with(ROW) || !line.is_empty() && ROW.starts_with(line);
        match self.lines.next() {
            Ok(line @ Some(_)) => Ok(line.filter(is_row)),
            Ok(None) => Err(Error::in_file(&self.path, "the file is cut short", REMEDY)),
            Err(error) => Err(Error::in_file(&self.path, error.to_string(), REMEDY)),
        }
    }
}

impl<'o> Row<'o> {
    fn parse(row: &'o [u8]) -> Option<Self> {
        let rest = row.strip_prefix(ROW)?;
        let (stored, comment) = rest.split_at(find(rest, b'\t')?);
        let symbol = comment.strip_prefix(b"\t/* ")?.strip_suffix(b" */")?;
        let (&letter, name) = symbol.split_first()?;
        let stored = Stored::parse(stored)?;
        Some(Self {
            stored,
            letter,
            name,
        })
    }
}

/// The bases that the rows count from. The first row that counts from a base tells the base.
#[derive(Default)]
struct Bases {
    down_from: Option<u64>,
    up_from: Option<u64>,
    text: Option<u64>,
}

impl Bases {
    /// Return: true if a row that stores `stored` can be the row of a symbol at `address`.
    fn fit(&mut self, stored: Stored, address: u64) -> bool {
        let (base, from) = match stored {
            Stored::FromText(offset) => {
                let from = address.wrapping_sub(i64::from(offset) as u64);
                (&mut self.text, from)
            }
            Stored::Number(offset @ ..=-1) => {
                let from = address.wrapping_add(i64::from(offset) as u64);
                (&mut self.down_from, from)
            }
            Stored::Number(offset) => {
                let offset = i64::from(offset) as u64;
                if address == offset {
                    return true;
                }
                (&mut self.up_from, address.wrapping_sub(offset))
            }
        };
        from == *base.get_or_insert(from)
    }
}

/// Finds the symbol of each row of `order` in `symbols`, which are the symbols of the file `path`.
///
/// The function walks over the rows and the symbols once, by rising address. At one address, the name and the
/// letter in the row tell the symbol. If several symbols have that name and letter, the row gets the first
/// symbol that no earlier row has.
///
/// Return: the symbols of the listing, by index.
pub(super) fn listed<'t>(
    path: &Path,
    mut order: KallsymsOrder,
    mut symbols: SymbolWalk<'t>,
) -> Result<Vec<Symbol<'t>>> {
    let mut bases = Bases::default();
    let mut listed = Vec::with_capacity(symbols.len());
    while let Some(text) = order.next()? {
        let row = Row::parse(text);
        let failed = |problem: &str| {
            // A row of an unknown form has no name to show.
            let name = row.map_or(String::new(), |row| format!(", {},", show(row.name)));
            let number = listed.len();
            let problem =
                format!("symbol number {number}{name} of scripts/kallsyms's table {problem}");
            Error::in_file(path, problem, REMEDY)
        };
        let row = row.ok_or_else(|| failed("has a row of an unknown form"))?;
        let symbol = loop {
            match symbols.take(row.name, row.letter) {
                Some(symbol) if bases.fit(row.stored, symbol.value) => break symbol,
                Some(_) => {}
                None if symbols.advance() => {}
                None => return Err(failed("is not found")),
            }
        };
        listed.push(symbol);
    }
    Ok(listed)
}
