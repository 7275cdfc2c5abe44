// SPDX-License-Identifier: GPL-2.0

//! Runs the kernel's own checks of source code: checkpatch.pl, kernel-doc, and rustfmt with the kernel's
//! settings. The scripts and the settings come from the untouched tree.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

use super::lint::{has_extension, rustfmt, source_files};
use super::report::Report;
use crate::lab::options;
use crate::lab::source::Tree;

/// The directories with kernel code to check.
const KERNEL_CODE: &[&str] = &[
    "include",
    "rust",
    "samples/modules",
    "samples/pair",
    "tests/module",
    "tests/printed",
];

/// Warnings of checkpatch.pl about correct code, and the reason why each is wrong here.
const EXCEPTIONS: [(&str, &str); 6] = [
    (
        "LINUX_VERSION_CODE",
        "one source file supports several series",
    ),
    (
        "CONSTANT_COMPARISON",
        "checkpatch.pl mistakes KERNEL_VERSION() for a variable",
    ),
    ("CAMELCASE", "Elf_Sym is a type of the kernel"),
    ("EXPORT_SYMBOL", "a C file exports the functions in Rust"),
    (
        "INCLUDE_LINUX",
        "only a header of x86 declares handlers of NMIs",
    ),
    (
        "AVOID_EXTERNS",
        "no header declares the symbols that asm() defines",
    ),
];

/// Warnings of checkpatch.pl about correct hooks, and the reason why each is wrong here.
const EXCEPTIONS_IN_HOOKS: [(&str, &str); 1] = [(
    "MISSING_SIGN_OFF",
    "hooks.patch is no commit: the author signs the commit that changes hooks.patch",
)];

/// Types that checkpatch.pl would mistake for variables.
const TYPES: &str = "Elf_Sym\n";

pub fn run(report: &mut Report, packaged: &Tree) -> Result<()> {
    let tree = packaged.pristine.as_ref().context("no untouched tree")?;
    let repository = options::repository()?;
    let of_kernel = |file: &PathBuf| {
        let mut directories = KERNEL_CODE.iter();
        directories.any(|directory| file.starts_with(repository.join(directory)))
    };
    let mut files = source_files(&repository)?;
    let is_hooks = |file: &&PathBuf| file.ends_with("hooks.patch");
    let hooks: Vec<_> = files.iter().filter(is_hooks).cloned().collect();
    files.retain(of_kernel);
    let of = |extensions: &[&str]| {
        let is = |file: &&PathBuf| {
            extensions
                .iter()
                .any(|extension| has_extension(file, extension))
        };
        files.iter().filter(is).cloned().collect::<Vec<_>>()
    };
    let c = of(&["c", "h"]);
    report.check(
        "checkpatch.pl --strict prints no warning",
        checkpatch(tree, &EXCEPTIONS, "--file", &c),
    );
    report.check(
        "checkpatch.pl --strict prints no warning about the hooks",
        checkpatch(tree, &EXCEPTIONS_IN_HOOKS, "--patch", &hooks),
    );
    report.check("kernel-doc prints no warning", kernel_doc(tree, &c));
    report.check(
        "rustfmt with the kernel's settings changes nothing",
        rustfmt(&of(&["rs"]), Some(&tree.join(".rustfmt.toml"))),
    );
    Ok(())
}

/// Runs checkpatch.pl on the files: C files with `--file` as `kind`, or patches with `--patch`.
fn checkpatch(
    tree: &Path,
    exceptions: &[(&str, &str)],
    kind: &str,
    files: &[PathBuf],
) -> Result<()> {
    ensure!(!files.is_empty(), "no files for checkpatch.pl {kind}");
    let types = tempfile::NamedTempFile::new()?;
    std::fs::write(&types, TYPES)?;
    let ignored: Vec<_> = exceptions.iter().map(|(kind, _)| *kind).collect();
    let mut perl = Command::new("perl");
    perl.arg(tree.join("scripts/checkpatch.pl"));
    perl.arg(format!("--root={}", tree.display()));
    perl.arg(format!("--typedefsfile={}", types.path().display()));
    perl.arg(format!("--ignore={}", ignored.join(",")));
    // In a git tree, checkpatch.pl also runs spdxcheck.py, which needs a package of Python.
    perl.env("GIT_DIR", "/nonexistent");
    perl.args(["--strict", "--terse", "--show-types", "--no-summary", kind]);
    run_without_output(perl.args(files))
}

fn kernel_doc(tree: &Path, files: &[PathBuf]) -> Result<()> {
    let mut kernel_doc = Command::new(tree.join("scripts/kernel-doc"));
    run_without_output(kernel_doc.args(["-none", "-Wall", "-Werror"]).args(files))
}

/// Runs a command that must succeed and print nothing.
fn run_without_output(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| name.clone())?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    ensure!(
        output.status.success() && text.is_empty(),
        "{name}:\n{text}"
    );
    Ok(())
}
