// SPDX-License-Identifier: GPL-2.0

//! The generator compared with `scripts/kallsyms` and upstream's `generate_builtin_ranges.awk`, on
//! the inputs of the last link of the kernel.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{ensure, Context, Result};

use super::space;
use super::text::{Document, Table};
use crate::lab::configure::{Kernel, GENERATOR};
use crate::lab::progress::Phase;
use crate::lab::stopwatch::{Stopwatch, Taken};

/// Each program runs so often, in turn with the others, so that all see the same machine.
const RUNS: usize = 11;

/// The cost of one program.
pub struct Row {
    pub program: &'static str,
    /// The medians.
    pub taken: Taken,
    pub peak_kib: u64,
}

pub fn write(document: &mut Document, kernel: &Kernel) -> Result<()> {
    let rows = run(&kernel.objtree, &kernel.tree)?;
    let mut table = Table::new(&[
        "While vmlinux is linked",
        "ms",
        "CPU ms",
        "peak KiB",
        "to kallsyms",
        "to awk",
    ]);
    let time = |index: usize| {
        rows.get(index)
            .map_or(1.0, |row: &Row| row.taken.wall.as_secs_f64())
    };
    for row in &rows {
        let taken = row.taken.wall.as_secs_f64();
        table.row([
            row.program.to_owned(),
            format!("{:.1}", 1e3 * taken),
            format!("{:.1}", 1e3 * row.taken.cpu.as_secs_f64()),
            super::text::number(row.peak_kib),
            format!("{:.3}", taken / time(0)),
            format!("{:.3}", taken / time(1)),
        ]);
    }
    document.table(&table);
    Ok(())
}

/// `scripts/kallsyms`, the awk script and the generator's two commands, in this order.
fn run(objtree: &Path, srctree: &Path) -> Result<Vec<Row>> {
    measured(objtree, &commands(objtree, srctree)?)
}

/// The generator's two commands alone.
pub fn own_programs(objtree: &Path, srctree: &Path) -> Result<Vec<Row>> {
    let [_, _, link, sort_symbols] = commands(objtree, srctree)?;
    measured(objtree, &[link, sort_symbols])
}

fn measured(objtree: &Path, commands: &[(&'static str, Words)]) -> Result<Vec<Row>> {
    let mut phase = Phase::start("generator");
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
                taken: Taken::median(runs),
                peak_kib: peak_of(objtree, command)?,
            })
        });
    let rows = rows.collect();
    phase.done(&format!("{RUNS} runs"));
    rows
}

type Words = Vec<String>;

fn commands(objtree: &Path, srctree: &Path) -> Result<[(&'static str, Words); 4]> {
    // .tmp_vmlinux2
    let stem = space::last_pass(objtree)?;
    let config = std::fs::read_to_string(objtree.join(".config"))?;
    let has = |option: &str| {
        config
            .lines()
            .any(|line| line == format!("CONFIG_{option}=y"))
    };

    let mut kallsyms = vec!["scripts/kallsyms".to_owned()];
    if has("KALLSYMS_ALL") {
        kallsyms.push("--all-symbols".to_owned());
    }
    if has("KALLSYMS_ABSOLUTE_PERCPU") {
        kallsyms.push("--absolute-percpu".to_owned());
    }
    // As scripts/link-vmlinux.sh has it in series where there is a choice.
    let source = srctree.join("scripts/kallsyms.c");
    let source = std::fs::read_to_string(&source).with_context(|| source.display().to_string())?;
    if source.contains("\"pc-relative\"") {
        kallsyms.push("--pc-relative".to_owned());
    }
    kallsyms.push(format!("{stem}.syms"));

    let script = srctree.join("scripts/generate_builtin_ranges.awk");
    let mut awk = vec!["gawk".to_owned(), "-f".to_owned()];
    awk.push(script.display().to_string());
    awk.push("modules.builtin".to_owned());
    awk.push(format!("{stem}.map"));
    awk.push("vmlinux.o.map".to_owned());

    let ours = GENERATOR.to_owned();
    let link = vec![ours.clone(), "link".to_owned(), stem.clone()];
    let syms = format!("{stem}.syms");
    let sort_symbols = vec![ours, "sort-symbols".to_owned(), stem, syms];
    Ok([
        ("scripts/kallsyms", kallsyms),
        ("generate_builtin_ranges.awk", awk),
        ("kallmodsyms link", link),
        ("kallmodsyms sort-symbols", sort_symbols),
    ])
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

fn taken_by(objtree: &Path, words: &[String]) -> Result<Taken> {
    let mut command = prepared(objtree, words)?;
    let watch = Stopwatch::start()?;
    let status = command.status().with_context(|| words.join(" "))?;
    let taken = watch.taken()?;
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
