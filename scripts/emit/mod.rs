// SPDX-License-Identifier: GPL-2.0

//! The tables as assembler source, each row with a comment that says what it is.

pub(crate) mod modules;
mod rooms;
pub(crate) mod sizes;

use std::io::Write;

pub(crate) use rooms::Rooms;
use rooms::MARK;

/// Assembler source while it is written. Writing to a `Vec` does not fail.
pub(crate) struct Source<'r> {
    text: Vec<u8>,
    /// In the pass before.
    rooms_before: &'r Rooms,
    pub(crate) rooms: Rooms,
}

impl<'r> Source<'r> {
    /// The beginning of a file's part.
    pub(crate) fn new(rooms_before: &'r Rooms) -> Self {
        let mut source = Self::behind(rooms_before);
        source.text.reserve(1 << 20);
        source.line(format_args!("\t.section .rodata, \"a\""));
        source
    }

    /// What comes behind another part.
    pub(crate) fn behind(rooms_before: &'r Rooms) -> Self {
        Self {
            text: Vec::new(),
            rooms_before,
            rooms: Rooms::default(),
        }
    }

    /// All that was written.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(crate) fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.text, "{line}");
    }

    /// Ends the table `label`, of which `length` bytes were written and whose length may be another in
    /// the next pass, with room for `spare` more.
    pub(crate) fn room(&mut self, label: &str, length: usize, spare: usize) {
        // All tables begin at multiples of 8 bytes.
        let length = length.next_multiple_of(8);
        let room = match self.rooms_before.of(label) {
            0 => length + spare.next_multiple_of(8),
            before => before.max(length),
        };
        if let Some(spared @ 1..) = room.checked_sub(length) {
            self.line(format_args!("\t.balign\t8"));
            self.line(format_args!("\t.long\t{MARK:#x}, {spared}"));
            if let Some(rest @ 1..) = spared.checked_sub(8) {
                self.line(format_args!("\t.skip\t{rest}"));
            }
        }
        self.rooms.set(label, room);
    }

    pub(crate) fn label(&mut self, name: &str) {
        self.line(format_args!("\n\t.globl\t{name}\n\t.balign\t8\n{name}:"));
    }

    /// A line of bytes with `comment` behind it.
    pub(crate) fn bytes(&mut self, bytes: &[u8], comment: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
        self.text.extend(b"\t.byte\t");
        for (index, byte) in bytes.iter().enumerate() {
            self.text
                .extend(if index == 0 { &b"0x"[..] } else { b", 0x" });
            self.text.extend([digit(byte >> 4), digit(byte & 0xf)]);
        }
        self.row(format_args!(""), comment);
    }

    /// A line with `comment` behind it. A byte that could end the comment, or the line, becomes
    /// `?`.
    pub(crate) fn row(&mut self, line: std::fmt::Arguments<'_>, comment: &[u8]) {
        let _ = write!(self.text, "{line}\t/* ");
        self.text.extend(comment.iter().map(|&byte| match byte {
            b' ' => b' ',
            b'*' | b'\\' => b'?',
            _ if byte.is_ascii_graphic() => byte,
            _ => b'?',
        }));
        self.text.extend(b" */\n");
    }
}
