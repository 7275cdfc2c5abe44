// SPDX-License-Identifier: GPL-2.0

//! Runs the checker on a small kernel with right tables, and on kernels with wrong tables.
//!
//! The tests need `as`, `ar` and `ld`, like any build of a kernel. They also link with LLD if LLD is
//! installed.

mod kernel;
mod shapes;

use assert_cmd::Command;
use kernel::{Kernel, Link, Linker, Modules};
use predicates::str::{contains, is_match};

/// Runs the checker on a kernel that shows each symbol in the modules `shown(name, expected modules)`.
fn check(shown: impl Fn(&str, Modules) -> Modules) -> assert_cmd::assert::Assert {
    let kernel = Kernel::build(Linker::Gnu, Link::Archives, shown);
    command(&kernel).assert()
}

fn command(kernel: &Kernel) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
    command.env_clear().arg("-O").arg(kernel.path());
    command
}

fn right(_: &str, truth: Modules) -> Modules {
    truth
}

const ALL_RIGHT: &str = "symbols of modules: 11, shown with their modules: 11 (100.000 %)";

#[test]
fn right_tables_pass() {
    // LLD writes no file mark for an object that the assembler made without `.file`.
    let linkers = [Some(Linker::Gnu), Linker::lld()];
    for linker in linkers.into_iter().flatten() {
        for link in [Link::Archives, Link::VmlinuxObject] {
            command(&Kernel::build(linker, link, right))
                .assert()
                .success()
                .stdout(contains(ALL_RIGHT))
                .stdout(contains("of an unclear object, but of clear modules: 2\n"))
                .stdout(contains("unclear: 0\n"));
        }
    }
}

#[test]
fn ranges_option_replaces_the_tables() {
    let kernel = Kernel::build(Linker::Gnu, Link::Archives, right);
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
fn function_shown_in_a_wrong_module() {
    check(|name, truth| if name == "a_open" { &["b_mod"] } else { truth })
        .code(1)
        .stdout(contains("wrong, with a size: 1\n"))
        .stdout(is_match(
            r"wrong: [0-9a-f]{16} 8 T a_open: shown \[b_mod\], expected \[a\]: defined by a/main.o",
        ).unwrap());
}

#[test]
fn modules_of_two_static_functions_with_one_name_swapped() {
    let exchange: fn(&str, Modules) -> Modules = |name, truth| match (name, truth) {
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
fn symbol_of_two_modules_shown_in_one() {
    check(|name, truth| if name == "shared_work" { &["a"] } else { truth })
        .code(1)
        .stdout(contains("T shared_work: shown [a], expected [a] [b_mod]"));
}

#[test]
fn symbols_without_a_size() {
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
fn objtool_prefix_has_the_modules_of_its_function() {
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
fn min_recall_allows_missing_modules() {
    let kernel = Kernel::build(Linker::Gnu, Link::Archives, |name, truth| {
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
fn wrong_table_entry_in_vmlinux() {
    let kernel = Kernel::build(Linker::Gnu, Link::Archives, right);
    kernel.change_entry("kallsyms_modules");
    command(&kernel)
        .assert()
        .code(1)
        .stdout(contains("wrong: "));
}

#[test]
fn missing_inputs_give_exit_code_2() {
    let kernel = Kernel::build(Linker::Gnu, Link::Archives, right);
    let fails = |message: &'static str| {
        command(&kernel).assert().code(2).stderr(contains(message));
    };
    kernel.remove("modules.builtin");
    fails("modules.builtin: kbuild leaves it with vmlinux.o");
    kernel.remove("vmlinux");
    fails("there is no vmlinux");
}
