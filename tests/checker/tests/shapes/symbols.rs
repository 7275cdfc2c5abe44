// SPDX-License-Identifier: GPL-2.0

//! Symbols of equal names: hidden, merged, common and weak symbols.

use predicates::str::contains;

use super::{all_right, found, in_all_ways, of, BUILT_IN, NO_LIBRARY};
use crate::kernel::{Label, Parts};

/// A static function and a hidden one of one name and size, each in a section of its own. LLD, and
/// GNU ld for a kernel that can run anywhere, make the hidden one local.
const HIDDEN: Parts = Parts {
    objects: &[
        of(
            "a/hidden",
            "a/a",
            concat!(
                ".file \"hidden.c\"\n.section .text.work, \"ax\"\n",
                ".globl work\n.hidden work\n",
                ".type work, %function\nwork: .quad 1\n.size work, 8\n",
            ),
        ),
        of(
            "b/static",
            "b/b-mod",
            concat!(
                ".file \"static.c\"\n.section .text.work, \"ax\"\n",
                ".type work, %function\nwork: .quad 1\n.size work, 8\n",
            ),
        ),
    ],
    library: NO_LIBRARY,
    built_in: BUILT_IN,
    truth: &[("work", &[&["a"], &["b_mod"]])],
};

#[test]
fn hidden_and_local_of_one_name() {
    all_right(&HIDDEN, 2);
    let swap = |_: &str, _, truth: Label| -> Label {
        match truth {
            ["a"] => &["b_mod"],
            ["b_mod"] => &["a"],
            _ => truth,
        }
    };
    in_all_ways(&HIDDEN, swap, |assert| {
        assert.code(1).stdout(contains("wrong, with a size: 2\n"));
    });
}

/// A local and a global constant of one name and size that the linker merges.
const MERGED: Parts = Parts {
    objects: &[
        of(
            "a/local",
            "a/a",
            concat!(
                ".file \"local.c\"\n.section .rodata.cst16, \"aM\", %progbits, 16\n",
                ".type MASK, %object\nMASK: .quad 1, 2\n.size MASK, 16\n",
            ),
        ),
        of(
            "b/global",
            "b/b-mod",
            concat!(
                ".file \"global.c\"\n.section .rodata.cst16, \"aM\", %progbits, 16\n",
                ".globl MASK\n.type MASK, %object\nMASK: .quad 1, 2\n.size MASK, 16\n",
            ),
        ),
    ],
    library: NO_LIBRARY,
    built_in: BUILT_IN,
    truth: &[("MASK", &[&["a"], &["b_mod"]])],
};

#[test]
fn local_and_global_merged_into_one() {
    all_right(&MERGED, 2);
    let swap = |name: &str, kind, truth: Label| -> Label {
        match (name, kind) {
            ("MASK", 't') => &["b_mod"],
            ("MASK", 'T') => &["a"],
            _ => truth,
        }
    };
    found(&MERGED, swap)
        .stdout(contains(
            "t MASK: shown [b_mod], expected [a]: defined by a/local.o",
        ))
        .stdout(contains(
            "T MASK: shown [a], expected [b_mod]: defined by b/global.o",
        ));
}

/// Common symbols: the largest is the one, then the first; a definition in a section goes before all.
const COMMON: Parts = Parts {
    objects: &[
        of(
            "a/one",
            "a/a",
            ".comm sized, 8\n.comm equal, 8\n.comm defined, 64\n",
        ),
        of(
            "b/two",
            "b/b-mod",
            concat!(
                ".comm sized, 16\n.comm equal, 8\n",
                ".data\n.globl defined\n.type defined, %object\n",
                "defined: .quad 1\n.size defined, 8\n",
            ),
        ),
    ],
    library: NO_LIBRARY,
    built_in: BUILT_IN,
    truth: &[
        ("sized", &[&["b_mod"]]),
        ("equal", &[&["a"]]),
        ("defined", &[&["b_mod"]]),
    ],
};

#[test]
fn common_symbols() {
    all_right(&COMMON, 3);
    let all_of_a = |_: &str, _, truth: Label| if truth.is_empty() { truth } else { &["a"] };
    found(&COMMON, all_of_a)
        .stdout(contains("T sized: shown [a], expected [b_mod]"))
        .stdout(contains("T defined: shown [a], expected [b_mod]"))
        .stdout(contains("wrong, with a size: 2\n"));
}

/// A weak function that is not replaced: an object in a library that defines it as global is not
/// linked.
const WEAK: Parts = Parts {
    objects: &[of(
        "a/weak",
        "a/a",
        ".section .text.hook, \"ax\"\n.weak hook\n.type hook, %function\n\
         hook: .quad 1\n.size hook, 8\n",
    )],
    library: &[of(
        "lib/unused",
        "lib/unused",
        ".globl hook\n.type hook, %function\nhook: .quad 1\n.size hook, 8\n",
    )],
    built_in: BUILT_IN,
    truth: &[("hook", &[&["a"]])],
};

#[test]
fn weak_and_not_replaced() {
    all_right(&WEAK, 1);
}

/// Two objects that nothing tells apart, and what objtool puts before a function of each.
const TWINS: Parts = Parts {
    objects: &[
        of(
            "a/one",
            "a/a",
            concat!(
                ".file \"twin.c\"\n.section .text.once, \"ax\"\n",
                ".type init_once, %function\ninit_once: .quad 1\n.size init_once, 8\n"
            ),
        ),
        of(
            "a/two",
            "a/a",
            concat!(
                ".file \"twin.c\"\n.section .text.once, \"ax\"\n",
                ".type init_once, %function\ninit_once: .quad 1\n.size init_once, 8\n"
            ),
        ),
    ],
    library: NO_LIBRARY,
    built_in: BUILT_IN,
    truth: &[
        ("init_once", &[&["a"], &["a"]]),
        ("__pfx_init_once", &[&["a"]]),
    ],
};

#[test]
fn what_is_made_for_one_of_two_equal_functions() {
    all_right(&TWINS, 3);
}

/// What nothing tells, the kernel may show in no module: that is missing, not wrong.
#[test]
fn one_of_two_modules_cannot_be_told() {
    const PARTS: Parts = Parts {
        objects: &[
            of(
                "a/one",
                "a/a",
                ".file \"twin.c\"\n.section .rodata.once, \"a\"\nonce: .quad 1\n",
            ),
            of(
                "b/two",
                "b/b-mod",
                ".file \"twin.c\"\n.section .rodata.once, \"a\"\nonce: .quad 1\n",
            ),
        ],
        library: NO_LIBRARY,
        built_in: BUILT_IN,
        truth: &[("once", &[&["a"], &["b_mod"]])],
    };
    let truth = |_: &str, _, truth| truth;
    in_all_ways(&PARTS, truth, |assert| {
        assert.success().stdout(contains("unclear: 2\n"));
    });
    found(&PARTS, |_, _, _| &[])
        .stdout(contains(
            "symbols of modules: 2, shown with their modules: 0",
        ))
        .stdout(contains("missing: 2\n"));
}
