// SPDX-License-Identifier: GPL-2.0

//! All lines of a kernel, and `kallmodsyms show`.

use crate::digits;
use crate::error::{Error, Result};
use crate::format::walk::{Places, Tables, Walk};
use crate::lines::{find, Lines};

use super::kernel::{Addresses, Kernel};
use super::options::{Format, Show};
use super::print::Output;
use super::select::Selection;

/// More bytes than any line has, its name not yet cut off: 512 tokens of 512 bytes, and 255 modules.
const BUFFER: usize = 1 << 20;

/// A line of the listing, in its parts.
///
/// ```text
/// ffffffff81a3c2f0 1c7 t ext4_fill_super\t[ext4]
/// ```
#[derive(Clone, Copy, Default)]
pub(super) struct Line<'t> {
    /// All of it.
    pub(super) text: &'t [u8],
    pub(super) address: u64,
    /// Bytes.
    pub(super) size: u64,
    /// Letter of the type.
    pub(super) kind: u8,
    pub(super) name: &'t [u8],
    /// The brackets; empty where the symbol is in no module.
    pub(super) modules: &'t [u8],
}

impl<'t> Line<'t> {
    fn parse(text: &'t [u8]) -> Option<Self> {
        let (address, rest) = split(text, b' ')?;
        let (size, rest) = split(rest, b' ')?;
        let (&kind, rest) = rest.split_first()?;
        let rest = rest.strip_prefix(b" ")?;
        let (name, modules) = split(rest, b'\t').unwrap_or((rest, b""));
        Some(Self {
            text,
            address: digits::parse(address)?,
            size: digits::parse(size)?,
            kind,
            name,
            modules,
        })
    }

    /// The names in the brackets.
    pub(super) fn module_names(&self) -> impl Iterator<Item = &'t [u8]> {
        let names = self.modules.split(|&byte| byte == b' ');
        names.filter_map(|name| name.strip_prefix(b"[")?.strip_suffix(b"]"))
    }
}

/// What is before the first `separator`, and what is behind it.
fn split(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let (before, rest) = text.split_at(find(text, separator)?);
    Some((before, rest.get(1..).unwrap_or_default()))
}

/// The lines in `text`, whole ones as the kernel makes them.
pub(super) fn parse(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    Lines(text).filter_map(Line::parse)
}

/// Makes all lines, and hands them to `take`, some whole ones at a time.
pub(super) fn lines<P: Places>(
    kernel: &Kernel,
    tables: &Tables<'_, '_, P>,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut walk = Walk::new(tables, 0);
    let mut buffer = vec![0; BUFFER];
    let mut filled = 0;
    while walk.index() < kernel.len() {
        let before = walk.index();
        let free = buffer.get_mut(filled..).unwrap_or_default();
        let wanted = free.len();
        filled += walk.lines(tables, free, wanted, true);
        if walk.index() == before {
            if filled == 0 {
                return Err(kernel.failure(
                    format!("the line of symbol number {before} is too long"),
                    "The tables are damaged: copy or build the file again.",
                ));
            }
            take(buffer.get(..filled).unwrap_or_default())?;
            filled = 0;
        }
    }
    take(buffer.get(..filled).unwrap_or_default())
}

/// `kallmodsyms show`. Returns what of what was asked for is not there.
pub(super) fn show(show: &Show, out: &mut Output<'_>) -> Result<Vec<Error>> {
    let kernel = Kernel::read(&show.source)?;
    let selection = Selection::of(show, &kernel)?;
    kernel.checked(|tables| write(show, &kernel, tables, &selection, out))
}

fn write(
    show: &Show,
    kernel: &Kernel,
    tables: &Tables<'_, '_, Addresses>,
    selection: &Selection,
    out: &mut Output<'_>,
) -> Result<Vec<Error>> {
    if selection.is_all() && show.format == Format::Kallmodsyms {
        lines(kernel, tables, |lines| out.write(lines))?;
        return Ok(Vec::new());
    }
    let mut seen = 0_u64;
    let is_array = show.format == Format::Json;
    out.begin(is_array)?;
    lines(kernel, tables, |text| {
        let lines = parse(text).filter(|line| selection.has(line.address));
        for line in lines {
            seen += 1;
            out.line(&line, show.format)?;
        }
        Ok(())
    })?;
    out.end(is_array)?;
    Ok(match seen {
        0 => vec![kernel.failure(
            "no symbol is where --range and --object say",
            "The addresses are those of the kernel as --offset says; an object can bring what has \
             no symbol.",
        )],
        _ => Vec::new(),
    })
}
