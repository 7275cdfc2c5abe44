// SPDX-License-Identifier: GPL-2.0

//! Compares the modules and the object file of each symbol with `fixtures/expected`. The expected modules and
//! object files do not depend on the linker or on the inputs of the link.

use std::collections::{HashMap, VecDeque};
use std::fs;

use crate::build::{Build, LINKS, UNATTRIBUTED};
use crate::elf::DumpedSymbol;
use crate::recorded::fixtures;

/// The expected modules and the expected object file of a symbol.
#[derive(Debug)]
struct Expected {
    modules: Vec<String>,
    object: Option<String>,
}

/// The [`Expected`] of all symbols, by name. Symbols with one name have the order of the symbol table: local
/// symbols before global symbols, each in link order.
fn expected() -> HashMap<String, VecDeque<Expected>> {
    let mut expected: HashMap<_, VecDeque<_>> = HashMap::new();
    let text = fs::read_to_string(fixtures().join("expected")).unwrap();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ').map(str::to_owned);
        let name = words.next().unwrap();
        let (objects, modules): (Vec<_>, Vec<_>) = words.partition(|word| word.starts_with('{'));
        let object = objects
            .first()
            .map(|object| object.trim_matches(['{', '}']).to_owned());
        expected
            .entry(name)
            .or_default()
            .push_back(Expected { modules, object });
    }
    expected
}

/// Calls `check` for each symbol of `build`, with its index in the listing and its [`Expected`].
fn each_symbol(build: &Build, link: &str, mut check: impl FnMut(usize, &DumpedSymbol, Expected)) {
    let mut expected = expected();
    let listed = build.listed();
    let mut symbols: Vec<_> = listed.iter().enumerate().collect();
    symbols.sort_by_key(|(_, symbol)| symbol.index);
    for (index, symbol) in symbols {
        let name = &symbol.name;
        let of_symbol = expected.get_mut(name).and_then(VecDeque::pop_front);
        let of_symbol = of_symbol.unwrap_or_else(|| panic!("{name} is not expected in {link}"));
        check(index, symbol, of_symbol);
    }
    assert!(
        expected.values().all(VecDeque::is_empty),
        "{link} lacks symbols: {expected:?}"
    );
}

fn check_modules(build: &Build, link: &str) {
    let tables = build.tables();
    each_symbol(build, link, |index, symbol, expected| {
        let modules = tables.modules_of(index, symbol.address);
        assert_eq!(modules, expected.modules, "{} in {link}", symbol.name);
    });
}

#[test]
fn every_symbol_has_its_object_file() {
    for link in LINKS {
        let build = Build::of(link);
        build.turn_on("CONFIG_KALLMODSYMS_OBJECTS");
        let objects = build.tables().objects(build.listed().len());
        assert!(!build.path(UNATTRIBUTED).exists(), "{link}");
        each_symbol(&build, link, |index, symbol, expected| {
            let (path, braces) = &objects[index];
            assert_eq!(*path, expected.object, "{} in {link}", symbol.name);
            assert_eq!(*braces, None, "{} in {link}", symbol.name);
        });
    }
}

/// Without the modules of crypto/, several symbols have the same name and the same modules.
#[test]
fn a_line_has_braces_if_its_name_and_modules_do_not_suffice() {
    for link in LINKS {
        let build = Build::of(link);
        build.turn_on("CONFIG_KALLMODSYMS_OBJECTS");
        let modules = build.read("modules.builtin");
        let others = modules.lines().filter(|line| !line.contains("/crypto/"));
        let others: Vec<&str> = others.collect();
        build.write("modules.builtin", others.join("\n") + "\n");
        let objects = build.tables().objects(build.listed().len());
        let mut shown = Vec::new();
        each_symbol(&build, link, |index, symbol, expected| {
            let (path, braces) = &objects[index];
            assert_eq!(*path, expected.object, "{} in {link}", symbol.name);
            if let Some(braces) = braces {
                shown.push(format!("{} {{{braces}}}", symbol.name));
            }
        });
        shown.sort();
        let expected = [
            "_etext {sum.o}",
            "early_key {twin-a.o}",
            "early_key {twin-b.o}",
            "hash_mask {hash.o}",
            "hash_mask {sum.o}",
            "late_key {twin-a.o}",
            "late_key {twin-b.o}",
            "shared_key {hash.o}",
            "shared_key {sum.o}",
            "text_of {hash.o}",
            "text_of {sum.o}",
        ];
        assert_eq!(shown, expected, "{link}");
    }
}

#[test]
fn every_symbol_has_its_modules() {
    for link in LINKS {
        check_modules(&Build::of(link), link);
    }
}

/// Object files with the same file name, and an object file whose path is the end of another path.
#[test]
fn braces_have_as_many_components_as_tell_object_files_apart() {
    for link in ["gnu-objects", "lld-objects"] {
        for (path, of_hash, of_sum) in [
            ("crypto/b/hash.o", "crypto/hash.o", "b/hash.o"),
            ("c/crypto/hash.o", "crypto/hash.o", "c/crypto/hash.o"),
            ("hash.o", "crypto/hash.o", "hash.o"),
        ] {
            let build = Build::of(link);
            build.turn_on("CONFIG_KALLMODSYMS_OBJECTS");
            build.write("modules.builtin", "");
            build.edit("vmlinux1.map", "crypto/sum.o", path);
            let (directory, name) = path.rsplit_once('/').unwrap_or((".", path));
            fs::create_dir_all(build.path(directory)).unwrap();
            for (from, to) in [
                ("crypto/sum.o", format!("{directory}/{name}")),
                ("crypto/.sum.o.cmd", format!("{directory}/.{name}.cmd")),
            ] {
                fs::rename(build.path(from), build.path(&to)).unwrap();
            }
            let listed = build.listed();
            let objects = build.tables().objects(listed.len());
            let named = listed.iter().zip(&objects);
            let keys = named.filter(|(symbol, _)| symbol.name == "shared_key");
            let mut braces: Vec<_> = keys.map(|(_, (_, braces))| braces.as_deref()).collect();
            braces.sort_unstable();
            let mut expected = [Some(of_hash), Some(of_sum)];
            expected.sort_unstable();
            assert_eq!(braces, expected, "{path} in {link}");
        }
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
