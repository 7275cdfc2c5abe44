// SPDX-License-Identifier: GPL-2.0

//! Compares the order of the symbols with the order that `scripts/kallsyms.c` of an untouched tree gives the
//! same symbols. The checker of `make check ORDER=` does this comparison.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};

use super::host::cargo;
use super::report::Report;
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::options;

/// The page that lists all changes that the option makes.
const PAGE: &str = "Documentation/core-api/differences.rst";

pub fn run(report: &mut Report, kernel: &Kernel, untouched: &Path) -> Result<()> {
    let mut checker = checker(kernel)?;
    let output = checker
        .arg("--order")
        .arg(untouched)
        .output()
        .context("the checker")?;
    let listed = String::from_utf8_lossy(&output.stdout);
    for line in listed.lines() {
        println!("# {line}");
    }
    let name = format!(
        "{}: symbols have the order of an untouched tree, except where its rules leave them equal",
        kernel.config
    );
    let errors = String::from_utf8_lossy(&output.stderr);
    let succeeded = || {
        ensure!(output.status.success(), "{listed}{errors}");
        Ok(())
    };
    report.check(&name, succeeded());
    let name = format!(
        "{}: differences.rst has each symbol with a size that is no longer the first at its address",
        kernel.config
    );
    let page = options::repository()?.join(PAGE);
    let page = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    report.check(&name, all_known(&listed, &page));
    Ok(())
}

/// Checks that the page has each pair of symbols that [`renamed`] finds in the checker's output.
fn all_known(listed: &str, page: &str) -> Result<()> {
    let known: Vec<_> = page.lines().map(str::trim).collect();
    let renamed = listed.lines().filter_map(renamed);
    let unknown: Vec<_> = renamed.filter(|line| !known.contains(&&**line)).collect();
    ensure!(
        unknown.is_empty(),
        "{PAGE} does not have\n{}",
        unknown.join("\n")
    );
    Ok(())
}

/// Parses a line of the checker: the symbols at an address, without the option and with it. Returns the first
/// symbol of each order if these differ. For this line, returns `relocate_kernel -> relocate_range`:
///
/// ```text
/// ffffffff8106d000 relocate_kernel (115) relocate_range (2048) -> relocate_range (2048) relocate_kernel (115)
/// ```
///
/// Returns `None` if the symbol without the option has no size, or is a symbol of kallmodsyms.
fn renamed(line: &str) -> Option<String> {
    let (without, with) = line.split_once(" -> ")?;
    let mut without = without.split(' ').skip(1);
    let (old, size) = (without.next()?, without.next()?);
    let new = with.split(' ').next()?;
    let is_known = old == new || size == "(0)" || old.contains("kallmodsyms");
    (!is_known).then(|| format!("{old} -> {new}"))
}

/// The symbols of `kernel` in the order of the untouched `tree`, as lines of `/proc/kallsyms` with the addresses
/// of vmlinux.
pub fn untouched(kernel: &Kernel, tree: &Path) -> Result<String> {
    command::output(checker(kernel)?.arg("--untouched").arg(tree))
}

fn checker(kernel: &Kernel) -> Result<Command> {
    let mut checker = cargo("run")?;
    checker
        .args(["--quiet", "-p", "checker", "--", "-O"])
        .arg(&kernel.objtree)
        .env_remove("KDIR");
    Ok(checker)
}

#[cfg(test)]
mod tests {
    use super::all_known;

    const LISTED: &str = "\
lines: 9
ffffffff81000000 _etext (0) __func__.0 (19) -> __func__.0 (19) _etext (0)
ffffffff81000010 a (1) b (2) c (9) -> a (1) c (9) b (2)
ffffffff81000020 kallmodsyms_kunit_a (3) b (12) -> b (12) kallmodsyms_kunit_a (3)
ffffffff8106d000 part (115) whole (2048) -> whole (2048) part (115)
";

    #[test]
    fn the_page_must_have_symbols_that_lost_the_first_place() {
        all_known(LISTED, "What changes::\n\n    part -> whole\n").unwrap();
        let error = all_known(LISTED, "part, whole\n").unwrap_err().to_string();
        assert!(error.ends_with("does not have\npart -> whole"), "{error}");
    }
}
