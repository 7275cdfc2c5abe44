// SPDX-License-Identifier: GPL-2.0

//! The size tables as assembler source.

use super::assembler::{Room, Source};
use crate::common::error::Result;
use crate::encode::size_tables::SizeTables;
use crate::format::layout::{Counts, Table};
use crate::format::sizes::{NO_SIZE, RANK_STEP};
use crate::read::elf::Symbol;

/// The number of bytes in a row.
const ROW: usize = 16;

// The rooms of the tables in the first pass with symbols. They suffice if a hundred sizes equal their gaps in
// one pass and differ in the next pass, and if the two further levels each get a few more sizes.
const NIBBLES: Room = Room::Spare(64);
const BYTES: Room = Room::Spare(64);
const WORDS: Room = Room::Spare(128);
const RANKS: Room = Room::Spare(8);
/// The number of symbols decides the length of this table, so the table needs no room.
const BIT_RANKS: Room = Room::Spare(0);

/// Writes `sizes`, which are the sizes of `symbols`.
pub(super) fn write(
    source: &mut Source<'_>,
    sizes: &SizeTables,
    symbols: &[Symbol<'_>],
    counts: &Counts,
) -> Result<()> {
    let table = Table::SizeCounts;
    source.table(table, 3, Room::Fixed, |source| {
        source.element(table, format_args!("{}", counts.nibbles), "nibbles");
        source.element(table, format_args!("{}", counts.bytes), "bytes");
        source.element(table, format_args!("{}", counts.words), "words");
    })?;

    let table = Table::SizeBits;
    source.table(table, sizes.bits.len(), Room::Fixed, |source| {
        let firsts = symbols.chunks(64).filter_map(<[_]>::first);
        for (word, first) in sizes.bits.iter().zip(firsts) {
            let comment = [b"from ", first.name].concat();
            source.element(table, format_args!("{word:#x}"), comment);
        }
    })?;
    ranks(source, Table::SizeBitRanks, &sizes.bit_ranks, BIT_RANKS)?;

    let nibbles = sizes.packed_nibbles();
    bytes(source, Table::SizeNibbles, &nibbles, 2, NIBBLES)?;
    ranks(source, Table::SizeNibbleRanks, &sizes.nibble_ranks, RANKS)?;

    let table = Table::SizeValues;
    source.table(table, sizes.values.len(), Room::Fixed, |source| {
        for &value in &sizes.values {
            let meaning = match value {
                NO_SIZE => "no size".to_owned(),
                _ => format!("{value} less than the gap"),
            };
            source.element(table, format_args!("{value:#x}"), meaning);
        }
    })?;

    bytes(source, Table::SizeBytes, &sizes.bytes, 1, BYTES)?;
    ranks(source, Table::SizeByteRanks, &sizes.byte_ranks, RANKS)?;

    let table = Table::SizeWords;
    source.table(table, sizes.words.len(), WORDS, |source| {
        for word in &sizes.words {
            source.element(table, format_args!("{word:#x}"), format!("{word} bytes"));
        }
    })
}

/// Writes a table of bytes. Each byte has `entries` entries of a level.
fn bytes(
    source: &mut Source<'_>,
    table: Table,
    bytes: &[u8],
    entries: usize,
    room: Room,
) -> Result<()> {
    source.table(table, bytes.len(), room, |source| {
        for (index, row) in bytes.chunks(ROW).enumerate() {
            let first = index * ROW * entries;
            source.bytes(row, format!("from {first}"));
        }
    })
}

fn ranks(source: &mut Source<'_>, table: Table, ranks: &[u32], room: Room) -> Result<()> {
    source.table(table, ranks.len(), room, |source| {
        for (index, rank) in ranks.iter().enumerate() {
            let entry = index * RANK_STEP;
            source.element(table, format_args!("{rank}"), format!("before {entry}"));
        }
    })
}
