// SPDX-License-Identifier: GPL-2.0

//! Runs the trial of a cell, from the packages to the figures, up to the first error.

use std::fs;

use anyhow::{ensure, Context, Result};

use super::cells::Cell;
use super::outcome::Outcome;
use super::{distribution, livepatch};
use crate::bench;
use crate::bench::text;
use crate::lab::build;
use crate::lab::cache::Cache;
use crate::lab::configure::{self, Kernel};
use crate::lab::fragment::Fragment;
use crate::lab::guest::{self, Guest};
use crate::lab::packages;
use crate::lab::qemu;
use crate::lab::source::{self, Tree};
use crate::lab::toolchain::Toolchain;
use crate::test::{attribution, boot, listing::Texts, offline, report::Report, sizes, speed};

/// The option of the kernel that the component needs. Some architectures have it only with some compilers.
const RUST: &str = "HAVE_RUST";

/// The tree and the toolchain of a cell.
pub struct Prepared {
    pub tree: Tree,
    pub toolchain: Toolchain,
}

/// Installs the packages of a cell, and finds its compilers and its tree.
pub fn prepare(cell: &Cell, cache: &Cache) -> Result<Prepared> {
    packages::install(&cell.options, packages::For::Boot)?;
    Ok(Prepared {
        toolchain: Toolchain::find(&cell.options, cache)?,
        tree: source::tree(&cell.options, cache)?,
    })
}

/// Tries a cell. The returned outcome has all failures.
pub fn run(cell: &Cell, cache: &Cache, prepared: Result<Prepared>) -> Outcome {
    let mut outcome = Outcome {
        is_untried: prepared.is_err(),
        ..Outcome::default()
    };
    let mut report = Report::quiet();
    let done =
        prepared.and_then(|prepared| phases(cell, cache, &prepared, &mut report, &mut outcome));
    if let Err(error) = done {
        report.failed(&cell.name, &format!("{error:#}"));
    }
    let (passed, failures) = report.results();
    outcome.passed = passed;
    outcome.failed = u32::try_from(failures.len()).unwrap_or(u32::MAX);
    for failure in failures {
        outcome.note.push_str(failure);
        outcome.note.push('\n');
    }
    outcome
}

fn phases(
    cell: &Cell,
    cache: &Cache,
    prepared: &Prepared,
    report: &mut Report,
    outcome: &mut Outcome,
) -> Result<()> {
    let Prepared { tree, toolchain } = prepared;
    let options = &cell.options;
    let fragment = Fragment::read(&cell.config, &[])?;
    if let Some(file) = fragment.key("live-patch") {
        return livepatch::run(cell, file, cache, toolchain, tree, report, outcome);
    }
    source::apply(options, tree)?;
    let kernel = match configure::configure(options, cache, toolchain, &tree.path, &cell.config) {
        Ok(kernel) => kernel,
        Err(error) => {
            let objtree = configure::objtree(options, cache, &tree.path, &cell.config)?;
            let needs = fragment.key("needs").unwrap_or(RUST);
            let refusal = configure::refusal(options, &tree.path, &objtree, needs);
            let Some(refusal) = refusal? else {
                return Err(error);
            };
            outcome.is_unsupported = true;
            outcome.note = refusal;
            return Ok(());
        }
    };
    build::build(&kernel)?;
    outcome.built = true;
    outcome.bytes = text::number(bench::table_bytes(&kernel.objtree)?);

    let checked = attribution::run(report, &kernel)?;
    outcome.recall = checked.recall;
    outcome.wrong = checked.wrong;
    if cell.is_distribution {
        outcome.figures = distribution::figures(&kernel)?;
    }
    if cell.is_full_trial {
        boot::run(report, options, &kernel)?;
        outcome.booted = true;
    }
    check_file(cell, &fragment, report, outcome, &kernel)?;
    let ratio = match fragment.key("ratio") {
        Some("any") => bench::ratio(options, &kernel)?,
        _ => speed::run(report, options, &kernel)?,
    };
    outcome.ratio = format!("{ratio:.3}");
    Ok(())
}

/// Boots the kernel, and checks the whole file and the console.
fn check_file(
    cell: &Cell,
    fragment: &Fragment,
    report: &mut Report,
    outcome: &mut Outcome,
    kernel: &Kernel,
) -> Result<()> {
    let guest = guest::pack(&cell.options, kernel)?;
    let words = fragment.key("words").unwrap_or_default();
    let files = qemu::show_with(&cell.options, &guest, words)?;
    outcome.booted = true;
    let texts = Texts::read(&files)?;
    let count = texts.symbols().map(|symbols| symbols.len());
    let name = format!(
        "{}: the kallsyms rule holds, {} symbols of the kernel",
        kernel.config,
        count.as_ref().copied().unwrap_or_default()
    );
    report.check(&name, count.map(drop));
    sizes::run(report, kernel, &files)?;
    check_console(fragment, report, kernel, &guest)?;
    if cell.is_full_trial {
        offline::run(report, &cell.options, kernel, &guest, &files)?;
    }
    Ok(())
}

/// Checks the fragment's `says` and `never` keys in the lines of the console.
fn check_console(
    fragment: &Fragment,
    report: &mut Report,
    kernel: &Kernel,
    guest: &Guest,
) -> Result<()> {
    let log = guest.directory.join("console.log");
    let log = fs::read(&log).with_context(|| log.display().to_string())?;
    let log = String::from_utf8_lossy(&log);
    for words in fragment.keys("says") {
        let name = format!("{}: the console has '{words}'", kernel.config);
        report.check(&name, says(&log, words));
    }
    for words in fragment.keys("never") {
        let name = format!("{}: no line of the console has '{words}'", kernel.config);
        report.check(&name, never(&log, words));
    }
    Ok(())
}

fn says(log: &str, words: &str) -> Result<()> {
    ensure!(log.contains(words), "no line of the console has '{words}'");
    Ok(())
}

/// Fails if a line of the console has `words`. A `*` matches any text: `kallsyms_selftest:*failed`.
fn never(log: &str, words: &str) -> Result<()> {
    let has = |line: &str| {
        let mut rest = Some(line);
        for part in words.split('*') {
            rest = rest.and_then(|rest| Some(rest.split_once(part)?.1));
        }
        rest.is_some()
    };
    let found = log.lines().find(|line| has(line));
    ensure!(found.is_none(), "{}", found.unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{never, says};

    #[test]
    fn required_and_forbidden_words_are_found() {
        let log = "[    1.0] x: start\n[    1.1] x: a failed: 7\n[    1.2] y: finish\n";
        says(log, "y: finish").unwrap();
        says(log, "x: finish").unwrap_err();
        never(log, "x:*finish").unwrap();
        never(log, "y:*failed").unwrap();
        let error = never(log, "x:*failed").unwrap_err().to_string();
        assert!(error.contains("a failed: 7"), "{error}");
        never(log, "start").unwrap_err();
    }
}
