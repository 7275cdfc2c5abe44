// SPDX-License-Identifier: GPL-2.0

//! The tables of object files as assembler source.

use super::assembler::{Room, Source};
use crate::common::error::Result;
use crate::encode::object_tables::ObjectTables;
use crate::format::layout::{Counts, Table};
use crate::format::object_layout::NAME_STEP;
use crate::format::objects::BLOCK;
use crate::read::elf::Symbol;

/// The number of bytes in a row of runs.
const ROW: usize = 16;

/// The rooms of the tables in the first pass with symbols. Symbols of one address can change their order from
/// pass to pass, and a few runs then get longer. The paths stay the same.
const RUNS: Room = Room::Spare(64);
const PATHS: Room = Room::Spare(0);

/// Writes `objects`, which are the object files of `symbols`.
pub(super) fn write(
    source: &mut Source<'_>,
    objects: &ObjectTables,
    symbols: &[Symbol<'_>],
    counts: &Counts,
) -> Result<()> {
    let table = Table::ObjectCounts;
    source.table(table, 5, Room::Fixed, |source| {
        let counts = &counts.objects;
        for (count, meaning) in [
            (counts.objects, "object files"),
            (counts.runs, "bytes of runs"),
            (counts.names, "bytes of names"),
            (counts.entries, "entries for directories"),
            (counts.directories, "bytes of directories"),
        ] {
            source.element(table, format_args!("{count}"), meaning);
        }
    })?;

    source.table(Table::ObjectRuns, objects.runs.len(), RUNS, |source| {
        for (row, bytes) in objects.runs.chunks(ROW).enumerate() {
            source.bytes(bytes, format!("from {}", row * ROW));
        }
    })?;

    let table = Table::ObjectMarkers;
    source.table(table, objects.markers.len(), Room::Fixed, |source| {
        let blocks = symbols.chunks(BLOCK as usize);
        let firsts = blocks.filter_map(<[_]>::first);
        for (marker, first) in objects.markers.iter().zip(firsts) {
            let comment = [b"from ", first.name].concat();
            source.element(table, format_args!("{marker}"), comment);
        }
    })?;

    source.table(Table::ObjectNames, objects.names.len(), PATHS, |source| {
        let names = objects.names.split_inclusive(|&byte| byte <= 1);
        for (name, path) in names.zip(&objects.paths) {
            source.bytes(name, path);
        }
    })?;

    let table = Table::ObjectNameOffsets;
    source.table(table, objects.name_offsets.len(), PATHS, |source| {
        let paths = objects.paths.iter().step_by(NAME_STEP as usize);
        for (offset, path) in objects.name_offsets.iter().zip(paths) {
            source.element(table, format_args!("{offset}"), path);
        }
    })?;

    let table = Table::ObjectDirectoryStarts;
    source.table(table, objects.directory_starts.len(), PATHS, |source| {
        for &start in &objects.directory_starts {
            let path = objects.paths.get(start as usize);
            source.element(
                table,
                format_args!("{start}"),
                path.map_or(&[][..], Vec::as_slice),
            );
        }
    })?;

    let table = Table::ObjectDirectoryOffsets;
    source.table(table, objects.directory_offsets.len(), PATHS, |source| {
        for offset in &objects.directory_offsets {
            let directory = objects.directories.get(*offset as usize..);
            let directory = directory.and_then(|rest| rest.split(|&byte| byte == 0).next());
            source.element(
                table,
                format_args!("{offset}"),
                directory.unwrap_or_default(),
            );
        }
    })?;

    let table = Table::ObjectDirectories;
    source.table(table, objects.directories.len(), PATHS, |source| {
        for directory in objects.directories.split_inclusive(|&byte| byte == 0) {
            let name = directory.strip_suffix(&[0]).unwrap_or(directory);
            source.bytes(directory, name);
        }
    })
}
