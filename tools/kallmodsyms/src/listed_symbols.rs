// SPDX-License-Identifier: GPL-2.0

//! Checks the lines of a saved listing one by one, and finds where the kernel's own symbols end.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use crate::error::{Error, Result};
use crate::line::each_line;
use crate::symbol::{Symbol, IMAGE};

/// The names of the kernel's last own symbols, in pairs. Of the first pair with a name in the listing, the name
/// that the listing has last ends the own symbols. Without `CONFIG_KALLSYMS_ALL`, a listing has only names of the
/// second pair.
const ENDS: [[&[u8]; 2]; 2] = [[b"_end", b"__brk_limit"], [b"_etext", b"_einittext"]];

/// The symbols in `text`, a listing in the file `path`.
pub(crate) fn symbols<'t>(
    path: &'t Path,
    text: &'t [u8],
) -> impl Iterator<Item = Result<Symbol<'t>>> {
    let failed =
        |number, problem| Error::at_line(path, number, problem, "Copy the file again, all of it.");
    let is_whole = text.ends_with(b"\n");
    let mut lines = (1..).zip(each_line(text)).peekable();
    std::iter::from_fn(move || {
        let (number, line) = lines.next()?;
        Some(match Symbol::parse(line) {
            _ if !is_whole && lines.peek().is_none() => Err(failed(number, "this line is cut off")),
            Some(symbol) if symbol.is_well_formed() => Ok(symbol),
            _ => Err(failed(number, "this is no line of /proc/kallmodsyms")),
        })
    })
}

/// Moves the addresses in the saved listing `text` by `offset`, except those of per-cpu symbols outside the image. If `offset` is
/// 0, the text stays as it is, and its lines are not checked.
pub(crate) fn moved<'t>(path: &Path, text: &'t [u8], offset: u64) -> Result<Cow<'t, [u8]>> {
    if offset == 0 {
        return Ok(Cow::Borrowed(text));
    }
    let mut moved = Vec::with_capacity(text.len());
    for symbol in symbols(path, text) {
        let symbol = symbol?;
        let address = match symbol.address >= IMAGE {
            true => symbol.address.wrapping_add(offset),
            false => symbol.address,
        };
        let fields = symbol.text.iter().skip_while(|&&byte| byte != b' ');
        // A write to memory does not fail.
        let _ = write!(moved, "{address:016x}");
        moved.extend(fields);
        moved.push(b'\n');
    }
    Ok(Cow::Owned(moved))
}

/// Finds the end of the kernel's own symbols while a listing is read line by line. For each name in [`ENDS`],
/// it has the number of symbols up to the first one with that name.
#[derive(Default)]
pub(crate) struct OwnEnd([[Option<usize>; 2]; 2]);

impl OwnEnd {
    /// Takes note of the last symbol in `symbols`, the symbols that are read so far.
    pub(crate) fn take(&mut self, symbols: &[Symbol<'_>]) {
        let name = symbols.last().map_or(&b""[..], |symbol| symbol.name);
        for (place, end) in self.0.iter_mut().flatten().zip(ENDS.as_flattened()) {
            if *end == name {
                place.get_or_insert(symbols.len());
            }
        }
    }

    /// The number of the kernel's own symbols; `None` if the listing has none of [`ENDS`].
    pub(crate) fn own(&self) -> Option<usize> {
        let ends = self
            .0
            .iter()
            .map(|pair| pair.iter().max().copied().flatten());
        ends.flatten().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::Symbols;

    fn counts(text: &str) -> Result<(usize, usize)> {
        let symbols = Symbols::parse(Path::new("listing"), text.as_bytes(), true)?;
        Ok((symbols.own()?.len(), symbols.loaded().len()))
    }

    #[test]
    fn own_symbols_end_at_the_last_mark() {
        let with_data = "2 1 t a\t[a]\n3 0 T _etext\n9 0 B _end\n9 0 B __brk_limit\n1 1 t b\t[b]\n";
        assert_eq!(counts(with_data).unwrap(), (4, 1));
        let functions = "2 1 t a\n3 0 T _etext\n4 1 t b\n5 0 T _einittext\n1 1 t c\t[c]\n";
        assert_eq!(counts(functions).unwrap(), (4, 1));
    }

    #[test]
    fn listings_that_tell_too_little_are_refused() {
        for (text, problem) in [
            ("2 1 t a\n", "_end and _etext are missing"),
            ("2 t a\n", "listing:1: this is no line"),
            ("2 1 t a\n\n", "listing:2: this is no line"),
            ("", "the listing is empty"),
        ] {
            let error = counts(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
