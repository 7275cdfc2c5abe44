// SPDX-License-Identifier: GPL-2.0

//! Compares lists from two kernels of one configuration, with the option and without it.

use std::fs;
use std::process::Command;

use anyhow::{ensure, Context, Result};

/// The configurations, which differ only in the option.
pub const WITH: &str = "tiny-with";
pub const WITHOUT: &str = "tiny-without";

/// The most differing lines to print.
const MAX_PRINTED: usize = 20;

/// Checks that the two lists are equal and not empty. `what` names the lists.
pub fn same(what: &str, with: &[String], without: &[String]) -> Result<()> {
    println!(
        "# {what}: {} lines with the option, {} without",
        with.len(),
        without.len()
    );
    ensure!(
        !without.is_empty(),
        "{what}: the kernel without the option has no lines"
    );
    if with == without {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let mut diff = Command::new("diff");
    diff.arg("-U0");
    for (name, list) in [("without", without), ("with", with)] {
        let path = directory.path().join(name);
        fs::write(&path, list.join("\n") + "\n")?;
        diff.arg(path);
    }
    let output = diff.output().context("diff")?;
    let diff = String::from_utf8_lossy(&output.stdout);
    let differing = |line: &&str| line.starts_with(['+', '-']);
    let lines: Vec<_> = diff.lines().skip(2).filter(differing).collect();
    anyhow::bail!(
        "{} lines differ:\n{}",
        lines.len(),
        lines[..lines.len().min(MAX_PRINTED)].join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differing_lists_are_errors() {
        let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        same("a", &list("a b"), &list("a b")).unwrap();
        same("a", &[], &[]).unwrap_err();
        let error = same("a", &list("b a c"), &list("a b c")).unwrap_err();
        assert!(error.to_string().starts_with("2 lines differ"), "{error}");
    }
}
