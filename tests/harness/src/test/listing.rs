// SPDX-License-Identifier: GPL-2.0

//! /proc/kallmodsyms and /proc/kallsyms of one boot, as the guest sent the files to the host.

use std::fs;

use anyhow::{bail, ensure, Context, Result};

use crate::lab::line::symbol_and_modules;
use crate::lab::qemu::Files;

/// The text of both files.
pub struct Texts {
    pub kallmodsyms: String,
    pub kallsyms: String,
}

/// One of the kernel's own symbols.
pub struct Symbol<'a> {
    pub address: u64,
    pub size: u64,
    pub name: &'a str,
    /// The modules of the symbol, for example `[a] [b]`. Empty for a symbol in no module.
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

    /// The kernel's own symbols. Parses all lines, and fails if a line breaks the kallsyms rule: without the size,
    /// and without the brackets and braces of the kernel's own symbols, it equals the line of /proc/kallsyms.
    ///
    /// ```text
    /// ffffffff8da4a43f 2b22 t ext4_fill_super\t[ext4]
    /// ffffffffc02c178c 22b t romfs_fill_super\t[romfs]
    /// ```
    pub fn symbols(&self) -> Result<Vec<Symbol<'_>>> {
        let (lines, kallsyms_lines) = (self.kallmodsyms.lines(), self.kallsyms.lines());
        let (count, kallsyms_count) = (lines.clone().count(), kallsyms_lines.clone().count());
        ensure!(
            count == kallsyms_count && count > 0,
            "kallmodsyms has {count} lines, and kallsyms has {kallsyms_count}"
        );
        let mut symbols = Vec::with_capacity(count);
        for (line, kallsyms_line) in lines.zip(kallsyms_lines) {
            let (symbol, places) = line.split_once('\t').unwrap_or((line, ""));
            let (_, modules) = symbol_and_modules(line);
            // A name can end with a space.
            let fields: Vec<&str> = symbol.splitn(4, ' ').collect();
            let [address, size, kind, name] = fields[..] else {
                bail!("a line of /proc/kallmodsyms has too few fields: {line}");
            };
            let is_of_kernel = !kallsyms_line.contains('\t');
            let mut expected = format!("{address} {kind} {name}");
            if !is_of_kernel {
                expected = format!("{expected}\t{places}");
            }
            ensure!(
                expected == kallsyms_line,
                "a line breaks the kallsyms rule: {line}, kallsyms: {kallsyms_line}"
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
