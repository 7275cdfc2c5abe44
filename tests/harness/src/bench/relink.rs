// SPDX-License-Identifier: GPL-2.0

//! Measures the time that the option adds to a link of vmlinux. Everything is already compiled, so `make
//! vmlinux` only links. The generator is also measured alone.

use std::fs;
use std::process::Stdio;

use anyhow::{ensure, Context, Result};

use super::space;
use super::text::{self, Document};
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::progress::Phase;
use crate::lab::stopwatch::{Stopwatch, Times};

/// The number of links of each kernel. The kernels with and without the option are linked in alternating order.
const RUNS: usize = 5;

pub fn write(document: &mut Document, kernel: &Kernel, without: Option<&Kernel>) -> Result<()> {
    let mut phase = Phase::start("relink");
    phase.announce(&format!("linking each vmlinux {RUNS} times"));
    let mut relinks = vec![Vec::new(); 2];
    let mut generator = Vec::new();
    for run in 0..RUNS {
        let mut pair = [(Some(kernel), 0), (without, 1)];
        pair.rotate_left(run % 2);
        for (kernel, index) in pair {
            if let Some(kernel) = kernel {
                relinks[index].push(relink(kernel)?);
            }
        }
        generator.push(generator_in_all_passes(kernel)?);
    }
    phase.done(&format!("{RUNS} times"));

    let mut rows = vec![
        ("make vmlinux", Times::median(&relinks[0])),
        (
            "the generator alone, in all passes",
            Times::median(&generator),
        ),
    ];
    if without.is_some() {
        let base = Times::median(&relinks[1]);
        rows.push(("make vmlinux without the option", base));
    }
    document.table(&text::shares(
        "Linking vmlinux, all else compiled",
        3,
        &rows,
    ));
    Ok(())
}

/// Removes vmlinux, and returns the times of `make vmlinux`.
fn relink(kernel: &Kernel) -> Result<Times> {
    let log = kernel.objtree.join("bench/relink.log");
    log.parent().map_or(Ok(()), fs::create_dir_all)?;
    // In 7.2 and 7.3, the linker writes vmlinux.unstripped, and the build strips it to vmlinux.
    let linked = ["vmlinux.unstripped", "vmlinux"].map(|name| kernel.objtree.join(name));
    for file in linked.iter().filter(|file| file.exists()) {
        fs::remove_file(file).with_context(|| file.display().to_string())?;
    }
    let mut make = kernel.make()?;
    let watch = Stopwatch::start()?;
    command::logged(make.arg("vmlinux"), &log)?;
    watch.times()
}

/// The times of the generator in all passes of the link but pass 0, which has no symbols.
pub fn generator_in_all_passes(kernel: &Kernel) -> Result<Times> {
    let objtree = &kernel.objtree;
    let last = space::last_pass(objtree)?;
    let (name, count) = last.split_at(last.len() - 1);
    let passes: u32 = count.parse().with_context(|| last.clone())?;
    let config = fs::read_to_string(objtree.join(".config"))?;
    let sizes = config.contains("\nCONFIG_KALLMODSYMS_SIZES=y\n");
    let mut all = Times::default();
    for pass in 1..=passes {
        let stem = format!("{name}{pass}");
        if sizes {
            all += time(kernel, &["sort-symbols", &stem, &format!("{stem}.syms")])?;
        }
        all += time(kernel, &["link", &stem])?;
    }
    Ok(all)
}

fn time(kernel: &Kernel, arguments: &[&str]) -> Result<Times> {
    let mut command = kernel.generator();
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let watch = Stopwatch::start()?;
    let status = command.status().context("kallmodsyms")?;
    let times = watch.times()?;
    ensure!(
        status.success(),
        "kallmodsyms {}: {status}",
        arguments.join(" ")
    );
    Ok(times)
}
