// SPDX-License-Identifier: GPL-2.0

//! The symbols of the listing: those that scripts/kallsyms took, in its order, each with its
//! address and size from what the pass linked.
//!
//! kallsyms drops some symbols and sorts the others by rules of its own, which differ between
//! kernel series. They are not repeated here: the order is read from the file that it wrote, where
//! each row of the address table has the symbol's type and name in a comment.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::by_address::ByAddress;
use crate::digits;
use crate::elf::Symbol;
use crate::error::{show, Error, Result};
use crate::lines::{find, FileLines};

const LABEL: &[u8] = b"kallsyms_offsets:";

/// How a row of the table begins.
const ROW: &[u8] = b"\t.long\t";

/// What kbuild can do about a file that it made and that is not as it should be.
const REMEDY: &str =
    "Remove it and build again. If that does not help, this kernel's scripts/kallsyms writes \
                      a form that is not known yet: please report it with the kernel's version.";

/// The address table in the assembler file of kallsyms, row by row.
pub(crate) struct Order {
    path: PathBuf,
    lines: FileLines,
}

/// A row of the address table, in Linux 6.12 and in 7.2:
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

/// The address of a symbol, as a row has it.
#[derive(Clone, Copy)]
enum Stored {
    /// A number that is below 0 counts down from a base. Others are absolute (x86_64's per-cpu
    /// symbols), or in a kernel without these, count up from a base.
    Number(i32),
    /// Bytes from `_text`.
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
            number => u32::try_from(digits::parse_prefixed(number)?).ok()?,
        };
        Some(Self::Number(number as i32))
    }
}

impl Order {
    /// Finds the address table of `path`. The names before it take half of the file, a little more or
    /// less, so it is looked for from the middle on first.
    pub(crate) fn open(path: &Path) -> Result<Self> {
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

    /// The next row, or what there is of it; `None` behind the last. A file that ends with the table
    /// is not whole.
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

/// What the rows count from, as far as the rows so far have shown.
#[derive(Default)]
struct Encoding {
    down_from: Option<u64>,
    up_from: Option<u64>,
    text: Option<u64>,
}

impl Encoding {
    /// Whether a row of `stored` may be that of a symbol at `address`.
    fn fits(&mut self, stored: Stored, address: u64) -> bool {
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

/// Finds each row of `order` in `symbols`: the symbols of the listing, by index.
///
/// Both are walked once, in order of address. At one address a symbol is found by its name and the
/// letter of its type; of two that have both in common the one comes first that [`ByAddress`] has first.
pub(crate) fn listed<'t>(
    path: &Path,
    mut order: Order,
    mut symbols: ByAddress<'t>,
) -> Result<Vec<Symbol<'t>>> {
    let mut encoding = Encoding::default();
    let mut listed = Vec::with_capacity(symbols.len());
    while let Some(text) = order.next()? {
        let row = Row::parse(text);
        let failed = |problem: &str| {
            let name = row.map_or(String::new(), |row| format!(", {},", show(row.name)));
            let number = listed.len();
            let problem =
                format!("symbol number {number}{name} of scripts/kallsyms's table {problem}");
            Error::in_file(path, problem, REMEDY)
        };
        let row = row.ok_or_else(|| failed("has a row of an unknown form"))?;
        let symbol = loop {
            match symbols.take(row.name, row.letter) {
                Some(symbol) if encoding.fits(row.stored, symbol.value) => break symbol,
                Some(_) => {}
                None if symbols.advance() => {}
                None => return Err(failed("is not found")),
            }
        };
        listed.push(symbol);
    }
    Ok(listed)
}
