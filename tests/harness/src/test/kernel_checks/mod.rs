// SPDX-License-Identifier: GPL-2.0

//! The checkers that read code as one kernel compiles it: sparse, clippy and rustdoc.
//!
//! Each checker is run with the command lines that kbuild recorded for the compiler ([`compilation`]), but
//! without the compiler's outputs, so nothing in the object tree changes. Only a message about a file of
//! ours is a failure: two files of the kernel, which are checked because they include one, have others.

mod compilation;
mod rust;
mod sparse;

use std::fs;
use std::path::PathBuf;

use anyhow::{ensure, Context, Result};

use super::report::Report;
use crate::lab::configure::Kernel;
use compilation::Compilation;

/// The series that is checked. Debian's sparse 0.6.4 does not know `__typeof_unqual__`, which the headers of
/// Linux 7.2 and 7.3 use, and their clippy settings have more lints.
const SERIES: &str = "6.12";

pub fn run(report: &mut Report, kernel: &Kernel) -> Result<()> {
    if kernel.series != SERIES || !kernel.options.compilers.is_empty() {
        println!("# without sparse, clippy and rustdoc: only with Linux {SERIES} and the host's compilers");
        return Ok(());
    }
    let compilations = compilation::all(kernel)?;
    let of = |extension: &str| {
        let is = |done: &&Compilation| done.source.extension().is_some_and(|of| of == extension);
        compilations.iter().filter(is).collect::<Vec<_>>()
    };
    let (c, rust) = (of("c"), of("rs"));
    let mut check = |name: &str, result: Result<()>| {
        report.check(
            &format!("{}: {name} has nothing to say", kernel.config),
            result,
        );
    };
    check("sparse", sparse::run(kernel, &c));
    check(
        "clippy with the kernel's settings",
        rust::clippy(kernel, &rust),
    );
    check(
        "rustdoc with the kernel's settings",
        rust::rustdoc(kernel, &rust),
    );
    Ok(())
}

/// Runs a checker, given by its name and flags, on each compilation. Fails if a message is about a file of
/// ours, or if no compilation is of the file `needed`.
fn silent(
    kernel: &Kernel,
    compilations: &[&Compilation],
    needed: &str,
    checker: impl Fn(&Compilation) -> String,
) -> Result<()> {
    let ours = component(kernel)?;
    let mut sources = compilations.iter().map(|compilation| &compilation.source);
    ensure!(
        sources.any(|source| *source == ours.join(needed)),
        "{}: kbuild recorded no command for {needed}: make run CONFIG={}",
        kernel.objtree.display(),
        kernel.config
    );
    let mut messages = Vec::new();
    for compilation in compilations {
        let said = compilation.check(kernel, &checker(compilation))?;
        let about_ours = |line: &&str| compilation::file_of(line).starts_with(&ours);
        messages.extend(said.lines().filter(about_ours).map(str::to_owned));
    }
    ensure!(messages.is_empty(), "{}", messages.join("\n"));
    Ok(())
}

/// The component's directory, as kbuild names it: the real path of the tree, with the link to us kept.
fn component(kernel: &Kernel) -> Result<PathBuf> {
    let tree = fs::canonicalize(&kernel.tree).with_context(|| kernel.tree.display().to_string())?;
    Ok(tree.join("kernel/kallmodsyms"))
}
