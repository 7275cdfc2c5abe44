// SPDX-License-Identifier: GPL-2.0

//! `make matrix`: tries each kernel series with each architecture and toolchain, and, on this machine's
//! architecture, with the compilers of other Debian releases. `VARIANTS=1` tries the configurations in
//! `tests/kernel/variants`. `DISTRIBUTIONS=1` tries the configurations of distributions.
//!
//! The phases, in order: list the [`cells`]. For each cell in turn: prepare the cell; take the stored outcome
//! if it is of the current [`state`] and not a failure; otherwise run a [`trial`]. One variant is a
//! [`livepatch`]; the kernel of a [`distribution`] has additional figures. Print a table of the [`outcome`]s.

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

/// Runs `make matrix`. Returns true if no cell failed.
pub fn run(matrix: &Matrix) -> Result<bool> {
    let options = &matrix.options;
    let cells = requested(matrix)?;
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
    // With TURN, a cell that could not be prepared does not fail the run.
    let is_turn = matrix.turn()?.is_some();
    outcomes.retain(|(_, outcome)| !(outcome.is_untried && is_turn));
    let passed: u32 = outcomes.iter().map(|(_, outcome)| outcome.passed).sum();
    let failed: u32 = outcomes.iter().map(|(_, outcome)| outcome.failed).sum();
    println!("{passed} passed, {failed} failed");
    Ok(!outcomes.iter().any(|(_, outcome)| outcome.failed()))
}

/// The stored outcome of a cell, or the outcome of a new trial.
fn outcome_of(cell: &Cell, start: &str, directory: &Path, cache: &Cache) -> Result<Outcome> {
    let file = directory.join(format!("{}.result", cell.name));
    let prepared = trial::prepare(cell, cache);
    let state = match &prepared {
        Ok(prepared) => state(cell, prepared)?,
        Err(_) => None,
    };
    if let Some(outcome) = stored_outcome(&file, state.as_deref()) {
        return Ok(outcome);
    }
    progress::say(start);
    let started = Instant::now();
    let outcome = trial::run(cell, cache, prepared);
    let state = state.unwrap_or_default();
    fs::write(&file, format!("state={state}\n{}", outcome.to_text()))
        .with_context(|| file.display().to_string())?;
    let time = progress::time(started.elapsed());
    progress::say(&format!("{start}: {}, after {time}", outcome.summary()));
    Ok(outcome)
}

/// The cells that ONLY and TURN choose.
fn requested(matrix: &Matrix) -> Result<Vec<Cell>> {
    let cells = cells::only(cells::all(matrix)?, matrix);
    ensure!(
        !cells.is_empty(),
        "ONLY={}: no cell has this name or these words",
        matrix.only
    );
    if let Some(turn) = matrix.turn()? {
        let cell = cells::in_turn(cells, &matrix.options, turn)?;
        progress::say(&format!(
            "turn {turn}: to repeat this cell, run make matrix ONLY={}",
            cell.name
        ));
        return Ok(vec![cell]);
    }
    Ok(cells)
}

/// A hash of the inputs of a cell; `None` for a user's tree, whose changes the harness does not track.
fn state(cell: &Cell, prepared: &Prepared) -> Result<Option<String>> {
    let Prepared { tree, toolchain } = prepared;
    if tree.pristine.is_none() {
        return Ok(None);
    }
    state::of_kernel(&cell.config, &tree.path, toolchain, &cell.options).map(Some)
}

/// The outcome in a file, if the outcome is of this state and the cell did not fail.
fn stored_outcome(file: &Path, state: Option<&str>) -> Option<Outcome> {
    let text = fs::read_to_string(file).ok()?;
    let text = text.strip_prefix(&format!("state={}\n", state?))?;
    Outcome::parse(text).filter(|outcome| !outcome.failed())
}

/// Prints the table, and writes it to `matrix.md`.
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
        "this table is in {}; the directory also has a .result file for each cell",
        file.display()
    ));
    Ok(())
}
