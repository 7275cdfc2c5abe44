// SPDX-License-Identifier: GPL-2.0

//! The tables as assembler source, each row with a comment that says what it is.

use std::io::Write;

use crate::exceptions::Exception;
use crate::objects::Objects;
use crate::ranges::Range;
use crate::tables::{Entry, Tables};

/// The assembler source of `tables`, whose rows are those of `ranges` and of `exceptions`; `text`
/// is the address of `_text`.
pub(crate) fn assembler(
    tables: &Tables,
    ranges: &[Range<'_>],
    exceptions: &[Exception<'_>],
    text: u64,
    objects: &Objects<'_>,
) -> Vec<u8> {
    let mut source = Source(Vec::with_capacity(
        ranges.len() * 96 + tables.names.len() * 4 + 1024,
    ));
    source.line(format_args!("\t.section .rodata, \"a\""));

    source.label("kallsyms_num_modules");
    source.line(format_args!("\t.long\t{}", tables.offsets.len()));

    source.label("kallsyms_module_base");
    source.line(format_args!("\t.quad\t{text:#x}\t/* _text as linked */"));

    source.label("kallsyms_module_offsets");
    for (offset, range) in tables.offsets.iter().zip(ranges) {
        source.row(format_args!("\t.long\t{offset:#x}"), &place(range));
    }

    source.label("kallsyms_modules");
    for (entry, range) in tables.modules.iter().zip(ranges) {
        source.row(
            format_args!("\t.long\t{entry:#x}"),
            &objects.names(range.modules),
        );
    }

    source.label("kallsyms_num_module_exceptions");
    source.line(format_args!("\t.long\t{}", tables.exceptions.len()));

    source.label("kallsyms_module_exceptions");
    for (symbol, exception) in tables.exceptions.iter().zip(exceptions) {
        source.row(format_args!("\t.long\t{symbol}"), exception.name);
    }

    source.label("kallsyms_exception_modules");
    for (entry, exception) in tables.exception_modules.iter().zip(exceptions) {
        source.row(
            format_args!("\t.long\t{entry:#x}"),
            &objects.names(exception.modules),
        );
    }

    source.label("kallsyms_module_names_len");
    source.line(format_args!("\t.long\t{}", tables.names.len()));

    source.label("kallsyms_module_names");
    if let Some((first, _)) = tables.names.split_first() {
        source.row(format_args!("\t.byte\t{first:#04x}"), b"in no module");
    }
    for entry in &tables.entries {
        source.name(entry, &tables.names);
    }
    source.0
}

/// Where a range begins: the input section and the object there.
fn place(range: &Range<'_>) -> Vec<u8> {
    match range.first {
        None => b"end of section".to_vec(),
        Some(piece) => [piece.section, b" of ", &piece.object_path()].concat(),
    }
}

/// Assembler source while it is written. Writing to a `Vec` does not fail.
struct Source(Vec<u8>);

impl Source {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.0, "{line}");
    }

    fn label(&mut self, name: &str) {
        self.line(format_args!("\n\t.globl\t{name}\n\t.balign\t8\n{name}:"));
    }

    /// A line with `comment` behind it. A byte that could end the comment, or the line, becomes
    /// `?`.
    fn row(&mut self, line: std::fmt::Arguments<'_>, comment: &[u8]) {
        let _ = write!(self.0, "{line}\t/* ");
        self.0.extend(comment.iter().map(|&byte| match byte {
            b' ' => b' ',
            b'*' | b'\\' => b'?',
            _ if byte.is_ascii_graphic() => byte,
            _ => b'?',
        }));
        self.0.extend(b" */\n");
    }

    fn name(&mut self, entry: &Entry, names: &[u8]) {
        match entry.list {
            Some(count) => {
                let offset = entry.offset;
                self.line(format_args!(
                    "\t.byte\t0x00, {count:#04x}\t/* {offset:#x}: {count} modules */"
                ));
            }
            None => {
                let rest = names.get(entry.offset as usize..).unwrap_or_default();
                let name = rest.split(|&byte| byte == 0).next().unwrap_or_default();
                self.line(format_args!(
                    "\t.asciz\t\"{}\"\t/* {:#x} */",
                    name.escape_ascii(),
                    entry.offset
                ));
            }
        }
    }
}
