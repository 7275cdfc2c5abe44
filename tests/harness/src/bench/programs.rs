// SPDX-License-Identifier: GPL-2.0

//! Measures the time and the memory of programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{ensure, Context, Result};

use super::text;
use crate::lab::progress::Phase;
use crate::lab::stopwatch::{Stopwatch, Times};

/// The number of runs of each program. The programs run in turn, so a change of the machine's load affects
/// all programs.
const RUNS: usize = 11;

/// A program and its arguments.
pub type Words = Vec<String>;

/// The cost of one program.
pub struct Row {
    pub program: &'static str,
    /// The medians of all runs.
    pub times: Times,
    /// The peak memory of one run.
    pub peak_kib: u64,
}

impl Row {
    /// The headings of the columns of [`Row::cells`] except the first, which the caller names.
    pub const COLUMNS: [&'static str; 3] = ["ms", "CPU ms", "peak KiB"];

    /// The program and its cost.
    pub fn cells(&self) -> Vec<String> {
        vec![
            self.program.to_owned(),
            format!("{:.1}", 1e3 * self.times.wall.as_secs_f64()),
            format!("{:.1}", 1e3 * self.times.cpu.as_secs_f64()),
            text::number(self.peak_kib),
        ]
    }
}

/// Measures each of `commands` in the build directory `objtree`. `phase` is the name of the phase.
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
            runs.push(time(objtree, command)?);
        }
    }
    let rows = commands
        .iter()
        .zip(&runs)
        .map(|((program, command), runs)| {
            Ok(Row {
                program,
                times: Times::median(runs),
                peak_kib: peak_memory(objtree, command)?,
            })
        });
    let rows = rows.collect();
    phase.done(&format!("{RUNS} runs"));
    rows
}

fn prepared(objtree: &Path, words: &[String]) -> Result<Command> {
    let (program, arguments) = words.split_first().context("no program")?;
    // A program with a slash is an absolute path, or a path in the build directory.
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

fn time(objtree: &Path, words: &[String]) -> Result<Times> {
    let mut command = prepared(objtree, words)?;
    let watch = Stopwatch::start()?;
    let status = command.status().with_context(|| words.join(" "))?;
    let times = watch.times()?;
    ensure!(status.success(), "{}: {status}", words.join(" "));
    Ok(times)
}

/// The peak memory of a run in KiB. /usr/bin/time prints it on the last line of standard error.
fn peak_memory(objtree: &Path, words: &[String]) -> Result<u64> {
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
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {errors}");
    let last = errors.lines().last().unwrap_or_default();
    last.parse()
        .with_context(|| format!("{}: {last}", words.join(" ")))
}
