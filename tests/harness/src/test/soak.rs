// SPDX-License-Identifier: GPL-2.0

//! Reading while everything that can change does, with faults and crowds before it, in kernels that
//! look for errors in themselves: for some seconds in each as a test, and for minutes as
//! `make soak`.

use anyhow::{ensure, Result};

use super::boot::Results;
use super::Report;
use crate::build;
use crate::cache::Cache;
use crate::configure::{self, Kernel};
use crate::guest;
use crate::options::{self, Options};
use crate::packages;
use crate::qemu;
use crate::reports::Reports;
use crate::source::{self, Tree};
use crate::tap::{self, Line};
use crate::toolchain::Toolchain;

/// One looks for memory errors, wrong locking, leaks and overflows, the other for data races.
pub const CONFIGS: &[&str] = &["debug-kasan", "debug-kcsan"];

/// How long the test reads in each.
const SECONDS: u64 = 15;

/// So many reports are shown.
const ENOUGH: usize = 10;

/// The test: as long as the rest of them can wait for.
pub fn test(
    report: &mut Report,
    options: &Options,
    cache: &Cache,
    toolchain: &Toolchain,
    tree: &Tree,
    config: &str,
) -> Result<()> {
    let options = &options.or_llvm();
    let kernel = configure::configure(options, cache, toolchain, &tree.path, config)?;
    read(report, options, &kernel, SECONDS, |line| {
        if line.starts_with("in all ") {
            println!("# {config}: {line}");
        }
    })
}

/// `make soak`. Whether nothing was found.
pub fn run(soak: &options::Soak) -> Result<bool> {
    let options = &soak.options.or_llvm();
    let cache = Cache::lock(options)?;
    packages::install(options, packages::For::Test)?;
    let toolchain = Toolchain::find(&cache)?;
    let tree = source::tree(options, &cache)?;
    source::apply(options, &tree)?;
    let configs = options
        .chosen_config()
        .map_or(CONFIGS.to_vec(), |config| vec![config]);
    let seconds = soak.minutes * 60 / configs.len() as u64;
    ensure!(seconds > 0, "MINUTES={}: at least 1", soak.minutes);

    let mut report = Report::new();
    for config in configs {
        report.group(&format!("{config}, for {seconds} s"), |report| {
            let kernel = configure::configure(options, &cache, &toolchain, &tree.path, config)?;
            read(report, options, &kernel, seconds, |line| {
                println!("# {config}: {line}");
            })
        });
    }
    Ok(report.end())
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
        if let Some(Line::Comment(comment)) = tap::parse(line) {
            say(&comment);
        }
        results.take(report, line);
    });
    reports.end();
    println!(
        "# {}: {} reports, and {} data races that have nothing of ours in them; all is in {}",
        kernel.config,
        reports.found.len(),
        reports.races_of_others.len(),
        guest.directory.join("console.log").display(),
    );
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
