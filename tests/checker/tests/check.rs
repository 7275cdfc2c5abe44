// SPDX-License-Identifier: GPL-2.0

//! The checker on a small kernel of every installed linker, with right tables and with wrong
//! tables. Needs `as`, `ar` and `ld`, like any build of a kernel; uses LLD if it is installed.

mod kernel;
mod shapes;

use assert_cmd::Command;
use kernel::{Kernel, Label, Linker, Way};
use predicates::str::{contains, is_match};

/// Runs the checker on a kernel that shows for each symbol what `label` makes of the truth.
fn check(label: impl Fn(&str, Label) -> Label) -> assert_cmd::assert::Assert {
    let kernel = Kernel::build(Linker::Gnu, Way::Objects, label);
    command(&kernel).assert()
}

fn command(kernel: &Kernel) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
    command.env_clear().arg("-O").arg(kernel.path());
    command
}

fn right(_: &str, truth: Label) -> Label {
    truth
}

const ALL_RIGHT: &str = "symbols of modules: 11, shown with their modules: 11 (100.000 %)";

#[test]
fn nothing_wrong() {
    // LLD writes no mark for an object of assembler.
    let linkers = [Some(Linker::Gnu), Linker::lld()];
    for linker in linkers.into_iter().flatten() {
        for way in [Way::Objects, Way::Whole] {
            command(&Kernel::build(linker, way, right))
                .assert()
                .success()
                .stdout(contains(ALL_RIGHT))
                .stdout(contains("of one of several equal objects: 2\n"))
                .stdout(contains("unclear: 0\n"));
        }
    }
}

#[test]
fn a_file_of_ranges_stands_in_for_the_tables() {
    let kernel = Kernel::build(Linker::Gnu, Way::Objects, right);
    let ranges = kernel.path().join("ranges");
    std::fs::write(&ranges, "").unwrap();
    let mut command = command(&kernel);
    command
        .arg("--ranges")
        .arg(ranges)
        .assert()
        .code(1)
        .stdout(contains(
            "symbols of modules: 11, shown with their modules: 0 (0.000 %)",
        ));
}

#[test]
fn function_in_another_module() {
    check(|name, truth| if name == "a_open" { &["b_mod"] } else { truth })
        .code(1)
        .stdout(contains("wrong, with a size: 1\n"))
        .stdout(is_match(
            r"wrong: [0-9a-f]{16} 8 T a_open: shown \[b_mod\], expected \[a\]: defined by a/main.o",
        ).unwrap());
}

#[test]
fn static_functions_of_one_name_exchanged() {
    let exchange: fn(&str, Label) -> Label = |name, truth| match (name, truth) {
        ("init_once", []) => &["a"],
        ("init_once", _) => &[],
        _ => truth,
    };
    check(exchange)
        .code(1)
        .stdout(contains(
            "t init_once: shown [a], expected no module: defined by core/main.o",
        ))
        .stdout(contains(
            "t init_once: shown no module, expected [a]: defined by a/main.o",
        ));
}

#[test]
fn one_of_two_modules_is_not_enough() {
    check(|name, truth| if name == "shared_work" { &["a"] } else { truth })
        .code(1)
        .stdout(contains("T shared_work: shown [a], expected [a] [b_mod]"));
}

#[test]
fn seams_and_markers() {
    check(|name, truth| match name {
        "a_end" => &[],
        "section_end" => &["a"],
        _ => truth,
    })
    .code(1)
    .stdout(contains("wrong, without a size: 1\n"))
    .stdout(contains(
        "section_end: shown [a], expected no module: no object defines it",
    ))
    .stdout(contains("missing: 1\n"))
    .stdout(contains("t a_end: shown no module, expected [a]"));
}

#[test]
fn objtool_prefix_is_where_its_function_is() {
    check(|name, truth| {
        if name == "__pfx_init_once" {
            &["b_mod"]
        } else {
            truth
        }
    })
    .code(1)
    .stdout(contains(
        "__pfx_init_once: shown [b_mod], expected [a]: objtool made it for a function of a/main.o",
    ));
}

#[test]
fn missing_may_be_allowed() {
    let kernel = Kernel::build(Linker::Gnu, Way::Objects, |name, truth| {
        if name == "a_open" {
            &[]
        } else {
            truth
        }
    });
    command(&kernel).assert().code(1);
    command(&kernel)
        .args(["--min-recall", "90"])
        .assert()
        .success()
        .stdout(contains("missing: 1\n"));
}

#[test]
fn entry_flipped_in_vmlinux() {
    let kernel = Kernel::build(Linker::Gnu, Way::Objects, right);
    kernel.flip("kallsyms_modules");
    command(&kernel)
        .assert()
        .code(1)
        .stdout(contains("wrong: "));
}

#[test]
fn what_cannot_be_checked() {
    let kernel = Kernel::build(Linker::Gnu, Way::Objects, right);
    let fails = |message: &'static str| {
        command(&kernel).assert().code(2).stderr(contains(message));
    };
    kernel.remove("modules.builtin");
    fails("modules.builtin: kbuild leaves it with vmlinux.o");
    kernel.remove("vmlinux");
    fails("there is no vmlinux");
}
