// SPDX-License-Identifier: GPL-2.0

//! Reading while everything that can change does, with faults and crowds before it, in kernels that
//! look for errors in themselves: for some seconds in each as a test, and for minutes in
//! `make soak`.

use anyhow::{ensure, Result};

use super::boot::Results;
use super::report::Report;
use crate::lab::build;
use crate::lab::configure::Kernel;
use crate::lab::guest;
use crate::lab::options::Options;
use crate::lab::qemu;
use crate::lab::tap::{self, Line};
use crate::lab::workshop::Workshop;
use crate::reports::Reports;

/// One looks for memory errors, wrong locking, leaks and overflows, the other for data races.
pub const CONFIGS: &[&str] = &["debug-kasan", "debug-kcsan"];

/// How long the test reads in each.
const SECONDS: u64 = 15;

/// How the guest's last counts begin.
const IN_ALL: &str = "in all ";

/// The most reports to print.
const ENOUGH: usize = 10;

/// The test: as long as the rest of them can wait for.
pub fn test(
    report: &mut Report,
    options: &Options,
    workshop: &Workshop,
    config: &str,
) -> Result<()> {
    let options = &options.or_llvm();
    let kernel = workshop.configured(options, config)?;
    read(report, options, &kernel, SECONDS, |_| ())
}

/// For so many minutes.
pub fn run(
    report: &mut Report,
    options: &Options,
    workshop: &Workshop,
    config: &str,
    minutes: u64,
) -> Result<()> {
    let kernel = workshop.configured(options, config)?;
    read(report, options, &kernel, 60 * minutes, |line| {
        println!("# {config}: {line}");
    })
}

/// Boots the kernel and has it read for so long; `say` gets what the guest tells on the way.
fn read(
    report: &mut Report,
    options: &Options,
    kernel: &Kernel,
    seconds: u64,
    mut say: impl FnMut(&str),
) -> Result<()> {
    build::build(kernel)?;
    let guest = guest::pack_for_tests(options, kernel)?;
    let mut results = Results::new(&kernel.config);
    let mut reports = Reports::default();
    let ended = qemu::soak(options, &guest, seconds, |line| {
        reports.take(line);
        match tap::parse(line) {
            Some(Line::Comment(comment)) if comment.starts_with(IN_ALL) => {
                report.count(format!("{}: {comment}", kernel.config));
            }
            Some(Line::Comment(comment)) => say(&comment),
            _ => {}
        }
        results.take(report, line);
    });
    reports.end();
    report.count(format!(
        "{}: {} reports, and {} data races that have nothing of ours in them; all is in {}",
        kernel.config,
        reports.found.len(),
        reports.races_of_others.len(),
        guest.directory.join("console.log").display(),
    ));
    report.check(
        &format!("{}: the kernel finds no error in itself", kernel.config),
        none(&reports),
    );
    ended?;
    results.end()
}

fn none(reports: &Reports) -> Result<()> {
    let found = &reports.found;
    ensure!(
        found.is_empty(),
        "{} reports, such as\n{}",
        found.len(),
        found[..found.len().min(ENOUGH)].join("\n")
    );
    Ok(())
}
