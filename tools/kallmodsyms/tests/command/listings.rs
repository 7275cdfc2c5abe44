// SPDX-License-Identifier: GPL-2.0

//! Tests how the library reads saved listings: malformed lines, hidden addresses, and the lookup of an address.

use std::cmp::Reverse;
use std::fmt::Write as _;

use kallmodsyms::{Kernel, Symbols};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::{contains, starts_with};

use crate::show::Place;

/// Lines of the kernel, of loaded modules, of ftrace and of BPF. The lines of the kernel end with `__brk_limit`.
const FORMS: &str = "\
00000000000285c0 180 A vclock_srcu_srcu_data\t[ptp]
ffffffff8d9b28c4 151 T vfs_read
ffffffff8da4a43f 2b22 t ext4_fill_super\t[ext4] {ext4/super.o}
ffffffff8da4e000 56 T startup\t{init/head.o}
ffffffff8db343bc 2c T dpaa2_mac_start\t[fsl_dpaa2_eth] [fsl_dpaa2_switch]
ffffffff8e000000 0 B _end
ffffffff8e000000 0 B __brk_limit
ffffffffc0401000 40 t minix_fill_super\t[minix]
ffffffffc0401004 0 t .L0 \t[minix]
ffffffffc0365000 cb t ftrace_trampoline\t[__builtin__ftrace]
ffffffffc025d00c 18 t bpf_prog_a04f5eef06a7f555_hello\t[bpf]
";

/// The error for which the library refuses a listing.
fn refusal(text: &str) -> String {
    let kernel = Kernel::from_listing(text);
    let error = kernel.symbols().err().expect("the listing is read");
    error.to_string()
}

#[test]
fn lines_of_every_form_are_read() {
    let kernel = Kernel::from_listing(FORMS);
    let symbols = kernel.symbols().unwrap();
    let lines: Vec<_> = symbols.iter().map(ToString::to_string).collect();
    assert_eq!(lines.join("\n") + "\n", FORMS);
    let loaded = |symbol: &&kallmodsyms::Symbol<'_>| symbol.is_loaded() == Some(true);
    assert_eq!(symbols.iter().filter(loaded).count(), 4);
    let modules = symbols.modules().unwrap();
    let names = modules.iter().map(|module| module.name);
    let names: Vec<_> = names.map(String::from_utf8_lossy).collect();
    // The names in brackets of tracing and BPF are not module names.
    let expected = ["ext4", "fsl_dpaa2_eth", "fsl_dpaa2_switch", "minix", "ptp"];
    assert_eq!(names, expected);
}

#[test]
fn a_malformed_line_is_named() {
    for line in [
        "",
        "g 0 T a",
        "0x0 0 T a",
        "00000000000000000 0 T a",
        "0",
        "0 0",
        "0  0 T a",
        "0 -1 T a",
        "0 00000000000000000 T a",
        "0 0 T",
        "0 0  a",
        "0 0 TT a",
        "0 0 T ",
        "0 0 T \t[b]",
        "0 0 T a b",
        "0 0 T a  ",
        "0 0 T  \t[b]",
        "0 0 T a \t",
        "0 0 T a [b]",
        "0 0 T a\0b",
        "0 0 T a\t",
        "0 0 T a\tb",
        "0 0 T a\t[]",
        "0 0 T a\t[b",
        "0 0 T a\t[b] ",
        "0 0 T a\t[b][c]",
        "0 0 T a\t[b]  [c]",
        "0 0 T a\t[b]\t[c]",
        "0 0 T a\t[b c]",
        "0 0 T a\t[b] c",
        "0 0 T a\t[[b]",
        "0 0 T a\t{b",
        "0 0 T a\t{}",
        "0 0 T a\t{b} [c]",
    ] {
        let refused = refusal(&format!("1 1 T before\n{line}\n1 1 T after\n"));
        let expected = "listing:2: this is no line of /proc/kallmodsyms\n  ";
        assert!(refused.starts_with(expected), "{line:?}: {refused}");
    }
}

#[test]
fn a_listing_that_is_cut_off_is_refused() {
    let whole = "1 1 T before\n0 0 T a\t[b] [c]\n";
    assert!(Kernel::from_listing(whole).symbols().is_ok());
    for len in 14..whole.len() {
        let refused = refusal(&whole[..len]);
        assert!(
            refused.starts_with("listing:2: this line is cut off"),
            "{len}: {refused}"
        );
    }
    let place = Place::with(b"");
    place.write("listing", FORMS.trim_end());
    for command in [
        &["show", "listing"][..],
        &["lookup", "listing", "vfs_read"],
        &["modules", "listing"],
    ] {
        let refused = place.command(command).assert().code(1).stdout("");
        refused.stderr(starts_with("kallmodsyms: listing:11: this line is cut off"));
    }
}

#[test]
fn a_listing_with_zeros_has_no_addresses() {
    let text = "0000000000000000 0 T vfs_read\n0000000000000000 0 t ext4_fill_super\t[ext4]\n";
    let kernel = Kernel::from_listing(text);
    let symbols = kernel.symbols().unwrap();
    assert!(!symbols.has_addresses());
    assert!(symbols.containing(0).is_none() && symbols.location(0).is_none());
    assert_eq!(symbols.named(b"ext4_fill_super").count(), 1);
    let place = Place::with(b"");
    place.write("listing", text);
    let mut lookup = place.command(&["lookup", "listing", "0xffffffff8da4a500", "ext4_fill_super"]);
    let assert = lookup
        .assert()
        .code(3)
        .stdout(contains("ext4_fill_super\t[ext4]\n"));
    assert.stderr(contains("no symbol is found").and(contains("This listing has no addresses")));
}

/// An address behind an inner symbol has the modules of the outer symbol.
#[test]
fn an_address_behind_an_inner_symbol() {
    let place = Place::with(b"");
    let text = "ffffffff81000000 100 t outer\t[a]\nffffffff81000010 8 t inner\t[b]\nffffffff81000200 0 B _end\n";
    place.write("listing", text);
    for (query, answer) in [
        ("0xffffffff81000017", "inner+0x7/0x8\t[b]\n"),
        ("0xffffffff81000018", "inner+0x8/0x8\t[a]\n"),
    ] {
        let answer = format!("{} {answer}", &query[2..]);
        assert_eq!(place.output(&["lookup", "listing", query]), answer);
    }
}

/// A listing of symbols with these addresses and sizes. The name of a symbol is its number.
fn listing_of(symbols: &[(u64, u64)]) -> Kernel {
    let mut text = String::new();
    for (number, (address, size)) in symbols.iter().enumerate() {
        writeln!(text, "{address:016x} {size:x} t {number}").unwrap();
    }
    Kernel::from_listing(text)
}

/// The number of the symbol that contains `address`, by a search of all symbols.
fn linear_search(symbols: &[(u64, u64)], address: u64) -> Option<usize> {
    let numbered = symbols.iter().enumerate();
    let here = numbered.filter(|(_, &(start, size))| start <= address && address - start < size);
    let found = here.max_by_key(|&(number, &(start, size))| (start, size, Reverse(number)));
    found.map(|(number, _)| number)
}

/// The number of the symbol that contains `address`, by the lookup of the library.
fn library_lookup(symbols: &Symbols<'_>, address: u64) -> Option<usize> {
    let symbol = symbols.containing(address)?;
    std::str::from_utf8(symbol.name()).unwrap().parse().ok()
}

#[test]
fn overlapping_symbols_are_found_as_by_a_linear_search() {
    // A linear congruential generator gives the same symbols in each run.
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    for _ in 0..2000 {
        let count = 1 + random(40);
        let symbols: Vec<_> = (0..count).map(|_| (1 + random(63), random(20))).collect();
        let kernel = listing_of(&symbols);
        let parsed = kernel.symbols().unwrap();
        for address in 0..100 {
            let (found, expected) = (
                library_lookup(&parsed, address),
                linear_search(&symbols, address),
            );
            assert_eq!(found, expected, "{address} in {symbols:?}");
        }
    }
}

#[test]
fn many_nested_symbols_and_the_last_address() {
    let mut symbols: Vec<(u64, u64)> = (0..5000).map(|at| (1 + at, 20_000 - 2 * at)).collect();
    symbols.push((u64::MAX - 1, u64::MAX));
    let kernel = listing_of(&symbols);
    let parsed = kernel.symbols().unwrap();
    for address in (0..21_000)
        .step_by(97)
        .chain([u64::MAX - 2, u64::MAX - 1, u64::MAX])
    {
        assert_eq!(
            library_lookup(&parsed, address),
            linear_search(&symbols, address),
            "{address}"
        );
    }
}
