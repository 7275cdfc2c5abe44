// SPDX-License-Identifier: GPL-2.0

//! A section for each function, and more sections than most files have.

use std::fs;

use predicates::str::contains;

use super::{all_right, found, of, BUILT_IN, NO_LIBRARY};
use crate::command;
use crate::kernel::{Kernel, Label, Linker, Parts, Way};

/// A function and a constant of one name in each object, all in sections of their own: only the
/// order of the symbol table tells whose they are. The constant's section is named as merged ones
/// are, and is not.
const FUNCTION_SECTIONS: Parts = Parts {
    objects: &[
        of(
            "core/main",
            "core/main",
            concat!(
                ".file \"main.c\"\n",
                ".section .text.init_once, \"ax\"\n",
                ".type init_once, %function\ninit_once: .quad 1\n.size init_once, 8\n",
                ".section .text.start, \"ax\"\n.globl start\n",
                ".type start, %function\nstart: .quad 1\n.size start, 8\n",
                ".section .rodata.str_spec.3, \"a\"\n",
                ".type str_spec.3, %object\nstr_spec.3: .quad 7\n.size str_spec.3, 8\n",
                ".section .rodata.core_only, \"a\"\n",
                ".type core_only, %object\ncore_only: .quad 7\n.size core_only, 8\n",
            ),
        ),
        of(
            "a/main",
            "a/a",
            concat!(
                ".file \"main.c\"\n",
                ".section .text.init_once, \"ax\"\n",
                ".type init_once, %function\ninit_once: .quad 1\n.size init_once, 8\n",
                ".section .rodata.str_spec.3, \"a\"\n",
                ".type str_spec.3, %object\nstr_spec.3: .quad 7\n.size str_spec.3, 8\n",
                ".section .rodata.cst16.a_only, \"a\"\n",
                ".type a_only, %object\na_only: .quad 7\n.size a_only, 8\n",
            ),
        ),
    ],
    library: NO_LIBRARY,
    built_in: BUILT_IN,
    truth: &[
        ("init_once", &[&[], &["a"]]),
        ("str_spec.3", &[&[], &["a"]]),
        ("a_only", &[&["a"]]),
    ],
};

#[test]
fn function_and_data_sections() {
    all_right(&FUNCTION_SECTIONS, 3);
    let swap = |name: &str, _, truth: Label| -> Label {
        match (name, truth.is_empty()) {
            ("str_spec.3", true) => &["a"],
            ("str_spec.3", false) => &[],
            _ => truth,
        }
    };
    found(&FUNCTION_SECTIONS, swap)
        .stdout(contains("wrong, with a size: 1\n"))
        .stdout(contains("missing: 1\n"));
}

/// An object, and a vmlinux, that have more sections than fit in 16 bits. Only where its own section
/// is tells that the function of one name is not that of the other object.
const SECTIONS: Parts = Parts {
    objects: &[
        of(
            "core/main",
            "core/main",
            concat!(
                ".file \"main.c\"\n.section .text.work, \"ax\"\n",
                ".type init_once, %function\ninit_once: .quad 1\n.size init_once, 8\n",
                ".section .rodata.high, \"aM\", %progbits, 16\n",
                ".type SHUFFLE, %object\nSHUFFLE: .quad 4, 5\n.size SHUFFLE, 16\n",
            ),
        ),
        of("a/many", "a/a", include_str!("sections.S")),
    ],
    library: NO_LIBRARY,
    built_in: BUILT_IN,
    truth: &[
        ("anchor", &[&["a"]]),
        ("init_once", &[&[], &["a"]]),
        ("SHUFFLE", &[&[], &["a"]]),
    ],
};

#[test]
fn more_sections_than_fit_in_16_bits() {
    for linker in [Some(Linker::Gnu), Linker::lld()].into_iter().flatten() {
        let kernel = Kernel::of(&SECTIONS, linker, Way::Objects, |_, _, truth| truth);
        let file = fs::read(kernel.path().join("vmlinux")).unwrap();
        assert_eq!(
            file[60..62],
            [0, 0],
            "the header has the number of sections"
        );
        let assert = command(&kernel).assert().success();
        assert
            .stdout(contains(
                "symbols of modules: 3, shown with their modules: 3 ",
            ))
            .stdout(contains("unclear: 0\n"));
    }
}
