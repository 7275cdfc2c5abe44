// SPDX-License-Identifier: GPL-2.0

//! Tests that the format code, rust/bindings.h for C, and Documentation/kbuild/tables.rst state the same layout
//! of the tables.

use format::layout::{Counts, Element, Table};
use format::sizes::{RawSizes, SizeTables, VALUES};

fn all_tables() -> impl Iterator<Item = Table> {
    let all = Table::OF_MODULES.into_iter().chain(Table::OF_SIZES);
    all.chain(Table::OF_OBJECTS)
}

#[test]
fn bindings_h_declares_the_same_elements() {
    let header = include_str!("../../../rust/bindings.h");
    for table in all_tables() {
        let label = table.label();
        let declared = header.lines().find_map(|line| {
            let (kind, name) = line.strip_prefix("extern const ")?.rsplit_once(' ')?;
            let name = name.split(['[', ';']).next()?;
            (name == label).then_some(kind)
        });
        let element = match declared {
            Some("u8") => Element::U8,
            Some("u32") => Element::U32,
            Some("u64" | "unsigned long") => Element::U64,
            other => panic!("{label}: {other:?}"),
        };
        assert_eq!(table.element(), element, "{label}");
    }
}

#[test]
fn tables_rst_has_the_same_order_and_elements() {
    let page = include_str!("../../../Documentation/kbuild/tables.rst");
    let rows = page.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let label = words.next()?.strip_prefix("``")?.strip_suffix("``")?;
        let element = words.next()?;
        matches!(element, "u8" | "u32" | "u64").then(|| (label, element.to_owned()))
    });
    let documented: Vec<_> = rows.collect();
    let element = |table: Table| format!("{:?}", table.element()).to_lowercase();
    let layout: Vec<_> = all_tables()
        .map(|table| (table.label(), element(table)))
        .collect();
    assert_eq!(documented, layout);
}

#[test]
fn decoder_accepts_the_lengths_of_the_layout() {
    for (symbols, nibbles) in [(0, 0), (1, 1), (64, 3), (65, 65), (512, 512), (513, 513)] {
        let counts = Counts {
            symbols,
            nibbles,
            ..Counts::default()
        };
        let len = |table: Table| usize::try_from(table.len(&counts)).unwrap();
        // The sizes of the first symbols differ from their gaps.
        let mut bits = vec![0_u64; len(Table::SizeBits)];
        (0..nibbles as usize).for_each(|symbol| bits[symbol / 64] |= 1 << (symbol % 64));
        let ranks = |table: Table| {
            (0..len(table) as u32)
                .map(|rank| 512 * rank)
                .collect::<Vec<_>>()
        };
        let (bit_ranks, nibble_ranks) = (
            ranks(Table::SizeBitRanks),
            vec![0; len(Table::SizeNibbleRanks)],
        );
        let packed = vec![0; len(Table::SizeNibbles)];
        let raw = RawSizes {
            bits: &bits,
            bit_ranks: &bit_ranks,
            nibbles: &packed,
            nibble_ranks: &nibble_ranks,
            values: &[0; VALUES],
            ..RawSizes::default()
        };
        let tables = SizeTables::new(raw, symbols);
        assert!(tables.is_ok(), "{symbols} {nibbles}: {tables:?}");
        assert_eq!(Table::SizeBits.size(&counts), 8 * bits.len() as u64);
    }
}
