// SPDX-License-Identifier: GPL-2.0

//! The size tables as assembler source.

use super::Source;
use crate::elf::Symbol;
use crate::format::sizes::{NO_SIZE, RANK_STEP};
use crate::sizes::Sizes;

/// Entries in a row of bytes.
const ROW: usize = 16;

/// Writes `sizes`, which are those of `symbols`.
pub(crate) fn write(source: &mut Source, sizes: &Sizes, symbols: &[Symbol<'_>]) {
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
    ranks(source, "kallsyms_size_bit_ranks", &sizes.bit_ranks);

    rows(source, "kallsyms_size_nibbles", &sizes.packed_nibbles(), 2);
    ranks(source, "kallsyms_size_nibble_ranks", &sizes.nibble_ranks);

    source.label("kallsyms_size_values");
    for &value in &sizes.values {
        let meaning = match value {
            NO_SIZE => "no size".to_owned(),
            _ => format!("{value} less than the gap"),
        };
        source.row(format_args!("\t.long\t{value:#x}"), meaning.as_bytes());
    }

    rows(source, "kallsyms_size_bytes", &sizes.bytes, 1);
    ranks(source, "kallsyms_size_byte_ranks", &sizes.byte_ranks);

    source.label("kallsyms_size_words");
    for word in &sizes.words {
        source.row(
            format_args!("\t.quad\t{word:#x}"),
            format!("{word} bytes").as_bytes(),
        );
    }
    // The tables must not change their length when a pass of the link moves a few gaps.
    source.line(format_args!("\t.balign\t256"));
}

/// A table of bytes, each of which has `each` entries.
fn rows(source: &mut Source, label: &str, bytes: &[u8], each: usize) {
    source.label(label);
    for (index, row) in bytes.chunks(ROW).enumerate() {
        let first = index * ROW * each;
        source.bytes(row, format!("from {first}").as_bytes());
    }
}

fn ranks(source: &mut Source, label: &str, ranks: &[u32]) {
    source.label(label);
    for (index, rank) in ranks.iter().enumerate() {
        let entry = index * RANK_STEP;
        source.row(
            format_args!("\t.long\t{rank}"),
            format!("before {entry}").as_bytes(),
        );
    }
}
