// SPDX-License-Identifier: GPL-2.0

//! Tests `kallmodsyms sort-symbols`, which sorts the output of nm by size at each address.

use crate::build::{Build, LINKS};
use assert_cmd::Command;
use predicates::{prelude::PredicateBooleanExt, str::contains};

pub(crate) fn sort_symbols(build: &Build) -> Command {
    let mut command = build.command();
    command.args(["sort-symbols", "vmlinux1", "vmlinux1.syms"]);
    command
}

/// The output of nm for the image, sorted by address, and then by falling or rising size.
pub(crate) fn lines(build: &Build, largest_first: bool) -> String {
    let mut listed = build.listed();
    listed.sort_by_key(|symbol| {
        let size = if largest_first {
            u64::MAX - symbol.size
        } else {
            symbol.size
        };
        (symbol.address, size)
    });
    let line = |address: u64, name: &str| format!("{address:016x} t {name}\n");
    listed
        .iter()
        .map(|symbol| line(symbol.address, &symbol.name))
        .collect()
}

#[test]
fn the_largest_symbol_comes_first_at_each_address() {
    for link in LINKS {
        let build = Build::of(link);
        let (unsorted, sorted) = (lines(&build, false), lines(&build, true));
        assert_ne!(unsorted, sorted, "{link}");
        build.write("vmlinux1.syms", unsorted);
        sort_symbols(&build).assert().success().stdout(sorted);
    }
}

#[test]
fn symbols_of_equal_size_keep_their_order() {
    let build = Build::of("gnu-objects");
    for (name, size) in [("a", 8), ("b", 0), ("c", 16), ("d", 8), ("e", 16), ("f", 0)] {
        build.add_symbol(&format!(
            "0000000000000040 l     O .data..percpu\t{size:016x} alias_{name}"
        ));
    }
    let lines = |names: &str| {
        let line = |name| format!("0000000000000040 d alias_{name}\n");
        names.chars().map(line).collect::<String>()
    };
    // `absolute` is an absolute symbol. `sort-symbols` gives it the size 0.
    let absolute = "0000000000000040 A absolute\n";
    build.write("vmlinux1.syms", lines("fed") + absolute + &lines("cba"));
    sort_symbols(&build)
        .assert()
        .success()
        .stdout(lines("ecdaf") + absolute + &lines("b"));
}

#[test]
fn an_empty_list_needs_no_image() {
    let build = Build::of("gnu-objects");
    build.write("vmlinux1.syms", "");
    std::fs::remove_file(build.path("vmlinux1")).unwrap();
    sort_symbols(&build).assert().success().stdout("");
}

#[test]
fn lines_that_do_not_match_the_image_are_errors() {
    let build = Build::of("gnu-objects");
    let syms = lines(&build, true);
    let (first, _) = syms.split_once('\n').unwrap();
    for (line, problem) in [
        ("no line", "'no line' is no line of nm"),
        ("ffffffff81000000 t", "is no line of nm"),
        (
            "fffffffffffffff0 t beyond",
            "no symbol beyond at 0xfffffffffffffff0",
        ),
        (first, "no symbol"),
    ] {
        build.write("vmlinux1.syms", format!("{first}\n{line}\n"));
        sort_symbols(&build)
            .assert()
            .code(1)
            .stdout("")
            .stderr(contains("vmlinux1.syms:2: ").and(contains(problem)));
    }
}
