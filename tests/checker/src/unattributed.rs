// SPDX-License-Identifier: GPL-2.0

//! Reads the build's list of symbols, object files and lines of link maps that the build could not attribute.
//!
//! The generator writes the list to a file beside vmlinux. The file does not exist if the list is empty:
//!
//! ```text
//! symbol ffffffff81f7c2a0 str_spec: no object has such a constant
//! object drivers/net/blob.o: kbuild left no drivers/net/.blob.o.cmd
//! line .tmp_vmlinux2.map:7041: not an address: '  half an address'
//! object of symbol ffffffff81c03040 limits: several objects may have defined it
//! ```
//!
//! The kernel shows the symbols of `symbol` lines, and the symbols of the objects in `object` lines, in no module.
//! An `object of symbol` line has a symbol whose modules are known, but whose object file is not.

use std::fs;
use std::io::{ErrorKind, Result as IoResult, Write};
use std::path::Path;

use anyhow::{Context, Result};

/// The name of the file in the build directory.
const FILE: &str = ".tmp_vmlinux.unattributed";

/// The most lines to print.
const MOST: usize = 10;

/// The lines of the file.
pub struct Unattributed(Vec<String>);

impl Unattributed {
    /// Reads the file in the build directory `build`.
    pub fn read(build: &Path) -> Result<Self> {
        let path = build.join(FILE);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            text => text.with_context(|| path.display().to_string())?,
        };
        let text = String::from_utf8_lossy(&text);
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Ok(Self(lines.map(str::to_owned).collect()))
    }

    /// True if the file has no line, or does not exist.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes the number of lines, and the first [`MOST`] lines.
    pub fn write(&self, out: &mut impl Write) -> IoResult<()> {
        writeln!(out, "not attributed by the build: {}", self.0.len())?;
        for line in self.0.iter().take(MOST) {
            writeln!(out, "not attributed: {line}")?;
        }
        match self.0.len().checked_sub(MOST + 1) {
            Some(more) => writeln!(out, "and {} more, in {FILE}", more + 1),
            None => Ok(()),
        }
    }
}
