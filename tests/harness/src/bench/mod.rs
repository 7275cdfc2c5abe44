// SPDX-License-Identifier: GPL-2.0

//! `make bench`: measures the costs and savings of the component, and prints tables.
//!
//! The phases, in order: make the guest's files ([`initramfs`], [`modules`]), boot the guest, parse its
//! output ([`figures`]), and make tables ([`guest`], [`dynamic`]).
//!
//! Other measurements run on the host. The [`generator`] and the [`tool`] are compared with other
//! [`programs`]. [`relink`] measures a link of vmlinux, [`whole`] a build of the whole kernel, and
//! [`space`] the tables in vmlinux. [`text`] formats all tables.

mod dynamic;
mod figures;
mod generator;
mod guest;
mod initramfs;
mod modules;
mod programs;
mod ratio;
mod relink;
mod space;
pub mod text;
mod tool;
mod whole;

use std::fs;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};

use crate::lab::build;
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::options::{self, Options};
use crate::lab::packages;
use crate::lab::progress::{self, Phase};
use crate::lab::qemu;
use crate::lab::workshop::Workshop;
use figures::Figures;
use text::Document;

pub use dynamic::bpf_ratios;
pub use figures::ratio as ratio_of;
pub use generator::own_programs;
pub use ratio::{lookups, ratio};
pub use space::{counts, last_pass, table_bytes};

/// The default of `CONFIG=`.
const CONFIG: &str = "defconfig";
/// The approximate number of figures that the guest prints.
const LINES: usize = 125;
/// The approximate number of build steps that one processor does in a minute.
const STEPS_A_MINUTE: u32 = 150;

pub fn run(bench: &options::Bench) -> Result<()> {
    let options = &bench.options.or_config(CONFIG);
    let workshop = Workshop::open(options, packages::For::Bench)?;
    let kernel = workshop.configured(options, options.config())?;
    build_with_estimate(&kernel)?;
    let without = if bench.off() {
        let without = workshop.configured(options, &format!("{}-off", options.config()))?;
        build_with_estimate(&without)?;
        Some(without)
    } else {
        None
    };

    let figures = measure(options, &kernel)?;
    let mut document = Document::new();
    head(&mut document, options, &kernel, &figures)?;
    guest::write(&mut document, &figures)?;
    dynamic::write(&mut document, &figures)?;
    generator::write(&mut document, &kernel)?;
    tool::write(&mut document, &kernel)?;
    if let Some(without) = &without {
        whole::write(&mut document, &kernel, without)?;
    }
    relink::write(&mut document, &kernel, without.as_ref())?;
    space::write(&mut document, &kernel, without.as_ref())?;

    let file = kernel.objtree.join("bench/bench.md");
    fs::write(&file, document.text()).with_context(|| file.display().to_string())?;
    println!("{}", document.text());
    progress::say(&format!("wrote these tables to {}", file.display()));
    Ok(())
}

/// Builds a kernel. Before a build from nothing, prints the expected time.
fn build_with_estimate(kernel: &Kernel) -> Result<()> {
    if let (false, Some(steps)) = (kernel.objtree.join("vmlinux").exists(), kernel.steps) {
        let processors = u32::try_from(thread::available_parallelism()?.get())?;
        progress::say(&format!(
            "building {} from nothing, once: about {} minutes on an idle machine",
            kernel.config,
            1 + steps / STEPS_A_MINUTE / processors
        ));
    }
    build::build(kernel).map(drop)
}

/// Boots the guest with all measurements.
fn measure(options: &Options, kernel: &Kernel) -> Result<Figures> {
    let modules = modules::build(kernel)?;
    let guest = initramfs::make(options, kernel, &modules)?;
    let mut phase = Phase::start("measure");
    phase.announce("under QEMU, which takes some minutes");
    let (mut figures, mut seen) = (Figures::new(), 0);
    qemu::count(options, &guest, "all", |line| {
        if figures.add(line) {
            seen += 1;
            phase.update(&format!("{seen} of about {LINES}  {line}"));
        }
    })?;
    phase.done(&format!("{seen} figures"));
    figures.check()?;
    Ok(figures)
}

/// Writes the date, the kernel, the guest, the spread of the figures, and the host.
fn head(
    document: &mut Document,
    options: &Options,
    kernel: &Kernel,
    figures: &Figures,
) -> Result<()> {
    let output = |program: &str, argument: &str| -> Result<String> {
        let text = command::output(Command::new(program).arg(argument))?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    };
    let release = kernel.objtree.join("include/config/kernel.release");
    let release = fs::read_to_string(&release).with_context(|| release.display().to_string())?;
    let configuration = kernel.objtree.join(".config");
    let configuration = fs::read_to_string(&configuration)?;
    // CONFIG_CC_VERSION_TEXT="gcc (Debian 12.2.0-14+deb12u1) 12.2.0"
    let compiler = configuration
        .lines()
        .find_map(|line| line.strip_prefix("CONFIG_CC_VERSION_TEXT="))
        .unwrap_or_default();
    // model name	: AMD EPYC 7B13
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, name)| name);

    document.line(&format!(
        "Measured on {} with Linux {}, configuration {} for {}, {}.",
        output("date", "+%F")?,
        release.trim(),
        kernel.config,
        options.arch()?.name,
        compiler.trim_matches('"'),
    ));
    document.line(&format!(
        "Guest: {}, -icount shift=0, one processor: the clock counts instructions.",
        output(options.arch()?.qemu, "--version")?,
    ));
    document.line(&format!(
        "Files that are read were read three times: the median is shown, and these differ by at most {:.2} %.",
        100.0 * figures.largest_spread(),
    ));
    document.line(&format!("Host, for the generator: {processor}."));
    Ok(())
}
