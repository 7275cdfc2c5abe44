// SPDX-License-Identifier: GPL-2.0

//! The time and the memory of programs that run in turn.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{ensure, Context, Result};

use super::text;
use crate::lab::progress::Phase;
use crate::lab::stopwatch::{Stopwatch, Times};

/// Each program runs so often, in turn with the others, so that all see the same machine.
const RUNS: usize = 11;

/// A program and its arguments.
pub type Words = Vec<String>;

/// The cost of one program.
pub struct Row {
    pub program: &'static str,
    /// The medians.
    pub taken: Times,
    pub peak_kib: u64,
}

impl Row {
    /// The names of the columns that [`Row::cells`] fills, after the name of the first column.
    pub const COLUMNS: [&'static str; 3] = ["ms", "CPU ms", "peak KiB"];

    /// The program and its cost.
    pub fn cells(&self) -> Vec<String> {
        vec![
            self.program.to_owned(),
            format!("{:.1}", 1e3 * self.taken.wall.as_secs_f64()),
            format!("{:.1}", 1e3 * self.taken.cpu.as_secs_f64()),
            text::number(self.peak_kib),
        ]
    }
}

/// Runs each of `commands` in the build directory `objtree`. `phase` is the name of the phase.
pub fn measured(
    phase: &'static str,
    objtree: &Path,
    commands: &[(&'static str, Words)],
) -> Result<Vec<Row>> {
    let mut phase = Phase::start(phase);
    phase.update(&format!("{RUNS} runs"));
    let mut runs = vec![Vec::new(); commands.len()];
    for _ in 0..RUNS {
        for ((_, command), runs) in commands.iter().zip(&mut runs) {
            runs.push(taken_by(objtree, command)?);
        }
    }
    let rows = commands
        .iter()
        .zip(&runs)
        .map(|((program, command), runs)| {
            Ok(Row {
                program,
                taken: Times::median(runs),
                peak_kib: peak_of(objtree, command)?,
            })
        });
    let rows = rows.collect();
    phase.done(&format!("{RUNS} runs"));
    rows
}

fn prepared(objtree: &Path, words: &[String]) -> Result<Command> {
    let (program, arguments) = words.split_first().context("no program")?;
    // A path from the build directory, or a name.
    let program = match program.contains('/') {
        true => objtree.join(program),
        false => PathBuf::from(program),
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(objtree)
        .env("srctree", objtree.join("source"))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    Ok(command)
}

fn taken_by(objtree: &Path, words: &[String]) -> Result<Times> {
    let mut command = prepared(objtree, words)?;
    let watch = Stopwatch::start()?;
    let status = command.status().with_context(|| words.join(" "))?;
    let taken = watch.times()?;
    ensure!(status.success(), "{}: {status}", words.join(" "));
    Ok(taken)
}

/// What /usr/bin/time says of memory, on the last line of standard error.
fn peak_of(objtree: &Path, words: &[String]) -> Result<u64> {
    let inner = prepared(objtree, words)?;
    let mut command = Command::new("/usr/bin/time");
    command
        .args(["-f", "%M"])
        .arg(inner.get_program())
        .args(inner.get_args())
        .current_dir(objtree)
        .env("srctree", objtree.join("source"))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    let last = said.lines().last().unwrap_or_default();
    last.parse()
        .with_context(|| format!("{}: {last}", words.join(" ")))
}
