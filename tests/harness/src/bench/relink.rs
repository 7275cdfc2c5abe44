// SPDX-License-Identifier: GPL-2.0

//! How much longer a link of vmlinux takes: the time of the kernel's own `make vmlinux` with
//! everything compiled, and, of that, the time of what the hooks run in it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{ensure, Context, Result};

use super::space;
use super::text::{Document, Table};
use crate::command;
use crate::configure::Kernel;
use crate::progress::Phase;

const RUNS: usize = 3;

pub fn write(document: &mut Document, kernel: &Kernel, without: Option<&Kernel>) -> Result<()> {
    let mut phase = Phase::start("relink");
    phase.announce("vmlinux, some times");
    let mut relinks = vec![Vec::new(); 2];
    let mut ours = Vec::new();
    for _ in 0..RUNS {
        for (kernel, times) in [Some(kernel), without].iter().zip(&mut relinks) {
            if let Some(kernel) = kernel {
                times.push(relink(kernel)?);
            }
        }
        ours.push(in_all_passes(&kernel.objtree)?);
    }
    phase.done(&format!("{RUNS} times"));

    let mut table = Table::new(&["Linking vmlinux, all else compiled", "ms", "to the first"]);
    let whole = median(&mut relinks[0]);
    let mut row = |what: &str, time: Duration| {
        table.row([
            what.to_owned(),
            format!("{:.0}", 1e3 * time.as_secs_f64()),
            format!("{:.3}", time.as_secs_f64() / whole.as_secs_f64()),
        ]);
    };
    row("make vmlinux", whole);
    row("of that, kallmodsyms in all passes", median(&mut ours));
    if without.is_some() {
        row("make vmlinux without the option", median(&mut relinks[1]));
    }
    document.table(&table);
    Ok(())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// What `make` takes to link again.
fn relink(kernel: &Kernel) -> Result<Duration> {
    let log = kernel.objtree.join("bench/relink.log");
    log.parent().map_or(Ok(()), fs::create_dir_all)?;
    // In 7.3 vmlinux is what was linked less what only the build needs.
    let linked = ["vmlinux.unstripped", "vmlinux"].map(|name| kernel.objtree.join(name));
    for file in linked.iter().filter(|file| file.exists()) {
        fs::remove_file(file).with_context(|| file.display().to_string())?;
    }
    let mut make = kernel.make()?;
    let start = Instant::now();
    command::logged(make.arg("vmlinux"), &log)?;
    Ok(start.elapsed())
}

/// What the generator takes in all passes that have symbols.
pub fn in_all_passes(objtree: &Path) -> Result<Duration> {
    let last = space::last_pass(objtree)?;
    let (name, count) = last.split_at(last.len() - 1);
    let passes: u32 = count.parse().with_context(|| last.clone())?;
    let config = fs::read_to_string(objtree.join(".config"))?;
    let sizes = config.contains("\nCONFIG_KALLMODSYMS_SIZES=y\n");
    let mut all = Duration::ZERO;
    for pass in 1..=passes {
        let stem = format!("{name}{pass}");
        if sizes {
            all += time(objtree, &["add-sizes", &stem, &format!("{stem}.syms")])?;
        }
        all += time(objtree, &["link", &stem])?;
    }
    Ok(all)
}

fn time(objtree: &Path, arguments: &[&str]) -> Result<Duration> {
    let mut command = Command::new(objtree.join("kernel/kallmodsyms/scripts/kallmodsyms"));
    command.args(arguments).current_dir(objtree);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().context("kallmodsyms")?;
    let taken = start.elapsed();
    ensure!(
        status.success(),
        "kallmodsyms {}: {status}",
        arguments.join(" ")
    );
    Ok(taken)
}
