// SPDX-License-Identifier: GPL-2.0

//! Objects that no compiler made, modules of equal names, and the build's list of unattributed symbols.

use assert_cmd::assert::Assert;
use predicates::str::contains;

use super::{all_right, found, of, BUILT_IN, NO_LIBRARY};
use crate::command;
use crate::kernel::{Kernel, Label, Linker, Made, ObjectFile, Parts, Way};

/// Objects that are not from a compiler. What objcopy and `ld -r` make is of the objects that they
/// had; of prebuilt ones and of files as they are, nothing tells.
const NOT_COMPILED: Parts = Parts {
    objects: &[
        of(
            "a/code",
            "a/a",
            ".globl code\n.section .text.code, \"ax\"\ncode: .quad 1\n",
        ),
        ObjectFile {
            path: "a/renamed",
            made: Made::By("objcopy --prefix-symbols=__pi_ a/code.o a/renamed.o"),
            source: ".globl __pi_code\n.section .text.code, \"ax\"\n__pi_code: .quad 1\n",
        },
        ObjectFile {
            path: "a/shipped",
            made: Made::Unsaid,
            source: ".globl shipped\n.section .text.s, \"ax\"\nshipped: .quad 1\n",
        },
        ObjectFile {
            path: "a/copied",
            made: Made::By("cat a/copied.o_shipped > a/copied.o"),
            source: ".globl copied\n.section .text.s, \"ax\"\ncopied: .quad 1\n",
        },
        ObjectFile {
            path: "a/blob",
            made: Made::By("ld -r --format=binary -o a/blob.o a/blob.bin"),
            source: ".data\n.globl _binary_start\n_binary_start: .byte 1\n\
                     .globl _binary_size\n_binary_size = 1\n",
        },
    ],
    library: NO_LIBRARY,
    built_in: BUILT_IN,
    truth: &[("code", &[&["a"]]), ("__pi_code", &[&["a"]])],
};

#[test]
fn objects_that_are_not_compiled() {
    all_right(&NOT_COMPILED, 2);
    let shipped = |name: &str, _, truth: Label| -> Label {
        match name {
            "shipped" => &["a"],
            _ => truth,
        }
    };
    found(&NOT_COMPILED, shipped)
        .stdout(contains(
            "of modules: 2, whose command names no module file: 3\n",
        ))
        .stdout(contains("objects with unknown modules: 3\n"))
        .stdout(contains(
            "in no module: a/shipped.o: kbuild recorded no command for it\n",
        ))
        .stdout(contains("T shipped: shown [a], expected no module"));
}

/// An object of two modules whose files have one name.
const NAMESAKES: Parts = Parts {
    objects: &[of(
        "a/both",
        "a/foo b/foo",
        ".globl both\n.section .text.both, \"ax\"\nboth: .quad 1\n",
    )],
    library: NO_LIBRARY,
    built_in: "kernel/a/foo.ko\nkernel/b/foo.ko\n",
    truth: &[("both", &[&["foo"]])],
};

#[test]
fn modules_of_one_name_are_shown_once() {
    all_right(&NAMESAKES, 1);
    let twice = |name: &str, _, truth: Label| -> Label {
        match name {
            "both" => &["foo", "foo"],
            _ => truth,
        }
    };
    found(&NAMESAKES, twice).stdout(contains("T both: shown [foo] [foo], expected [foo]"));
}

#[test]
fn the_build_says_what_it_did_not_attribute() {
    let kernel = Kernel::build(Linker::Gnu, Way::Objects, |_, truth| truth);
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
