// SPDX-License-Identifier: GPL-2.0

//! Runs the independent checker of `make check`, which compares the modules that a built kernel will show
//! with its object files.

use anyhow::{Context, Result};

use super::host::cargo;
use super::report::Report;
use crate::lab::configure::Kernel;

/// The counts that the checker prints. A count is empty if the checker did not print it.
#[derive(Default)]
pub struct Checked {
    /// The percentage of the modules' symbols that the kernel shows in their modules.
    pub recall: String,
    /// The number of symbols with a size that are shown in a wrong module.
    pub wrong: String,
}

impl Checked {
    /// Parses the counts in the lines:
    ///
    /// ```text
    /// symbols of modules: 6128, shown with their modules: 6128 (100.000 %)
    /// wrong, with a size: 0
    /// ```
    fn parse(counts: &str) -> Self {
        let after = |start: &str| counts.lines().find_map(|line| line.strip_prefix(start));
        let recall = after("symbols of modules: ")
            .and_then(|rest| rest.split_once('(')?.1.strip_suffix(" %)"))
            .unwrap_or_default();
        Self {
            recall: recall.to_owned(),
            wrong: after("wrong, with a size: ").unwrap_or_default().to_owned(),
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
    let counts = String::from_utf8_lossy(&output.stdout);
    let name = format!("{}: each symbol is shown in its modules", kernel.config);
    if output.status.success() {
        for line in counts.lines() {
            println!("# {line}");
        }
        report.passed(&name);
    } else {
        let errors = String::from_utf8_lossy(&output.stderr);
        report.failed(&name, &format!("{counts}{errors}"));
    }
    Ok(Checked::parse(&counts))
}

#[cfg(test)]
mod tests {
    use super::Checked;

    #[test]
    fn counts_are_parsed() {
        let counts = "symbols of modules: 3, shown with their modules: 2 (66.667 %)\n\
                    wrong, with a size: 1\nmissing: 1\n";
        let checked = Checked::parse(counts);
        assert_eq!((&*checked.recall, &*checked.wrong), ("66.667", "1"));
        assert_eq!(Checked::parse("check: no vmlinux").recall, "");
    }
}
