// SPDX-License-Identifier: GPL-2.0

//! `make matrix`: each kernel series with each architecture and toolchain, and with other releases'
//! compilers; with `VARIANTS=1`, one kernel in each layout that an option gives it; with
//! `DISTRIBUTIONS=1`, kernels as distributions configure them.
//!
//! The phases, in order: list the [`cells`]; skip those with a good result of the present [`state`];
//! run a [`trial`] of each remaining cell (with a [`livepatch`] for one variant, with more figures for
//! a [`distribution`]); print a table of the [`outcome`]s.

mod cells;
mod distribution;
mod livepatch;
mod outcome;
pub mod state;
mod trial;

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{ensure, Context, Result};

use crate::bench::text::{Document, Table};
use crate::lab::cache::Cache;
use crate::lab::options::Matrix;
use crate::lab::packages;
use crate::lab::progress;
use cells::Cell;
use outcome::{Outcome, HEADER};
use trial::Prepared;

/// True if all cells are as they should be.
pub fn run(matrix: &Matrix) -> Result<bool> {
    let options = &matrix.options;
    let cells = chosen(matrix)?;
    let cache = Cache::lock(options)?;
    packages::install(options, packages::For::Boot)?;
    let directory = cache.path.join("matrix");
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;

    let mut outcomes = Vec::new();
    for (number, cell) in (1..).zip(&cells) {
        let start = format!("cell {number} of {}, {}", cells.len(), cell.name);
        let outcome = outcome_of(cell, &start, &directory, &cache)?;
        outcomes.push((cell, outcome));
    }
    show(&outcomes, &directory)?;
    // One that is tried in turn may want what cannot be had here.
    let may_lack = matrix.turn()?.is_some();
    outcomes.retain(|(_, outcome)| !(outcome.lacks && may_lack));
    let passed: u32 = outcomes.iter().map(|(_, outcome)| outcome.passed).sum();
    let failed: u32 = outcomes.iter().map(|(_, outcome)| outcome.failed).sum();
    println!("{passed} passed, {failed} failed");
    Ok(!outcomes.iter().any(|(_, outcome)| outcome.failed()))
}

/// The outcome of a cell, now or in its last trial.
fn outcome_of(cell: &Cell, start: &str, directory: &Path, cache: &Cache) -> Result<Outcome> {
    let file = directory.join(format!("{}.result", cell.name));
    let prepared = trial::prepare(cell, cache);
    let state = match &prepared {
        Ok(prepared) => state(cell, prepared)?,
        Err(_) => None,
    };
    if let Some(outcome) = known(&file, state.as_deref()) {
        return Ok(outcome);
    }
    progress::say(start);
    let started = Instant::now();
    let outcome = trial::run(cell, cache, prepared);
    let state = state.unwrap_or_default();
    fs::write(&file, format!("state={state}\n{}", outcome.to_text()))
        .with_context(|| file.display().to_string())?;
    let time = progress::time(started.elapsed());
    progress::say(&format!("{start}: {}, after {time}", outcome.word()));
    Ok(outcome)
}

/// The cells that are asked for.
fn chosen(matrix: &Matrix) -> Result<Vec<Cell>> {
    let cells = cells::only(cells::all(matrix)?, matrix);
    ensure!(!cells.is_empty(), "ONLY={}: no such cell", matrix.only);
    if let Some(turn) = matrix.turn()? {
        let cell = cells::in_turn(cells, &matrix.options, turn)?;
        progress::say(&format!(
            "turn {turn}: this one again is make matrix ONLY={}",
            cell.name
        ));
        return Ok(vec![cell]);
    }
    Ok(cells)
}

/// What the outcome of a cell depends on, as one word; `None` if that cannot be told, of a tree of the
/// user's own.
fn state(cell: &Cell, prepared: &Prepared) -> Result<Option<String>> {
    let Prepared { tree, toolchain } = prepared;
    if tree.pristine.is_none() {
        return Ok(None);
    }
    state::of_kernel(&cell.config, &tree.path, toolchain, &cell.options).map(Some)
}

/// The outcome that a file has, if it is of this state. A cell that failed is tried again.
fn known(file: &Path, state: Option<&str>) -> Option<Outcome> {
    let text = fs::read_to_string(file).ok()?;
    let text = text.strip_prefix(&format!("state={}\n", state?))?;
    Outcome::parse(text).filter(|outcome| !outcome.failed())
}

/// Prints the table, and keeps it.
fn show(outcomes: &[(&Cell, Outcome)], directory: &Path) -> Result<()> {
    let mut table = Table::new(HEADER);
    let mut document = Document::new();
    for (cell, outcome) in outcomes {
        table.row([cell.name.clone()].into_iter().chain(outcome.row()));
    }
    document.table(&table);
    document.line("");
    for (cell, outcome) in outcomes {
        for (name, figure) in &outcome.figures {
            document.line(&format!("{}: {name}: {figure}", cell.name));
        }
        for line in outcome.note.lines() {
            document.line(&format!("{}: {line}", cell.name));
        }
    }
    let file = directory.join("matrix.md");
    fs::write(&file, document.text()).with_context(|| file.display().to_string())?;
    println!("{}", document.text());
    progress::say(&format!(
        "this table is in {}, with the result of each cell",
        file.display()
    ));
    Ok(())
}
