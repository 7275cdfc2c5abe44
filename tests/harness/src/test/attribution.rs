// SPDX-License-Identifier: GPL-2.0

//! Compares the modules that a built kernel will show with its object files, by the independent checker
//! of `make check`.

use anyhow::{Context, Result};

use super::host::cargo;
use super::report::Report;
use crate::lab::configure::Kernel;

/// The counts that the checker prints; empty if the checker failed.
#[derive(Default)]
pub struct Checked {
    /// The percentage of the symbols of modules that are shown in their modules.
    pub recall: String,
    /// The number of symbols with a size that are shown in a wrong module.
    pub wrong: String,
}

impl Checked {
    /// Finds the counts in these lines:
    ///
    /// ```text
    /// symbols of modules: 6128, shown with their modules: 6128 (100.000 %)
    /// wrong, with a size: 0
    /// ```
    fn parse(said: &str) -> Self {
        let behind = |start: &str| said.lines().find_map(|line| line.strip_prefix(start));
        let recall = behind("symbols of modules: ")
            .and_then(|rest| rest.split_once('(')?.1.strip_suffix(" %)"))
            .unwrap_or_default();
        Self {
            recall: recall.to_owned(),
            wrong: behind("wrong, with a size: ")
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

pub fn run(report: &mut Report, kernel: &Kernel) -> Result<Checked> {
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
    Ok(Checked::parse(&said))
}

#[cfg(test)]
mod tests {
    use super::Checked;

    #[test]
    fn numbers_of_the_checker() {
        let said = "symbols of modules: 3, shown with their modules: 2 (66.667 %)\n\
                    wrong, with a size: 1\nmissing: 1\n";
        let checked = Checked::parse(said);
        assert_eq!((&*checked.recall, &*checked.wrong), ("66.667", "1"));
        assert_eq!(Checked::parse("check: no vmlinux").recall, "");
    }
}
