// SPDX-License-Identifier: GPL-2.0

//! Boots debug kernels, which check their own code for errors. The guest injects faults, if the kernel can do
//! so, and runs many readers at once. Then it reads the file while processes change the contents: for seconds
//! in `make test ALL=1`, and for minutes in `make soak`.

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

/// The configurations. `debug-kasan` reports memory errors, wrong locking, leaks and overflows;
/// `debug-kcsan` reports data races.
pub const CONFIGS: &[&str] = &["debug-kasan", "debug-kcsan"];

/// The number of seconds that [`test`] reads in each kernel.
const SECONDS: u64 = 15;

/// The first words of the comments with the guest's final counts.
const IN_ALL: &str = "in all ";

/// The most reports to print in an error.
const MAX_PRINTED: usize = 10;

/// Reads for [`SECONDS`].
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

/// Reads for `minutes`.
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

/// Boots the kernel, and reads for `seconds`. Passes the guest's comments, without the final counts, to `say`.
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
        "{}: {} reports, and {} data races without code of kallmodsyms; see {}",
        kernel.config,
        reports.found.len(),
        reports.upstream_races.len(),
        guest.directory.join("console.log").display(),
    ));
    report.check(
        &format!("{}: the kernel reports no error", kernel.config),
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
        found[..found.len().min(MAX_PRINTED)].join("\n")
    );
    Ok(())
}
