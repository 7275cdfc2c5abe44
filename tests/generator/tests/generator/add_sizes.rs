// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms add-sizes`: the lines that nm printed, each with the size of its symbol.

use crate::build::{Build, LINKS};
use assert_cmd::Command;
use predicates::{prelude::PredicateBooleanExt, str::contains};

pub(crate) fn add_sizes(build: &Build) -> Command {
    let mut command = build.command();
    command.args(["add-sizes", "vmlinux1", "vmlinux1.syms"]);
    command
}

/// What nm would print of the image, and what is expected of it.
pub(crate) fn lines(build: &Build) -> (String, String) {
    let listed = build.listed();
    let line = |address: u64, name: &str| format!("{address:016x} t {name}");
    let syms = listed
        .iter()
        .map(|symbol| line(symbol.address, &symbol.name) + "\n");
    let sized = listed.iter().map(|symbol| {
        let line = line(symbol.address, &symbol.name);
        format!("{line}\t{:x}\n", symbol.size)
    });
    (syms.collect(), sized.collect())
}

#[test]
fn each_line_gets_its_size() {
    for link in LINKS {
        let build = Build::of(link);
        let (syms, sized) = lines(&build);
        assert!(sized.contains("\t0\n") && sized.contains("\t1"), "{sized}");
        build.write("vmlinux1.syms", syms);
        add_sizes(&build).assert().success().stdout(sized);
    }
}

#[test]
fn absolute_symbols_have_none() {
    let build = Build::of("gnu-objects");
    let (syms, sized) = lines(&build);
    let absolute = "0000000001000000 A phys_startup_64\n";
    build.write("vmlinux1.syms", absolute.to_owned() + &syms);
    add_sizes(&build)
        .assert()
        .success()
        .stdout(absolute.to_owned() + &sized);
}

#[test]
fn of_one_name_at_one_address_the_larger_comes_first_and_size_0_before() {
    let build = Build::of("gnu-objects");
    for size in [8, 0, 16] {
        build.add_symbol(&format!(
            "0000000000000040 l     O .data..percpu\t{size:016x} twin"
        ));
    }
    build.write("vmlinux1.syms", "0000000000000040 d twin\n".repeat(3));
    let expected = ["0", "10", "8"].map(|size| format!("0000000000000040 d twin\t{size}\n"));
    add_sizes(&build)
        .assert()
        .success()
        .stdout(expected.concat());
}

#[test]
fn the_first_pass_has_no_symbols() {
    let build = Build::of("gnu-objects");
    build.write("vmlinux1.syms", "");
    std::fs::remove_file(build.path("vmlinux1")).unwrap();
    add_sizes(&build).assert().success().stdout("");
}

#[test]
fn what_is_not_of_this_image_ends_the_link() {
    let build = Build::of("gnu-objects");
    let (syms, _) = lines(&build);
    let (first, _) = syms.split_once('\n').unwrap();
    for (line, problem) in [
        ("no line", "'no line' is no line of nm"),
        ("ffffffff81000000 t", "is no line of nm"),
        ("fffffffffffffff0 t beyond", "no symbol beyond"),
        (first, "no symbol"),
    ] {
        build.write("vmlinux1.syms", format!("{first}\n{line}\n"));
        add_sizes(&build)
            .assert()
            .code(1)
            .stdout("")
            .stderr(contains("vmlinux1.syms:2: ").and(contains(problem)));
    }
}
