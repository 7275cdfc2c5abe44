// SPDX-License-Identifier: GPL-2.0

//! Tests objects that no compiler made, modules with equal names, and the build's list of unattributed symbols.

use assert_cmd::assert::Assert;
use predicates::str::contains;

use super::{assert_all_shown, assert_fault, BUILT_IN, UNUSED_LIBRARY};
use crate::command;
use crate::kernel::{object, Kernel, Link, Linker, Modules, ObjectFile, Parts, SavedCommand};

/// Objects that no compiler made. An output of objcopy has the modules of the input objects. The modules of a
/// prebuilt object and of a binary file are unknown, so the checker expects no module.
const NOT_COMPILED: Parts = Parts {
    objects: &[
        object(
            "a/code",
            "a/a",
            ".globl code\n.section .text.code, \"ax\"\ncode: .quad 1\n",
        ),
        ObjectFile {
            path: "a/renamed",
            command: SavedCommand::Other("objcopy --prefix-symbols=__pi_ a/code.o a/renamed.o"),
            source: ".globl __pi_code\n.section .text.code, \"ax\"\n__pi_code: .quad 1\n",
        },
        ObjectFile {
            path: "a/shipped",
            command: SavedCommand::Missing,
            source: ".globl shipped\n.section .text.s, \"ax\"\nshipped: .quad 1\n",
        },
        ObjectFile {
            path: "a/copied",
            command: SavedCommand::Other("cat a/copied.o_shipped > a/copied.o"),
            source: ".globl copied\n.section .text.s, \"ax\"\ncopied: .quad 1\n",
        },
        ObjectFile {
            path: "a/blob",
            command: SavedCommand::Other("ld -r --format=binary -o a/blob.o a/blob.bin"),
            source: ".data\n.globl _binary_start\n_binary_start: .byte 1\n\
                     .globl _binary_size\n_binary_size = 1\n",
        },
    ],
    library: UNUSED_LIBRARY,
    built_in: BUILT_IN,
    truth: &[("code", &[&["a"]]), ("__pi_code", &[&["a"]])],
};

#[test]
fn objects_that_no_compiler_made() {
    assert_all_shown(&NOT_COMPILED, 2);
    let shipped = |name: &str, _, truth: Modules| -> Modules {
        match name {
            "shipped" => &["a"],
            _ => truth,
        }
    };
    assert_fault(&NOT_COMPILED, shipped)
        .stdout(contains("of modules: 2, without a known module file: 3\n"))
        .stdout(contains("objects with unknown modules: 3\n"))
        .stdout(contains(
            "modules unknown: a/shipped.o: kbuild recorded no command for it\n",
        ))
        .stdout(contains("T shipped: shown [a], expected no module"));
}

/// An object of two modules with the same name, in different directories.
const NAMESAKES: Parts = Parts {
    objects: &[object(
        "a/both",
        "a/foo b/foo",
        ".globl both\n.section .text.both, \"ax\"\nboth: .quad 1\n",
    )],
    library: UNUSED_LIBRARY,
    built_in: "kernel/a/foo.ko\nkernel/b/foo.ko\n",
    truth: &[("both", &[&["foo"]])],
};

#[test]
fn two_modules_with_one_name_are_shown_once() {
    assert_all_shown(&NAMESAKES, 1);
    let twice = |name: &str, _, truth: Modules| -> Modules {
        match name {
            "both" => &["foo", "foo"],
            _ => truth,
        }
    };
    assert_fault(&NAMESAKES, twice).stdout(contains("T both: shown [foo] [foo], expected [foo]"));
}

#[test]
fn unattributed_list_of_the_build_fails_the_check() {
    let kernel = Kernel::build(Linker::Gnu, Link::Archives, |_, truth| truth);
    let lines: Vec<String> = (0..12)
        .map(|number| format!("symbol ffffffff8100000{number:x} x{number}: no reason\n"))
        .collect();
    kernel.write(".tmp_vmlinux.unattributed", &lines.concat());
    let says = |assert: Assert| {
        assert
            .stdout(contains("not attributed by the build: 12\n"))
            .stdout(contains(
                "not attributed: symbol ffffffff81000000 x0: no reason\n",
            ))
            .stdout(contains("and 2 more, in .tmp_vmlinux.unattributed\n"));
    };
    says(command(&kernel).assert().code(1));
    says(command(&kernel).arg("--unattributed").assert().success());
    kernel.write(".tmp_vmlinux.unattributed", "");
    command(&kernel)
        .assert()
        .success()
        .stdout(contains("not attributed by the build: 0\n"));
}
