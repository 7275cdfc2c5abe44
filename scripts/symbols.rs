// SPDX-License-Identifier: GPL-2.0

//! The symbols of the listing: those that scripts/kallsyms took, in its order, each with its
//! address and size from what the pass linked.
//!
//! kallsyms drops some symbols and sorts the others by rules of its own, which differ between
//! kernel series. They are not repeated here: the order is read from the file that it wrote, where
//! each row of the address table has the symbol's type and name in a comment.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use crate::by_address::{ByAddress, Group};
use crate::elf::{Symbol, SymbolTable};
use crate::error::{show, Error, Result};
use crate::lines::Lines;

const LABEL: &[u8] = b"kallsyms_offsets:\n";

/// How a row of the table begins.
const ROW: &[u8] = b"\t.long\t";

/// What kbuild can do about a file that it made and that is not as it should be.
const REMEDY: &str =
    "Remove it and build again. If that does not help, this kernel's scripts/kallsyms writes \
                      a form that is not known yet: please report it with the kernel's version.";

/// The address table in the assembler file of kallsyms.
pub(crate) struct Order {
    /// Its rows.
    text: Vec<u8>,
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
    /// Reads the address table of `path`. The names before it take half of the file, a little more
    /// or less, so it is looked for from the middle on first.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| Error::in_file(path, error.to_string(), REMEDY);
        let mut file = BufReader::with_capacity(1 << 18, File::open(path).map_err(failed)?);
        let middle = file.get_ref().metadata().map_err(failed)?.len() / 2;
        for start in [middle, 0] {
            file.seek(SeekFrom::Start(start)).map_err(failed)?;
            if let Some(text) = rows_of_table(&mut file).map_err(failed)? {
                return Ok(Self { text });
            }
        }
        Err(Error::in_file(
            path,
            "has no table kallsyms_offsets",
            REMEDY,
        ))
    }

    /// The rows in order; `None` for one of an unknown form.
    fn rows(&self) -> impl Iterator<Item = Option<Row<'_>>> {
        Lines(&self.text).map(Row::parse)
    }
}

impl<'o> Row<'o> {
    fn parse(row: &'o [u8]) -> Option<Self> {
        let rest = row.strip_prefix(ROW)?;
        let end = rest.iter().position(|&byte| byte == b'\t')?;
        let (offset, comment) = rest.split_at(end);
        let offset = match std::str::from_utf8(offset).ok()? {
            "0" => 0,
            number => u32::from_str_radix(number.strip_prefix("0x")?, 16).ok()?,
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

/// Finds each row of `order` in `table`: the symbols of the listing, by index.
///
/// Both are walked once, in order of address. At one address a symbol is found by its name; of two of
/// one name at one address the one comes first that [`ByAddress`] has first.
pub(crate) fn listed<'t>(
    path: &Path,
    order: &Order,
    table: &'t SymbolTable,
) -> Result<Vec<Symbol<'t>>> {
    let mut symbols = ByAddress::new(table);
    let mut listed = Vec::with_capacity(symbols.len());
    let mut groups = symbols.groups();
    let mut group = Group::default();
    let mut encoding = Encoding::default();
    for row in order.rows() {
        let failed = |problem: &str| {
            let name = row.map_or(String::new(), |row| format!(", {},", show(row.name)));
            let number = listed.len();
            let problem =
                format!("symbol number {number}{name} of scripts/kallsyms's table {problem}");
            Error::in_file(path, problem, REMEDY)
        };
        let row = row.ok_or_else(|| failed("has a row of an unknown form"))?;
        let symbol = loop {
            match group.take(row.name) {
                Some(symbol) if encoding.fits(row.offset, symbol.value) => break symbol,
                Some(_) => {}
                None => group = groups.next().ok_or_else(|| failed("is not found"))?,
            }
        };
        listed.push(symbol);
    }
    Ok(listed)
}

/// The rows of the first address table in `file`, if there is one.
fn rows_of_table(file: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    while line != LABEL {
        line.clear();
        if file.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
    }
    let mut rows = Vec::new();
    loop {
        let end = rows.len();
        file.read_until(b'\n', &mut rows)?;
        if !rows.get(end..).is_some_and(|row| row.starts_with(ROW)) {
            rows.truncate(end);
            return Ok(Some(rows));
        }
    }
}
