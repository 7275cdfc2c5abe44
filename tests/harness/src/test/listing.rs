// SPDX-License-Identifier: GPL-2.0

//! /proc/kallmodsyms and /proc/kallsyms of one boot, as the guest sent the files to the host.

use std::fs;

use anyhow::{bail, ensure, Context, Result};

use crate::lab::qemu::Files;

/// The text of both files.
pub struct Texts {
    pub kallmodsyms: String,
    pub kallsyms: String,
}

/// A symbol of the kernel itself.
pub struct Symbol<'a> {
    pub address: u64,
    pub size: u64,
    pub name: &'a str,
    /// For example `[a] [b]`; empty for a symbol in no module.
    pub modules: &'a str,
}

impl Texts {
    pub fn read(files: &Files) -> Result<Self> {
        let read = |name: &str| {
            let path = files.directory.join(name);
            fs::read_to_string(&path).with_context(|| path.display().to_string())
        };
        Ok(Self {
            kallmodsyms: read("kallmodsyms")?,
            kallsyms: read("kallsyms")?,
        })
    }

    /// The kernel's own symbols. Fails if any line breaks the kallsyms rule: without the size, and for
    /// the kernel's own symbols without the brackets, a line equals the line of /proc/kallsyms.
    ///
    /// ```text
    /// ffffffff8da4a43f 2b22 t ext4_fill_super\t[ext4]
    /// ffffffffc02c178c 22b t romfs_fill_super\t[romfs]
    /// ```
    pub fn symbols(&self) -> Result<Vec<Symbol<'_>>> {
        let (ours, theirs) = (self.kallmodsyms.lines(), self.kallsyms.lines());
        let (count, their_count) = (ours.clone().count(), theirs.clone().count());
        ensure!(
            count == their_count && count > 0,
            "kallmodsyms has {count} lines, and kallsyms {their_count}"
        );
        let mut symbols = Vec::with_capacity(count);
        for (line, their_line) in ours.zip(theirs) {
            let (symbol, modules) = line.split_once('\t').unwrap_or((line, ""));
            // A name can end with a space.
            let fields: Vec<&str> = symbol.splitn(4, ' ').collect();
            let [address, size, kind, name] = fields[..] else {
                bail!("a line of /proc/kallmodsyms has too few fields: {line}");
            };
            let is_of_kernel = !their_line.contains('\t');
            let mut expected = format!("{address} {kind} {name}");
            if !is_of_kernel {
                expected = format!("{expected}\t{modules}");
            }
            ensure!(
                expected == their_line,
                "a line breaks the kallsyms rule: {line}, kallsyms: {their_line}"
            );
            let number = |text| u64::from_str_radix(text, 16).with_context(|| line.to_owned());
            let symbol = Symbol {
                address: number(address)?,
                size: number(size)?,
                name,
                modules,
            };
            if is_of_kernel {
                symbols.push(symbol);
            }
        }
        Ok(symbols)
    }
}
