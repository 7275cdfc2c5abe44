// SPDX-License-Identifier: GPL-2.0

//! The tables as assembler source, each row with a comment that says what it is.

pub(crate) mod modules;
pub(crate) mod sizes;

use std::io::Write;

/// Assembler source while it is written. Writing to a `Vec` does not fail.
pub(crate) struct Source(Vec<u8>);

impl Source {
    /// The beginning of a file's part.
    pub(crate) fn new() -> Self {
        let mut source = Self(Vec::with_capacity(1 << 20));
        source.line(format_args!("\t.section .rodata, \"a\""));
        source
    }

    /// What comes behind another part.
    pub(crate) fn behind() -> Self {
        Self(Vec::new())
    }

    /// All that was written.
    pub(crate) fn text(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.0, "{line}");
    }

    pub(crate) fn label(&mut self, name: &str) {
        self.line(format_args!("\n\t.globl\t{name}\n\t.balign\t8\n{name}:"));
    }

    /// A line of bytes with `comment` behind it.
    pub(crate) fn bytes(&mut self, bytes: &[u8], comment: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
        self.0.extend(b"\t.byte\t");
        for (index, byte) in bytes.iter().enumerate() {
            self.0.extend(if index == 0 { &b"0x"[..] } else { b", 0x" });
            self.0.extend([digit(byte >> 4), digit(byte & 0xf)]);
        }
        self.row(format_args!(""), comment);
    }

    /// A line with `comment` behind it. A byte that could end the comment, or the line, becomes
    /// `?`.
    pub(crate) fn row(&mut self, line: std::fmt::Arguments<'_>, comment: &[u8]) {
        let _ = write!(self.0, "{line}\t/* ");
        self.0.extend(comment.iter().map(|&byte| match byte {
            b' ' => b' ',
            b'*' | b'\\' => b'?',
            _ if byte.is_ascii_graphic() => byte,
            _ => b'?',
        }));
        self.0.extend(b" */\n");
    }
}
