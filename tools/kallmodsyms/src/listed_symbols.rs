// SPDX-License-Identifier: GPL-2.0

//! The symbols of a listing, and the end of the kernel's own ones.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use crate::error::{Error, Result};
use crate::kernel_file::{KernelFile, GIVE};
use crate::line::{each_line, Line, IMAGE};

/// Symbols that no own symbol of interest follows. The listing of a kernel without
/// `CONFIG_KALLSYMS_ALL` has only the second pair.
const ENDS: [[&[u8]; 2]; 2] = [[b"_end", b"__brk_limit"], [b"_etext", b"_einittext"]];

/// The symbols of a listing.
pub(crate) struct ListedSymbols<'t> {
    /// Those of the kernel and of built-in modules.
    pub(crate) own: Vec<Line<'t>>,
    /// Those of loaded modules, tracing and BPF.
    pub(crate) others: Vec<Line<'t>>,
}

impl<'t> ListedSymbols<'t> {
    /// The symbols in `text`, which is the listing of `file`.
    pub(crate) fn parse(file: &KernelFile, text: &'t [u8]) -> Result<Self> {
        let mut own = lines(file.path(), text)?;
        if own.is_empty() {
            return Err(Error::in_file(file.path(), "the listing is empty", GIVE));
        }
        if file.is_image() {
            let others = Vec::new();
            return Ok(Self { own, others });
        }
        let Some(len) = own_len(&own) else {
            return Err(Error::in_file(
                file.path(),
                "no symbol tells where loaded modules begin: _end and _etext are missing",
                "Copy all lines of /proc/kallmodsyms.",
            ));
        };
        let others = own.split_off(len);
        Ok(Self { own, others })
    }

    /// Tells whether the listing shows addresses. A reader without the privilege sees zeros.
    pub(crate) fn has_addresses(&self) -> bool {
        self.own.iter().any(|line| line.address != 0)
    }
}

/// The lines of `text`, which is the listing in the file `path`.
fn lines<'t>(path: &Path, text: &'t [u8]) -> Result<Vec<Line<'t>>> {
    let numbered = (1..).zip(each_line(text));
    let lines = numbered.map(|(number, line)| {
        Line::parse(line).ok_or_else(|| {
            Error::at_line(
                path,
                number,
                "this is no line of /proc/kallmodsyms",
                "Copy the file again, all of it.",
            )
        })
    });
    lines.collect()
}

/// The saved listing `text` of a kernel that was moved by `offset`. Per-cpu symbols do not move.
pub(crate) fn moved<'t>(path: &Path, text: &'t [u8], offset: u64) -> Result<Cow<'t, [u8]>> {
    let lines = lines(path, text)?;
    if offset == 0 {
        return Ok(Cow::Borrowed(text));
    }
    let mut moved = Vec::with_capacity(text.len());
    for line in lines {
        let address = match line.address >= IMAGE {
            true => line.address.wrapping_add(offset),
            false => line.address,
        };
        let fields = line.text.iter().skip_while(|&&byte| byte != b' ');
        // A write to memory does not fail.
        let _ = write!(moved, "{address:016x}");
        moved.extend(fields);
        moved.push(b'\n');
    }
    Ok(Cow::Owned(moved))
}

fn own_len(lines: &[Line<'_>]) -> Option<usize> {
    let after = |name: &[u8]| Some(lines.iter().position(|line| line.name == name)? + 1);
    let ends = ENDS.map(|pair| pair.map(after).into_iter().max().flatten());
    ends.into_iter().flatten().next()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::file_bytes::FileBytes;

    fn counts(text: &str) -> Result<(usize, usize)> {
        let file = KernelFile::Listing {
            path: PathBuf::from("listing"),
            text: FileBytes::Owned(text.into()),
        };
        let symbols = ListedSymbols::parse(&file, text.as_bytes())?;
        Ok((symbols.own.len(), symbols.others.len()))
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
