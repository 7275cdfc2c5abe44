// SPDX-License-Identifier: GPL-2.0

//! A cell from nothing to its figures, as far as it gets.

use anyhow::Result;

use super::cells::Cell;
use super::outcome::Outcome;
use crate::bench;
use crate::bench::text;
use crate::build;
use crate::cache::Cache;
use crate::configure::{self, Kernel};
use crate::guest;
use crate::packages;
use crate::qemu;
use crate::source::{self, Tree};
use crate::test::{attribution, boot, listing::Texts, offline, sizes, speed, Report};
use crate::toolchain::Toolchain;

/// What the option depends on, for an architecture and a compiler.
const RUST: &str = "HAVE_RUST";

/// Gets what a cell needs: the packages, and the kernel's source.
pub fn prepare(cell: &Cell, cache: &Cache) -> Result<Tree> {
    packages::install(&cell.options, packages::For::Matrix)?;
    source::tree(&cell.options, cache)
}

/// Tries a cell. Whatever fails is in what it returns.
pub fn run(cell: &Cell, cache: &Cache, toolchain: &Toolchain, prepared: Result<Tree>) -> Outcome {
    let mut outcome = Outcome {
        lacks: prepared.is_err(),
        ..Outcome::default()
    };
    let mut report = Report::quiet();
    let done =
        prepared.and_then(|tree| phases(cell, cache, toolchain, &tree, &mut report, &mut outcome));
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
    toolchain: &Toolchain,
    tree: &Tree,
    report: &mut Report,
    outcome: &mut Outcome,
) -> Result<()> {
    let options = &cell.options;
    source::apply(options, tree)?;
    let kernel = match configure::configure(options, cache, toolchain, &tree.path, &cell.config) {
        Ok(kernel) => kernel,
        Err(error) => {
            let needs = configure::needs(&cell.config)?.unwrap_or_else(|| RUST.to_owned());
            let objtree = configure::objtree(options, cache, &tree.path, &cell.config)?;
            let said = configure::refusal(options, &tree.path, &objtree, &needs);
            let Some(said) = said? else {
                return Err(error);
            };
            outcome.is_unsupported = true;
            outcome.note = said;
            return Ok(());
        }
    };
    build::build(&kernel)?;
    outcome.built = true;
    outcome.bytes = text::number(bench::table_bytes(&kernel.objtree)?);

    let checked = attribution::run(report, &kernel)?;
    outcome.recall = checked.recall;
    outcome.wrong = checked.wrong;
    if cell.whole {
        boot::run(report, options, &kernel)?;
        outcome.booted = true;
    }
    shown(cell, report, outcome, &kernel)?;
    outcome.ratio = format!("{:.3}", speed::run(report, options, &kernel)?);
    Ok(())
}

/// What the file says, whole.
fn shown(cell: &Cell, report: &mut Report, outcome: &mut Outcome, kernel: &Kernel) -> Result<()> {
    let guest = guest::pack(&cell.options, kernel)?;
    let files = qemu::show(&cell.options, &guest)?;
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
    if cell.whole {
        offline::run(report, &cell.options, kernel, &guest, &files)?;
    }
    Ok(())
}
