// SPDX-License-Identifier: GPL-2.0

//! Assembler source: tables in the order of the layout, with a comment in most rows.

use std::io::Write;

use crate::common::error::{Error, Result};
use crate::format::layout::{Counts, Element, Table, ALIGN, ROOM_MARK};
use crate::read::table_rooms::TableRooms;

/// The room of a table: spare bytes after the table.
#[derive(Clone, Copy)]
pub(super) enum Room {
    /// The table has no room, because no other pass changes its length.
    Fixed,
    /// Another pass may change the length of the table. If the previous pass stored no length, the room has
    /// this many bytes, rounded up to a multiple of [`ALIGN`].
    Spare(u64),
}

/// A part of the assembler source, to which the caller adds tables.
pub(super) struct Source<'r> {
    text: Vec<u8>,
    counts: &'r Counts,
    /// The tables that are not written yet.
    tables: std::slice::Iter<'static, Table>,
    /// The lengths of the tables in the previous pass, including their rooms.
    rooms_before: &'r TableRooms,
    rooms: TableRooms,
}

impl<'r> Source<'r> {
    /// A part of the source with `tables`.
    pub(super) fn new(
        tables: &'static [Table],
        counts: &'r Counts,
        rooms_before: &'r TableRooms,
    ) -> Self {
        Self {
            text: Vec::with_capacity(1 << 20),
            counts,
            tables: tables.iter(),
            rooms_before,
            rooms: TableRooms::default(),
        }
    }

    /// Finishes the part after its last table. Returns the text, and the lengths, with their rooms, of the
    /// tables with [`Room::Spare`].
    pub(super) fn finish(mut self) -> Result<(Vec<u8>, TableRooms)> {
        match self.tables.next() {
            None => Ok((self.text, self.rooms)),
            Some(table) => Err(out_of_order(*table)),
        }
    }

    /// Switches to the section `.rodata`.
    pub(super) fn section_rodata(&mut self) {
        self.line(format_args!("\t.section .rodata, \"a\""));
    }

    /// Writes the next table, which has `length` elements. `rows` writes its rows.
    pub(super) fn table(
        &mut self,
        table: Table,
        length: usize,
        room: Room,
        rows: impl FnOnce(&mut Self),
    ) -> Result<()> {
        if self.tables.next() != Some(&table) {
            return Err(out_of_order(table));
        }
        let label = table.label();
        if length as u64 != table.len(self.counts) {
            let problem =
                format!("table {label} has {length} elements, but its layout has another number");
            return Err(Error::defect(problem));
        }
        self.line(format_args!(
            "\n\t.globl\t{label}\n\t.balign\t{ALIGN}\n{label}:"
        ));
        rows(self);
        if let Room::Spare(spare) = room {
            self.room(table, spare);
        }
        Ok(())
    }

    /// Writes the room after a table.
    fn room(&mut self, table: Table, spare: u64) {
        let size = table.size(self.counts).next_multiple_of(ALIGN);
        let room = match self.rooms_before.of(table.label()) {
            None => size + spare.next_multiple_of(ALIGN),
            Some(before) => before.max(size),
        };
        if let Some(spared @ 1..) = room.checked_sub(size) {
            self.line(format_args!("\t.balign\t{ALIGN}"));
            self.line(format_args!("\t.long\t{ROOM_MARK:#x}, {spared}"));
            if let Some(rest @ 1..) = spared.checked_sub(8) {
                self.line(format_args!("\t.skip\t{rest}"));
            }
        }
        self.rooms.set(table.label(), room);
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a `Vec` does not fail.
        let _ = writeln!(self.text, "{line}");
    }

    /// Writes a row with one element of `table`, and `comment`.
    pub(super) fn element(
        &mut self,
        table: Table,
        value: std::fmt::Arguments<'_>,
        comment: impl AsRef<[u8]>,
    ) {
        let directive = directive(table);
        // Writing to a `Vec` does not fail.
        let _ = write!(self.text, "\t{directive}\t{value}");
        self.comment(comment.as_ref());
    }

    /// Writes a row with one number of `table`, without a comment.
    pub(super) fn number(&mut self, table: Table, number: usize) {
        self.line(format_args!("\t{}\t{number}", directive(table)));
    }

    /// Writes a row with the string `text`, which gets a NUL, and `comment`.
    pub(super) fn string(&mut self, text: &[u8], comment: impl AsRef<[u8]>) {
        // Writing to a `Vec` does not fail.
        let _ = write!(self.text, "\t.asciz\t\"{}\"", text.escape_ascii());
        self.comment(comment.as_ref());
    }

    /// Writes a row with `bytes`, and `comment`.
    pub(super) fn bytes(&mut self, bytes: &[u8], comment: impl AsRef<[u8]>) {
        let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
        self.text.extend(b"\t.byte\t");
        for (index, byte) in bytes.iter().enumerate() {
            let before: &[u8] = if index == 0 { b"0x" } else { b", 0x" };
            self.text.extend(before);
            self.text.extend([digit(byte >> 4), digit(byte & 0xf)]);
        }
        self.comment(comment.as_ref());
    }

    /// Ends a row with a comment. `*` and `\`, and all bytes that are neither a space nor printable ASCII,
    /// become `?`, so that no byte ends the comment or the line.
    fn comment(&mut self, comment: &[u8]) {
        self.text.extend(b"\t/* ");
        self.text.extend(comment.iter().map(|&byte| match byte {
            b' ' => b' ',
            b'*' | b'\\' => b'?',
            _ if byte.is_ascii_graphic() => byte,
            _ => b'?',
        }));
        self.text.extend(b" */\n");
    }
}

fn directive(table: Table) -> &'static str {
    match table.element() {
        Element::U8 => ".byte",
        Element::U32 => ".long",
        Element::U64 => ".quad",
    }
}

fn out_of_order(table: Table) -> Error {
    Error::defect(format!("table {} is not in its place", table.label()))
}
