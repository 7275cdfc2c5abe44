// SPDX-License-Identifier: GPL-2.0

//! Tries a live patch of a function in a built-in module. The kernel's own `klp-build` makes the live
//! patch, and the guest loads it.
//!
//! klp-build builds the kernel twice in its source tree: first without the patch, then with it. Both builds have a
//! section for each function and each variable. The module of the live patch has the functions that differ. The guest
//! boots the kernel without the patch.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

use super::cells::Cell;
use super::outcome::Outcome;
use crate::bench;
use crate::bench::text;
use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::configure::{self, Kernel};
use crate::lab::guest::{self, Guest};
use crate::lab::progress::Phase;
use crate::lab::qemu;
use crate::lab::source::{self, Tree};
use crate::lab::toolchain::Toolchain;
use crate::test::{attribution, boot::Results, report::Report};

/// The string in the function's source, and its replacement. `tests/guest/init` expects both words.
const BEFORE: &str = "\"supported\\n\"";
const AFTER: &str = "\"patched\\n\"";

/// The directory of klp-build's steps.
const STEPS: &str = "klp-tmp";
/// The kernel of the first step, without the patch.
const ORIGINAL: &str = "klp-tmp/1-orig/vmlinux";
const MODULE: &str = "livepatch.ko";

/// Tries a kernel of the matrix, a cell, with a live patch that changes the source `file`.
pub fn run(
    cell: &Cell,
    file: &str,
    cache: &Cache,
    toolchain: &Toolchain,
    tree: &Tree,
    report: &mut Report,
    outcome: &mut Outcome,
) -> Result<()> {
    let tree = source::copy(tree, "live-patch")?;
    source::apply(&cell.options, &tree)?;
    let options = cell.options.with_objtree(&tree.path);
    let kernel = configure::configure(&options, cache, toolchain, &tree.path, &cell.config)?;
    let patch = write_patch(&tree.path, file)?;
    klp_build(&kernel, &patch)?;
    outcome.built = true;
    outcome.bytes = text::number(bench::table_bytes(&kernel.objtree)?);
    let checked = attribution::run(report, &kernel)?;
    outcome.recall = checked.recall;
    outcome.wrong = checked.wrong;

    let module = kernel.objtree.join(MODULE);
    let guest = guest::pack_with(&options, &kernel, &[module])?;
    let guest = Guest {
        image: kernel.objtree.join(ORIGINAL),
        ..guest
    };
    let mut results = Results::new(&kernel.config);
    qemu::live_patch(&options, &guest, |line| results.take(report, line))?;
    outcome.booted = true;
    results.end()
}

/// Writes a patch that replaces one line of `file`, and returns the path of the patch.
fn write_patch(tree: &Path, file: &str) -> Result<PathBuf> {
    let source = tree.join(file);
    let old = fs::read_to_string(&source).with_context(|| source.display().to_string())?;
    let new = replaced(&old).with_context(|| source.display().to_string())?;
    let directory = tree.join("klp-patch");
    for (side, text) in [("a", &old), ("b", &new)] {
        let path = directory.join(side).join(file);
        let parent = path.parent().context("a file without a directory")?;
        fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    let (a, b) = (format!("a/{file}"), format!("b/{file}"));
    let mut diff = Command::new("diff");
    let diff = diff.args(["-u", &a, &b]).current_dir(&directory).output()?;
    // diff exits with 1 if the files differ, with 0 if they are equal, and with 2 on errors.
    ensure!(diff.status.code() == Some(1), "diff -u {a} {b}: {diff:?}");
    let patch = directory.join("one-line.patch");
    fs::write(&patch, diff.stdout).with_context(|| patch.display().to_string())?;
    Ok(patch)
}

fn replaced(source: &str) -> Result<String> {
    let count = source.matches(BEFORE).count();
    ensure!(
        count == 1,
        "the file has {BEFORE} {count} times, and the patch replaces one"
    );
    Ok(source.replace(BEFORE, AFTER))
}

/// Runs klp-build. Its runs of make get the same variables as the harness's runs of make.
fn klp_build(kernel: &Kernel, patch: &Path) -> Result<()> {
    let mut phase = Phase::start("klp-build");
    phase.update(&kernel.config);
    let steps = kernel.objtree.join(STEPS);
    if steps.exists() {
        fs::remove_dir_all(&steps).with_context(|| steps.display().to_string())?;
    }
    let make = kernel.make()?;
    let arguments = make.get_args().map(|word| word.to_string_lossy());
    // klp-build runs make in its source tree: leave out -C, the directory and O=.
    let variables: Vec<_> = arguments
        .skip(2)
        .filter(|word| !word.starts_with("O="))
        .collect();
    let mut klp_build = Command::new("scripts/livepatch/klp-build");
    klp_build.env_clear();
    for (name, value) in make.get_envs() {
        if let Some(value) = value {
            klp_build.env(name, value);
        }
    }
    klp_build
        .env("MAKEFLAGS", format!(" -- {}", variables.join(" ")))
        .args(["--keep-tmp", "--output", MODULE])
        .arg(patch)
        .current_dir(&kernel.tree);
    command::logged(&mut klp_build, &kernel.objtree.join("klp-build.log"))?;
    phase.done(&kernel.config);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn one_line_is_replaced() {
        let source = "int f(void)\n{\n\treturn emit(\"supported\\n\");\n}\n";
        let patched = "int f(void)\n{\n\treturn emit(\"patched\\n\");\n}\n";
        assert_eq!(replaced(source).unwrap(), patched);
        replaced(patched).unwrap_err();
        replaced(&source.repeat(2)).unwrap_err();
    }
}
