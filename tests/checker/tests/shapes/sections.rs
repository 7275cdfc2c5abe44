// SPDX-License-Identifier: GPL-2.0

//! Tests a section for each function, and files with more than 65,535 sections.

use std::fs;

use predicates::str::contains;

use super::{assert_all_shown, assert_fault, BUILT_IN, UNUSED_LIBRARY};
use crate::command;
use crate::kernel::{object, Kernel, Link, Linker, Modules, Parts};

/// Both objects define a function `init_once` and a constant `str_spec.3`, each in a section of its own.
/// Only the order of the symbol table shows the object of each symbol. The section `.rodata.cst16.a_only` has
/// the name of a merged section, but not the flag.
const FUNCTION_SECTIONS: Parts = Parts {
    objects: &[
        object(
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
        object(
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
    library: UNUSED_LIBRARY,
    built_in: BUILT_IN,
    truth: &[
        ("init_once", &[&[], &["a"]]),
        ("str_spec.3", &[&[], &["a"]]),
        ("a_only", &[&["a"]]),
    ],
};

#[test]
fn equal_names_in_function_and_data_sections() {
    assert_all_shown(&FUNCTION_SECTIONS, 3);
    let swap = |name: &str, _, truth: Modules| -> Modules {
        match (name, truth.is_empty()) {
            ("str_spec.3", true) => &["a"],
            ("str_spec.3", false) => &[],
            _ => truth,
        }
    };
    assert_fault(&FUNCTION_SECTIONS, swap)
        .stdout(contains("wrong, with a size: 1\n"))
        .stdout(contains("missing: 1\n"));
}

/// An object and a vmlinux with more sections than a 16-bit index can count. Both objects define `init_once`.
/// Only the address of the section shows the object of each symbol.
const SECTIONS: Parts = Parts {
    objects: &[
        object(
            "core/main",
            "core/main",
            concat!(
                ".file \"main.c\"\n.section .text.work, \"ax\"\n",
                ".type init_once, %function\ninit_once: .quad 1\n.size init_once, 8\n",
                ".section .rodata.high, \"aM\", %progbits, 16\n",
                ".type SHUFFLE, %object\nSHUFFLE: .quad 4, 5\n.size SHUFFLE, 16\n",
            ),
        ),
        object("a/many", "a/a", include_str!("sections.S")),
    ],
    library: UNUSED_LIBRARY,
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
        let kernel = Kernel::of(&SECTIONS, linker, Link::Archives, |_, _, truth| truth);
        let file = fs::read(kernel.path().join("vmlinux")).unwrap();
        assert_eq!(
            file[60..62],
            [0, 0],
            "the number of sections fits in the ELF header"
        );
        let assert = command(&kernel).assert().success();
        assert
            .stdout(contains(
                "symbols of modules: 3, shown with their modules: 3 ",
            ))
            .stdout(contains("unclear: 0\n"));
    }
}
