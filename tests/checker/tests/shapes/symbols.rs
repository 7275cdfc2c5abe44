// SPDX-License-Identifier: GPL-2.0

//! Tests symbols with equal names: hidden, merged, common and weak symbols.

use predicates::str::contains;

use super::{assert_all_shown, assert_fault, with_each_linker, BUILT_IN, UNUSED_LIBRARY};
use crate::command;
use crate::kernel::{object, Kernel, Link, Linker, Modules, Parts};

/// A static function and a hidden function with the same name and size, each in a section of its own. LLD makes
/// the hidden function local. GNU ld does so for a position-independent kernel.
const HIDDEN: Parts = Parts {
    objects: &[
        object(
            "a/hidden",
            "a/a",
            concat!(
                ".file \"hidden.c\"\n.section .text.work, \"ax\"\n",
                ".globl work\n.hidden work\n",
                ".type work, %function\nwork: .quad 1\n.size work, 8\n",
            ),
        ),
        object(
            "b/static",
            "b/b-mod",
            concat!(
                ".file \"static.c\"\n.section .text.work, \"ax\"\n",
                ".type work, %function\nwork: .quad 1\n.size work, 8\n",
            ),
        ),
    ],
    library: UNUSED_LIBRARY,
    built_in: BUILT_IN,
    truth: &[("work", &[&["a"], &["b_mod"]])],
};

#[test]
fn hidden_and_static_function_with_one_name() {
    assert_all_shown(&HIDDEN, 2);
    let swap = |_: &str, _, truth: Modules| -> Modules {
        match truth {
            ["a"] => &["b_mod"],
            ["b_mod"] => &["a"],
            _ => truth,
        }
    };
    with_each_linker(&HIDDEN, swap, |assert| {
        assert.code(1).stdout(contains("wrong, with a size: 2\n"));
    });
}

/// A local and a global constant with the same name and size, which the linker merges.
const MERGED: Parts = Parts {
    objects: &[
        object(
            "a/local",
            "a/a",
            concat!(
                ".file \"local.c\"\n.section .rodata.cst16, \"aM\", %progbits, 16\n",
                ".type MASK, %object\nMASK: .quad 1, 2\n.size MASK, 16\n",
            ),
        ),
        object(
            "b/global",
            "b/b-mod",
            concat!(
                ".file \"global.c\"\n.section .rodata.cst16, \"aM\", %progbits, 16\n",
                ".globl MASK\n.type MASK, %object\nMASK: .quad 1, 2\n.size MASK, 16\n",
            ),
        ),
    ],
    library: UNUSED_LIBRARY,
    built_in: BUILT_IN,
    truth: &[("MASK", &[&["a"], &["b_mod"]])],
};

#[test]
fn local_and_global_constant_merged() {
    assert_all_shown(&MERGED, 2);
    let swap = |name: &str, kind, truth: Modules| -> Modules {
        match (name, kind) {
            ("MASK", 't') => &["b_mod"],
            ("MASK", 'T') => &["a"],
            _ => truth,
        }
    };
    assert_fault(&MERGED, swap)
        .stdout(contains(
            "t MASK: shown [b_mod], expected [a]: defined by a/local.o",
        ))
        .stdout(contains(
            "T MASK: shown [a], expected [b_mod]: defined by b/global.o",
        ));
}

/// Common symbols. The linker takes the largest common symbol of a name, and the first of equal size. A
/// definition in a section wins over all common symbols.
const COMMON: Parts = Parts {
    objects: &[
        object(
            "a/one",
            "a/a",
            ".comm sized, 8\n.comm equal, 8\n.comm defined, 64\n",
        ),
        object(
            "b/two",
            "b/b-mod",
            concat!(
                ".comm sized, 16\n.comm equal, 8\n",
                ".data\n.globl defined\n.type defined, %object\n",
                "defined: .quad 1\n.size defined, 8\n",
            ),
        ),
    ],
    library: UNUSED_LIBRARY,
    built_in: BUILT_IN,
    truth: &[
        ("sized", &[&["b_mod"]]),
        ("equal", &[&["a"]]),
        ("defined", &[&["b_mod"]]),
    ],
};

#[test]
fn common_symbols() {
    assert_all_shown(&COMMON, 3);
    let all_of_a = |_: &str, _, truth: Modules| if truth.is_empty() { truth } else { &["a"] };
    assert_fault(&COMMON, all_of_a)
        .stdout(contains("T sized: shown [a], expected [b_mod]"))
        .stdout(contains("T defined: shown [a], expected [b_mod]"))
        .stdout(contains("wrong, with a size: 2\n"));
}

/// A weak function that no global definition replaces. A library object defines the function as global, but the
/// linker does not take that object.
const WEAK: Parts = Parts {
    objects: &[object(
        "a/weak",
        "a/a",
        ".section .text.hook, \"ax\"\n.weak hook\n.type hook, %function\n\
         hook: .quad 1\n.size hook, 8\n",
    )],
    library: &[object(
        "lib/unused",
        "lib/unused",
        ".globl hook\n.type hook, %function\nhook: .quad 1\n.size hook, 8\n",
    )],
    built_in: BUILT_IN,
    truth: &[("hook", &[&["a"]])],
};

#[test]
fn weak_function_without_a_linked_replacement() {
    assert_all_shown(&WEAK, 1);
}

/// Two equal objects of one module, and a symbol that objtool made for the `init_once` of one of them.
const TWINS: Parts = Parts {
    objects: &[
        object(
            "a/one",
            "a/a",
            concat!(
                ".file \"twin.c\"\n.section .text.once, \"ax\"\n",
                ".type init_once, %function\ninit_once: .quad 1\n.size init_once, 8\n"
            ),
        ),
        object(
            "a/two",
            "a/a",
            concat!(
                ".file \"twin.c\"\n.section .text.once, \"ax\"\n",
                ".type init_once, %function\ninit_once: .quad 1\n.size init_once, 8\n"
            ),
        ),
    ],
    library: UNUSED_LIBRARY,
    built_in: BUILT_IN,
    truth: &[
        ("init_once", &[&["a"], &["a"]]),
        ("__pfx_init_once", &[&["a"]]),
    ],
};

#[test]
fn objtool_prefix_of_one_of_two_equal_functions() {
    assert_all_shown(&TWINS, 3);
}

/// The kernel may show a symbol in no module if nothing distinguishes the objects of two modules. The checker
/// then reports the symbol as missing, not as wrong.
#[test]
fn equal_objects_of_two_modules_are_unclear() {
    const PARTS: Parts = Parts {
        objects: &[
            object(
                "a/one",
                "a/a",
                ".file \"twin.c\"\n.section .rodata.once, \"a\"\nonce: .quad 1\n",
            ),
            object(
                "b/two",
                "b/b-mod",
                ".file \"twin.c\"\n.section .rodata.once, \"a\"\nonce: .quad 1\n",
            ),
        ],
        library: UNUSED_LIBRARY,
        built_in: BUILT_IN,
        truth: &[("once", &[&["a"], &["b_mod"]])],
    };
    let truth = |_: &str, _, truth| truth;
    with_each_linker(&PARTS, truth, |assert| {
        assert.success().stdout(contains("unclear: 2\n"));
    });
    assert_fault(&PARTS, |_, _, _| &[])
        .stdout(contains(
            "symbols of modules: 2, shown with their modules: 0",
        ))
        .stdout(contains("missing: 2\n"));
}

/// A function of a module. The linker script assigns to its symbol, and LLD then gives the symbol the size 0.
const ASSIGNED: Parts = Parts {
    objects: &[object(
        "a/assigned",
        "a/a",
        concat!(
            ".file \"assigned.c\"\n.section .text.assigned, \"ax\"\n.globl assigned, a_work\n",
            ".type a_work, %function\na_work: .quad 1\n.size a_work, 8\n",
            ".type assigned, %function\nassigned: .quad 2\n.size assigned, 8\n",
        ),
    )],
    library: UNUSED_LIBRARY,
    built_in: BUILT_IN,
    truth: &[("a_work", &[&["a"]]), ("assigned", &[&[]])],
};

#[test]
fn a_symbol_that_the_linker_script_assigns_to() {
    let Some(lld) = Linker::lld() else { return };
    for link in [Link::Archives, Link::VmlinuxObject, Link::Relocatable] {
        let kernel = Kernel::of(&ASSIGNED, lld, link, |_, _, truth| truth);
        let assert = command(&kernel).assert().success();
        assert.stdout(contains(
            "symbols of modules: 1, shown with their modules: 1 (100.000 %)",
        ));
    }
}
