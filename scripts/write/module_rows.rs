// SPDX-License-Identifier: GPL-2.0

//! The module tables as assembler source.

use super::assembler::{Room, Source};
use crate::attribute::module_sets::ModuleSets;
use crate::common::error::Result;
use crate::encode::module_names::{NamesContent, NamesPart};
use crate::encode::module_ranges::Range;
use crate::encode::module_tables::ModuleTables;
use crate::format::layout::Table;

/// A pass may change the lengths of these tables, but in practice no pass does. So they get no room at first.
const ROOM: Room = Room::Spare(0);

/// Writes `tables`. `sets` has the sets of modules that `tables` refer to.
pub(super) fn write(
    source: &mut Source<'_>,
    tables: &ModuleTables<'_>,
    sets: &ModuleSets<'_>,
) -> Result<()> {
    let (ranges, exceptions) = (&tables.ranges, &tables.exceptions);
    let parts = &tables.names.parts;

    count(source, Table::RangeCount, ranges.len())?;

    let table = Table::TextAddress;
    source.table(table, 1, Room::Fixed, |source| {
        let text = tables.text;
        source.element(table, format_args!("{text:#x}"), "_text as linked");
    })?;

    let table = Table::RangeOffsets;
    source.table(table, ranges.len(), ROOM, |source| {
        for range in ranges {
            source.element(table, format_args!("{:#x}", range.offset), place(range));
        }
    })?;

    let table = Table::RangeModules;
    source.table(table, tables.range_modules.len(), ROOM, |source| {
        for (entry, range) in tables.range_modules.iter().zip(ranges) {
            source.element(table, format_args!("{entry:#x}"), sets.shown(range.modules));
        }
    })?;

    count(source, Table::ExceptionCount, exceptions.len())?;

    let table = Table::ExceptionSymbols;
    source.table(table, exceptions.len(), ROOM, |source| {
        for exception in exceptions {
            source.element(table, format_args!("{}", exception.symbol), exception.name);
        }
    })?;

    let table = Table::ExceptionModules;
    source.table(table, tables.exception_modules.len(), ROOM, |source| {
        for (entry, exception) in tables.exception_modules.iter().zip(exceptions) {
            source.element(
                table,
                format_args!("{entry:#x}"),
                sets.shown(exception.modules),
            );
        }
    })?;

    count(source, Table::NamesLength, tables.names.bytes.len())?;

    source.table(Table::Names, tables.names.bytes.len(), ROOM, |source| {
        for part in parts {
            names_part(source, part);
        }
    })
}

fn count(source: &mut Source<'_>, table: Table, count: usize) -> Result<()> {
    source.table(table, 1, Room::Fixed, |source| source.number(table, count))
}

/// The comment of a range: the input section and the object file of its first piece, or `end of section` if the
/// range has no piece.
fn place(range: &Range<'_>) -> Vec<u8> {
    match range.first {
        None => b"end of section".to_vec(),
        Some(piece) => [piece.section, b" of ", &piece.object_path()].concat(),
    }
}

fn names_part(source: &mut Source<'_>, NamesPart { offset, content }: &NamesPart) {
    match content {
        NamesContent::NoModule => source.bytes(&[0], "in no module"),
        NamesContent::List(count) => {
            source.bytes(&[0, *count], format!("{offset:#x}: {count} modules"));
        }
        NamesContent::Name(name) => source.string(name, format!("{offset:#x}")),
    }
}
