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

/// A row of the address table.
///
/// ```text
/// \t.long\t0xffffffff\t/* Tstartup_64 */
/// ```
#[derive(Clone, Copy)]
struct Row<'o> {
    /// The symbol's address, encoded.
    offset: i32,
    /// The symbol's name, without the letter of its type before it.
    name: &'o [u8],
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
        let (offset, comment) = rest.split_at(find(rest, b'\t')?);
        let offset = match offset {
            b"0" => 0,
            number => u32::try_from(digits::parse_prefixed(number)?).ok()?,
        };
        let name = comment
            .strip_prefix(b"\t/* ")?
            .strip_suffix(b" */")?
            .get(1..)?;
        Some(Self {
            offset: offset as i32,
            name,
        })
    }
}

/// How the rows encode addresses, as far as the rows so far have shown.
///
/// Rows below 0 count down from a base. The others are absolute (x86_64's per-cpu symbols), or in a
/// kernel without these, count up from a base.
#[derive(Default)]
struct Encoding {
    down_from: Option<u64>,
    up_from: Option<u64>,
}

impl Encoding {
    /// Whether a row of `offset` may be that of a symbol at `address`.
    fn fits(&mut self, offset: i32, address: u64) -> bool {
        let offset = i64::from(offset) as u64;
        match (offset as i64) < 0 {
            true => {
                address.wrapping_add(offset)
                    == *self.down_from.get_or_insert(address.wrapping_add(offset))
            }
            false if address == offset => true,
            false => {
                address.wrapping_sub(offset)
                    == *self.up_from.get_or_insert(address.wrapping_sub(offset))
            }
        }
    }
}

/// Finds each row of `order` in `symbols`: the symbols of the listing, by index.
///
/// Both are walked once, in order of address. At one address a symbol is found by its name; of two of
/// one name at one address the one comes first that [`ByAddress`] has first.
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
            match symbols.take(row.name) {
                Some(symbol) if encoding.fits(row.offset, symbol.value) => break symbol,
                Some(_) => {}
                None if symbols.advance() => {}
                None => return Err(failed("is not found")),
            }
        };
        listed.push(symbol);
    }
    Ok(listed)
}
