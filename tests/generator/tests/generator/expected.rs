// SPDX-License-Identifier: GPL-2.0

//! Compares the modules of each symbol with `fixtures/expected`. The expected modules do not depend on the
//! linker or on the inputs of the link.

use std::collections::{HashMap, VecDeque};
use std::fs;

use crate::build::{Build, LINKS};
use crate::recorded::fixtures;

/// The expected modules of symbols, by name. Symbols with one name have the order of the symbol table: local
/// symbols before global symbols, each in link order.
fn expected() -> HashMap<String, VecDeque<Vec<String>>> {
    let mut expected: HashMap<_, VecDeque<_>> = HashMap::new();
    let text = fs::read_to_string(fixtures().join("expected")).unwrap();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ').map(str::to_owned);
        expected
            .entry(words.next().unwrap())
            .or_default()
            .push_back(words.collect());
    }
    expected
}

fn check_modules(build: &Build, link: &str) {
    let (tables, mut expected) = (build.tables(), expected());
    let listed = build.listed();
    let mut symbols: Vec<_> = listed.iter().enumerate().collect();
    symbols.sort_by_key(|(_, symbol)| symbol.index);
    for (index, symbol) in symbols {
        let name = &symbol.name;
        let modules = expected.get_mut(name).and_then(VecDeque::pop_front);
        let modules = modules.unwrap_or_else(|| panic!("{name} is not expected in {link}"));
        assert_eq!(
            tables.modules_of(index, symbol.address),
            modules,
            "{name} in {link}"
        );
    }
    assert!(
        expected.values().all(VecDeque::is_empty),
        "{link} lacks symbols: {expected:?}"
    );
}

#[test]
fn every_symbol_has_its_modules() {
    for link in LINKS {
        check_modules(&Build::of(link), link);
    }
}

/// On riscv, the image has code before `_text`.
#[test]
fn an_image_may_begin_before_the_symbol_text() {
    for link in LINKS {
        let build = Build::of(link);
        let place = build.read("vmlinux1.map");
        let place = place
            .lines()
            .find(|line| line.ends_with(" _text = ."))
            .unwrap();
        let behind = build.listed().last().unwrap().address;
        for moved in ["81000050", "81000100"] {
            let build = Build::of(link);
            build.edit("vmlinux1.map", place, &place.replace("81000000", moved));
            let base = build.tables().base();
            assert!(base > 0xffff_ffff_8100_0000 && base < behind, "{base:#x}");
            check_modules(&build, link);
        }
    }
}
