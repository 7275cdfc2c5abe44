// SPDX-License-Identifier: GPL-2.0

//! Tests the decoder of the size tables, at any index and in order, on tables by the encoder of the tests. The
//! decoder must refuse damaged tables, or decode them without a panic.

#[path = "../kernel/sizes.rs"]
mod encoder;

use encoder::Encoded;
use format::{
    self,
    sizes::{SizeError, SizeTables, NO_SIZE, VALUES},
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Gaps and sizes of all kinds. Some sizes are larger than the gap, and some need 64 bits.
fn symbols(most: usize) -> impl Strategy<Value = Vec<(u64, u64)>> {
    let gap = prop_oneof![4 => 0..64u64, 1 => 0..100_000u64, 1 => any::<u64>()];
    let symbol =
        (gap, 0..6u8, any::<u64>(), 0..300u64).prop_map(|(gap, kind, any, less)| match kind {
            0 | 1 => (gap, gap),
            2 => (gap, 0),
            3 => (gap, gap.saturating_sub(less % 20)),
            4 => (gap, gap.saturating_sub(less)),
            _ => (gap, any),
        });
    vec(symbol, 0..most)
}

fn values() -> impl Strategy<Value = [u32; VALUES]> {
    prop::array::uniform15(prop_oneof![Just(NO_SIZE), 0..20u32, any::<u32>()])
}

fn check(symbols: &[(u64, u64)], tables: &SizeTables<'_>, starts: &[usize]) {
    for (index, &(gap, size)) in symbols.iter().enumerate() {
        assert_eq!(tables.size(index as u32, gap), size, "symbol {index}");
    }
    for &start in starts {
        let mut cursor = tables.cursor(start as u32);
        for (index, &(gap, size)) in symbols.iter().enumerate().skip(start) {
            assert_eq!(
                tables.next(&mut cursor, gap),
                size,
                "symbol {index} after {start}"
            );
        }
    }
}

/// The most symbols of a kernel. Miri takes a thousand times as long for each symbol.
const MOST: usize = if cfg!(miri) { 300 } else { 3000 };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 64 }))]

    #[test]
    fn every_size_is_decoded(symbols in symbols(MOST), values in values(), starts in vec(0..MOST, 0..4)) {
        let encoded = Encoded::new(&symbols, values);
        let tables = SizeTables::new(encoded.raw(), symbols.len() as u32).unwrap();
        check(&symbols, &tables, &starts);
    }

    #[test]
    fn damaged_tables_are_refused_or_safe(
        symbols in symbols(MOST / 2),
        values in values(),
        damage in vec((0..8usize, any::<prop::sample::Index>(), 0..64u32, any::<bool>()), 1..4),
        count in 0..1600u32,
        gaps in vec(any::<u64>(), 8),
    ) {
        let mut encoded = Encoded::new(&symbols, values);
        for (table, at, bit, cut) in damage {
            match table {
                0 => harm(&mut encoded.bits, at, cut, |word| *word ^= 1 << bit),
                1 => harm(&mut encoded.bit_ranks, at, cut, |rank| *rank ^= 1 << (bit % 32)),
                2 => harm(&mut encoded.nibbles, at, cut, |pair| *pair ^= 1 << (bit % 8)),
                3 => harm(&mut encoded.nibble_ranks, at, cut, |rank| *rank ^= 1 << (bit % 32)),
                4 => harm(&mut encoded.values, at, cut, |value| *value ^= 1 << (bit % 32)),
                5 => harm(&mut encoded.bytes, at, cut, |byte| *byte ^= 1 << (bit % 8)),
                6 => harm(&mut encoded.byte_ranks, at, cut, |rank| *rank ^= 1 << (bit % 32)),
                _ => harm(&mut encoded.words, at, cut, |word| *word ^= 1 << bit),
            }
        }
        for symbols in [symbols.len() as u32, count] {
            let checked = SizeTables::new(encoded.raw(), symbols).ok();
            for tables in checked.into_iter().chain([SizeTables::unchecked(encoded.raw())]) {
                let mut cursor = tables.cursor(count);
                for &gap in &gaps {
                    tables.next(&mut cursor, gap);
                    tables.size(count, gap);
                    tables.size(u32::MAX, gap);
                }
            }
        }
    }
}

fn harm<T>(table: &mut Vec<T>, at: prop::sample::Index, cut: bool, flip: impl Fn(&mut T)) {
    match (table.is_empty(), cut) {
        (true, _) => {}
        (false, true) => table.truncate(at.index(table.len())),
        (false, false) => flip(at.get_mut(table)),
    }
}

#[test]
fn each_defect_has_its_error() {
    let symbols: Vec<(u64, u64)> = (0..2000)
        .map(|n| (1000, [1000, 0, 990, 600, 2000][n % 5]))
        .collect();
    let mut values = [0; VALUES];
    values[3] = NO_SIZE;
    let good = Encoded::new(&symbols, values);
    let refusal = |change: &dyn Fn(&mut Encoded)| {
        let mut encoded = good.clone();
        change(&mut encoded);
        SizeTables::new(encoded.raw(), 2000).unwrap_err()
    };
    assert!(SizeTables::new(good.raw(), 2000).is_ok());
    assert_eq!(
        SizeTables::new(good.raw(), 1900).unwrap_err(),
        SizeError::Count { level: 1 }
    );
    assert_eq!(
        refusal(&|sizes| sizes.bits[0] ^= 1),
        SizeError::Rank { level: 1, rank: 1 }
    );
    assert_eq!(
        refusal(&|sizes| sizes.bit_ranks.truncate(1)),
        SizeError::Count { level: 1 }
    );
    assert_eq!(
        refusal(&|sizes| sizes.nibbles.truncate(1)),
        SizeError::Count { level: 2 }
    );
    assert_eq!(
        refusal(&|sizes| sizes.nibble_ranks[2] += 1),
        SizeError::Rank { level: 2, rank: 2 }
    );
    assert_eq!(
        refusal(&|sizes| sizes.bytes.push(0)),
        SizeError::Count { level: 3 }
    );
    assert_eq!(
        refusal(&|sizes| sizes.byte_ranks[1] -= 1),
        SizeError::Rank { level: 3, rank: 1 }
    );
    assert_eq!(
        refusal(&|sizes| sizes.words.push(0)),
        SizeError::Count { level: 4 }
    );
    assert_eq!(
        refusal(&|sizes| sizes.values.truncate(14)),
        SizeError::Values { len: 14 }
    );
}

#[test]
fn thousands_of_symbols_with_one_gap_and_the_largest_sizes() {
    let sizes = [
        0,
        1,
        u64::from(u32::MAX),
        1 << 32,
        1 << 62,
        1 << 63,
        u64::MAX,
    ];
    let mut symbols: Vec<(u64, u64)> = sizes
        .iter()
        .flat_map(|&size| [(0, size), (16, size)])
        .collect();
    let more = if cfg!(miri) { 600 } else { 5000 };
    symbols.extend((0..more).map(|n| (0x1000, n % 7)));
    let encoded = Encoded::new(&symbols, [NO_SIZE; VALUES]);
    let tables = SizeTables::new(encoded.raw(), symbols.len() as u32).unwrap();
    check(&symbols, &tables, &[0, 511, 512, 513, more as usize + 13]);
}
