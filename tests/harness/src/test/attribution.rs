// SPDX-License-Identifier: GPL-2.0

//! The modules that a built kernel will show, against its object files: the independent checker of
//! `make check`.

use anyhow::{Context, Result};

use super::host::cargo;
use super::Report;
use crate::configure::Kernel;

pub fn run(report: &mut Report, kernel: &Kernel) -> Result<()> {
    let mut checker = cargo("run")?;
    checker
        .args([
            "--quiet",
            "-p",
            "checker",
            "--",
            "--min-recall",
            "100",
            "-O",
        ])
        .arg(&kernel.objtree)
        .env_remove("KDIR");
    let output = checker.output().context("the checker")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let name = format!("{}: each symbol is shown in its modules", kernel.config);
    if output.status.success() {
        for line in said.lines() {
            println!("# {line}");
        }
        report.passed(&name);
    } else {
        let why = String::from_utf8_lossy(&output.stderr);
        report.failed(&name, &format!("{said}{why}"));
    }
    Ok(())
}
