// SPDX-License-Identifier: GPL-2.0

//! Objects that are compiled, made or named in unusual ways. Every installed linker links each
//! kernel in all ways; the expected modules are beside the objects.

mod objects;
mod sections;
mod symbols;

use assert_cmd::assert::Assert;
use predicates::str::contains;

use crate::command;
use crate::kernel::{Kernel, Label, Linker, Made, ObjectFile, Parts, Way};

const fn of(path: &'static str, files: &'static str, source: &'static str) -> ObjectFile {
    let made = Made::For(files);
    ObjectFile { path, made, source }
}

const BUILT_IN: &str = "kernel/a/a.ko\nkernel/b/b-mod.ko\n";

/// No library is needed.
const NO_LIBRARY: &[ObjectFile] = &[of("lib/unused", "lib/unused", "")];

/// Links the kernel of `parts` in all ways, which shows what `label` makes of the truth.
fn in_all_ways(parts: &Parts, label: impl Fn(&str, char, Label) -> Label, check: impl Fn(Assert)) {
    let linkers = [Some(Linker::Gnu), Linker::lld()];
    for linker in linkers.into_iter().flatten() {
        for way in [Way::Objects, Way::Whole, Way::Anywhere] {
            let kernel = Kernel::of(parts, linker, way, &label);
            check(command(&kernel).assert());
        }
    }
}

/// Checks that so many symbols are in modules, and shown so.
fn all_right(parts: &Parts, members: usize) {
    let says =
        format!("symbols of modules: {members}, shown with their modules: {members} (100.000 %)");
    in_all_ways(
        parts,
        |_, _, truth| truth,
        |assert| {
            let assert = assert.success().stdout(contains("unclear: 0\n"));
            assert.stdout(contains(says.as_str()));
        },
    );
}

/// What the checker says of the kernel of `parts` that shows what `label` makes of the truth: that
/// something is not right.
fn found(parts: &Parts, label: impl Fn(&str, char, Label) -> Label) -> Assert {
    let kernel = Kernel::of(parts, Linker::Gnu, Way::Objects, label);
    command(&kernel).assert().code(1)
}
