// SPDX-License-Identifier: GPL-2.0

//! The module tables as assembler source.

use super::Source;
use crate::exceptions::Exception;
use crate::objects::Objects;
use crate::ranges::Range;
use crate::tables::{Entry, Tables};

/// Writes `tables`, whose rows are those of `ranges` and of `exceptions`; `text` is the address of
/// `_text`.
pub(crate) fn write(
    source: &mut Source<'_>,
    tables: &Tables,
    ranges: &[Range<'_, '_>],
    exceptions: &[Exception<'_>],
    text: u64,
    objects: &Objects<'_>,
) {
    source.label("kallsyms_num_modules");
    source.line(format_args!("\t.long\t{}", tables.offsets.len()));

    source.label("kallsyms_module_base");
    source.line(format_args!("\t.quad\t{text:#x}\t/* _text as linked */"));

    let label = "kallsyms_module_offsets";
    source.label(label);
    for (offset, range) in tables.offsets.iter().zip(ranges) {
        source.row(format_args!("\t.long\t{offset:#x}"), &place(range));
    }
    source.room(label, 4 * tables.offsets.len(), 0);

    let label = "kallsyms_modules";
    source.label(label);
    for (entry, range) in tables.modules.iter().zip(ranges) {
        source.row(
            format_args!("\t.long\t{entry:#x}"),
            &objects.names(range.modules),
        );
    }
    source.room(label, 4 * tables.modules.len(), 0);

    source.label("kallsyms_num_module_exceptions");
    source.line(format_args!("\t.long\t{}", tables.exceptions.len()));

    let label = "kallsyms_module_exceptions";
    source.label(label);
    for (symbol, exception) in tables.exceptions.iter().zip(exceptions) {
        source.row(format_args!("\t.long\t{symbol}"), exception.name);
    }
    source.room(label, 4 * tables.exceptions.len(), 0);

    let label = "kallsyms_exception_modules";
    source.label(label);
    for (entry, exception) in tables.exception_modules.iter().zip(exceptions) {
        source.row(
            format_args!("\t.long\t{entry:#x}"),
            &objects.names(exception.modules),
        );
    }
    source.room(label, 4 * tables.exception_modules.len(), 0);

    source.label("kallsyms_module_names_len");
    source.line(format_args!("\t.long\t{}", tables.names.len()));

    let label = "kallsyms_module_names";
    source.label(label);
    if let Some((first, _)) = tables.names.split_first() {
        source.row(format_args!("\t.byte\t{first:#04x}"), b"in no module");
    }
    for entry in &tables.entries {
        name(source, entry, &tables.names);
    }
    source.room(label, tables.names.len(), 0);
}

/// Where a range begins: the input section and the object there.
fn place(range: &Range<'_, '_>) -> Vec<u8> {
    match range.first {
        None => b"end of section".to_vec(),
        Some(piece) => [piece.section, b" of ", &piece.object_path()].concat(),
    }
}

/// An entry of the names: the head of a list, or a name.
fn name(source: &mut Source<'_>, entry: &Entry, names: &[u8]) {
    match entry.list {
        Some(count) => {
            let offset = entry.offset;
            source.line(format_args!(
                "\t.byte\t0x00, {count:#04x}\t/* {offset:#x}: {count} modules */"
            ));
        }
        None => {
            let rest = names.get(entry.offset as usize..).unwrap_or_default();
            let name = rest.split(|&byte| byte == 0).next().unwrap_or_default();
            source.line(format_args!(
                "\t.asciz\t\"{}\"\t/* {:#x} */",
                name.escape_ascii(),
                entry.offset
            ));
        }
    }
}
