// SPDX-License-Identifier: GPL-2.0

//! The size tables as assembler source.

use super::Source;
use crate::elf::Symbol;
use crate::format::sizes::{NO_SIZE, RANK_STEP};
use crate::sizes::Sizes;

/// Entries in a row of bytes.
const ROW: usize = 16;

/// What a table has room for beside its own length, in bytes: for some hundred sizes that become distances
/// in a pass of the link, or cease to be, and for a few at each of the next levels.
const SPARE_NIBBLES: usize = 64;
const SPARE_BYTES: usize = 64;
const SPARE_WORDS: usize = 128;
const SPARE_RANKS: usize = 8;

/// Writes `sizes`, which are those of `symbols`.
pub(crate) fn write(source: &mut Source<'_>, sizes: &Sizes, symbols: &[Symbol<'_>]) {
    source.label("kallsyms_size_counts");
    for (count, what) in sizes.counts().iter().zip(["nibbles", "bytes", "words"]) {
        source.row(format_args!("\t.long\t{count}"), what.as_bytes());
    }

    source.label("kallsyms_size_bits");
    for (word, symbols) in sizes.bits.iter().zip(symbols.chunks(64)) {
        let first = symbols.first().map_or(&b""[..], |symbol| symbol.name);
        source.row(
            format_args!("\t.quad\t{word:#x}"),
            &[b"from ", first].concat(),
        );
    }
    ranks(source, "kallsyms_size_bit_ranks", &sizes.bit_ranks, 0);

    let nibbles = sizes.packed_nibbles();
    rows(source, "kallsyms_size_nibbles", &nibbles, 2, SPARE_NIBBLES);
    let nibble_ranks = &sizes.nibble_ranks;
    ranks(
        source,
        "kallsyms_size_nibble_ranks",
        nibble_ranks,
        SPARE_RANKS,
    );

    source.label("kallsyms_size_values");
    for &value in &sizes.values {
        let meaning = match value {
            NO_SIZE => "no size".to_owned(),
            _ => format!("{value} less than the gap"),
        };
        source.row(format_args!("\t.long\t{value:#x}"), meaning.as_bytes());
    }

    rows(source, "kallsyms_size_bytes", &sizes.bytes, 1, SPARE_BYTES);
    let byte_ranks = &sizes.byte_ranks;
    ranks(source, "kallsyms_size_byte_ranks", byte_ranks, SPARE_RANKS);

    let label = "kallsyms_size_words";
    source.label(label);
    for word in &sizes.words {
        source.row(
            format_args!("\t.quad\t{word:#x}"),
            format!("{word} bytes").as_bytes(),
        );
    }
    source.room(label, 8 * sizes.words.len(), SPARE_WORDS);
}

/// A table of bytes, each of which has `each` entries.
fn rows(source: &mut Source<'_>, label: &str, bytes: &[u8], each: usize, spare: usize) {
    source.label(label);
    for (index, row) in bytes.chunks(ROW).enumerate() {
        let first = index * ROW * each;
        source.bytes(row, format!("from {first}").as_bytes());
    }
    source.room(label, bytes.len(), spare);
}

fn ranks(source: &mut Source<'_>, label: &str, ranks: &[u32], spare: usize) {
    source.label(label);
    for (index, rank) in ranks.iter().enumerate() {
        let entry = index * RANK_STEP;
        source.row(
            format_args!("\t.long\t{rank}"),
            format!("before {entry}").as_bytes(),
        );
    }
    source.room(label, 4 * ranks.len(), spare);
}
