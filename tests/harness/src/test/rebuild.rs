// SPDX-License-Identifier: GPL-2.0

//! A build without changes compiles and links nothing, and `make mrproper` removes the files of kallmodsyms.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{bail, ensure, Context, Result};

use super::report::Report;
use crate::lab::build;
use crate::lab::command;
use crate::lab::configure::Kernel;

/// The files that the link of vmlinux writes.
const PRODUCTS: &[&str] = &["vmlinux", "System.map", GENERATED[0], GENERATED[1]];

/// The files in [`PRODUCTS`] that the generator writes.
const GENERATED: [&str; 2] = ["modules_thick.builtin", ".tmp_vmlinux.ranges"];

pub fn run(report: &mut Report, kernel: &Kernel) -> Result<()> {
    let name = |what: &str| format!("{}: {what}", kernel.config);
    report.check(
        &name("a build without changes repeats no step"),
        repeats_no_step(kernel),
    );
    report.check(
        &name("make mrproper removes the files of kallmodsyms"),
        leaves_nothing(kernel),
    );
    Ok(())
}

fn repeats_no_step(kernel: &Kernel) -> Result<()> {
    let before = times(&kernel.objtree)?;
    let built = build::build(kernel)?;
    // A build without changes can have these steps.
    let in_every_build = ["CALL ", "DESCEND ", "GEN Makefile", "INSTALL "];
    let ran: Vec<_> = built
        .steps
        .iter()
        .filter(|step| !in_every_build.iter().any(|verb| step.starts_with(verb)))
        .map(String::as_str)
        .collect();
    if !ran.is_empty() {
        bail!("the second build ran\n{}", ran.join("\n"));
    }
    ensure!(
        before == times(&kernel.objtree)?,
        "the second build wrote one of {} again",
        PRODUCTS.join(", ")
    );
    Ok(())
}

fn times(objtree: &Path) -> Result<Vec<SystemTime>> {
    PRODUCTS
        .iter()
        .map(|name| {
            let path = objtree.join(name);
            path.metadata()
                .and_then(|file| file.modified())
                .with_context(|| path.display().to_string())
        })
        .collect()
}

/// Checks that `make mrproper` removes all files from a build directory that has only files of kallmodsyms.
fn leaves_nothing(kernel: &Kernel) -> Result<()> {
    let objtree = tempfile::tempdir()?;
    fs::create_dir(objtree.path().join("kernel"))?;
    let mut cp = Command::new("cp");
    cp.arg("-r").arg(kernel.objtree.join("kernel/kallmodsyms"));
    command::output(cp.arg(objtree.path().join("kernel")))?;
    for name in GENERATED {
        fs::copy(kernel.objtree.join(name), objtree.path().join(name)).context(name)?;
    }
    let mut make = kernel
        .toolchain
        .make(kernel.options, &kernel.tree, objtree.path())?;
    command::output(make.arg("mrproper"))?;

    let mut find = Command::new("find");
    find.arg(objtree.path()).args([
        "-type",
        "f",
        "-not",
        "-name",
        ".gitignore",
        "-not",
        "-name",
        "Makefile",
    ]);
    let left = command::output(&mut find)?;
    ensure!(left.is_empty(), "make mrproper left\n{left}");
    Ok(())
}
