// SPDX-License-Identifier: GPL-2.0

//! Looks up each address of made-up listings, and compares the result with a search of all lines.

use std::cmp::Reverse;
use std::fmt::Write;

use kallmodsyms::Listing;
use proptest::prelude::*;

/// The number of the line that a search of all lines finds.
fn slow_find(symbols: &[(u64, u64)], address: u64) -> Option<usize> {
    symbols
        .iter()
        .enumerate()
        .filter(|(_, &(start, size))| start <= address && address - start < size)
        .max_by_key(|&(line, &(start, size))| (start, size, Reverse(line)))
        .map(|(line, _)| line)
}

fn listing_of(symbols: &[(u64, u64)]) -> Listing {
    let mut text = String::new();
    for (line, (address, size)) in symbols.iter().enumerate() {
        writeln!(text, "{address:016x} {size:x} t {line}").unwrap();
    }
    Listing::parse(text).unwrap()
}

fn fast_find(listing: &Listing, address: u64) -> Option<usize> {
    let symbol = listing.find(address)?;
    std::str::from_utf8(symbol.name()).unwrap().parse().ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    // Symbols in any order, so that they overlap, contain and repeat each other.
    #[test]
    fn each_address_is_found_where_a_search_of_all_lines_finds_it(
        symbols in prop::collection::vec((1..64u64, 0..20u64), 0..40),
    ) {
        let listing = listing_of(&symbols);
        for address in 0..100 {
            prop_assert_eq!(
                fast_find(&listing, address),
                slow_find(&symbols, address),
                "{}", address
            );
        }
    }
}

#[test]
fn a_symbol_at_the_end_of_the_address_space() {
    let listing = listing_of(&[(u64::MAX - 1, u64::MAX)]);
    assert_eq!(fast_find(&listing, u64::MAX), Some(0));
    assert_eq!(fast_find(&listing, 0), None);
}

#[test]
fn many_symbols_inside_each_other() {
    let symbols: Vec<(u64, u64)> = (0..5000).map(|at| (1 + at, 20_000 - 2 * at)).collect();
    let listing = listing_of(&symbols);
    for address in (0..21_000).step_by(97) {
        assert_eq!(
            fast_find(&listing, address),
            slow_find(&symbols, address),
            "{address}"
        );
    }
}
