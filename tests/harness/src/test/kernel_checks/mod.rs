// SPDX-License-Identifier: GPL-2.0

//! Runs sparse, clippy and rustdoc on the component, with the flags of a built kernel.
//!
//! Each checker gets the command lines that kbuild recorded for the compiler ([`compilation`]), without the
//! arguments about outputs, so the build directory does not change. The checkers also read two files of the
//! kernel that include a file of the component. Messages about the kernel's other files are ignored.

mod compilation;
mod rust;
mod sparse;

use std::fs;
use std::path::PathBuf;

use anyhow::{ensure, Context, Result};

use super::lint::has_extension;
use super::report::Report;
use crate::lab::configure::Kernel;
use compilation::Compilation;

/// The series whose kernels the checkers read. Debian's sparse 0.6.4 does not know `__typeof_unqual__`, which
/// the headers of Linux 7.2 and 7.3 use. The clippy settings of Linux 7.3 also disallow methods.
const SERIES: &str = "6.12";

pub fn run(report: &mut Report, kernel: &Kernel) -> Result<()> {
    if kernel.series != SERIES || !kernel.options.compilers.is_empty() {
        println!("# sparse, clippy and rustdoc are skipped: they need Linux {SERIES} and the host's compilers");
        return Ok(());
    }
    let compilations = compilation::all(kernel)?;
    let of = |extension: &str| {
        let is = |compilation: &&Compilation| has_extension(&compilation.source, extension);
        compilations.iter().filter(is).collect::<Vec<_>>()
    };
    let (c, rust) = (of("c"), of("rs"));
    let mut check = |name: &str, result: Result<()>| {
        report.check(
            &format!(
                "{}: {name} prints no warning about the component",
                kernel.config
            ),
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

/// Runs a checker on each compilation. `checker` returns the name and the flags of the checker. Fails if a
/// message is about a file of the component, or if the component's file `needed` has no compilation.
fn check_component(
    kernel: &Kernel,
    compilations: &[&Compilation],
    needed: &str,
    checker: impl Fn(&Compilation) -> String,
) -> Result<()> {
    let component = component_directory(kernel)?;
    let mut sources = compilations.iter().map(|compilation| &compilation.source);
    ensure!(
        sources.any(|source| *source == component.join(needed)),
        "{}: kbuild recorded no command for {needed}: make run CONFIG={}",
        kernel.objtree.display(),
        kernel.config
    );
    let mut messages = Vec::new();
    for compilation in compilations {
        let output = compilation.check(kernel, &checker(compilation))?;
        let is_about_component = |line: &&str| compilation::file_of(line).starts_with(&component);
        messages.extend(output.lines().filter(is_about_component).map(str::to_owned));
    }
    ensure!(messages.is_empty(), "{}", messages.join("\n"));
    Ok(())
}

/// The component's directory in the path that kbuild records: kbuild resolves the links in the path of the
/// tree, but not the link to the repository.
fn component_directory(kernel: &Kernel) -> Result<PathBuf> {
    let tree = fs::canonicalize(&kernel.tree).with_context(|| kernel.tree.display().to_string())?;
    Ok(tree.join("kernel/kallmodsyms"))
}
