// SPDX-License-Identifier: GPL-2.0

//! Tests the checker on unusual object files. Each [`Parts`] has the objects of a kernel and the
//! expected modules of its symbols.

mod objects;
mod sections;
mod symbols;

use assert_cmd::assert::Assert;
use predicates::str::contains;

use crate::command;
use crate::kernel::{object, Kernel, Link, Linker, Modules, ObjectFile, Parts};

const BUILT_IN: &str = "kernel/a/a.ko\nkernel/b/b-mod.ko\n";

/// A library whose only object is not needed.
const UNUSED_LIBRARY: &[ObjectFile] = &[object("lib/unused", "lib/unused", "")];

/// Links the kernel of `parts` with GNU ld, and with LLD if it is installed, once for each kind of link
/// ([`Link`]). Runs the checker on each kernel, and `check` on the checker's result. Each kernel shows each
/// symbol in the modules `shown(name, type letter, expected modules)`.
fn with_each_linker(
    parts: &Parts,
    shown: impl Fn(&str, char, Modules) -> Modules,
    check: impl Fn(Assert),
) {
    let linkers = [Some(Linker::Gnu), Linker::lld()];
    for linker in linkers.into_iter().flatten() {
        for link in [Link::Archives, Link::VmlinuxObject, Link::Relocatable] {
            let kernel = Kernel::of(parts, linker, link, &shown);
            check(command(&kernel).assert());
        }
    }
}

/// Asserts that the checker accepts right tables, and counts `members` symbols of modules.
fn assert_all_shown(parts: &Parts, members: usize) {
    let says =
        format!("symbols of modules: {members}, shown with their modules: {members} (100.000 %)");
    with_each_linker(
        parts,
        |_, _, truth| truth,
        |assert| {
            let assert = assert.success().stdout(contains("unclear: 0\n"));
            assert.stdout(contains(says.as_str()));
        },
    );
}

/// Asserts that the checker rejects the modules `shown(name, type letter, expected modules)`. Returns the
/// checker's result.
fn assert_fault(parts: &Parts, shown: impl Fn(&str, char, Modules) -> Modules) -> Assert {
    let kernel = Kernel::of(parts, Linker::Gnu, Link::Archives, shown);
    command(&kernel).assert().code(1)
}
