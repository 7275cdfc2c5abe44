// SPDX-License-Identifier: GPL-2.0

//! `make test`: everything that can be tested, the quick things first.

mod apply;
mod attribution;
mod boot;
mod docs;
mod host;
mod layering;
mod lint;
mod off;
mod rebuild;
mod sizes;
mod speed;
mod stability;

use std::time::Instant;

use anyhow::Result;

use crate::cache::Cache;
use crate::configure;
use crate::options::Options;
use crate::packages;
use crate::progress;
use crate::source;
use crate::toolchain::Toolchain;

/// The kernels that are booted unless one is asked for: one links vmlinux from
/// vmlinux.a, the other from vmlinux.o.
const CONFIGS: &[&str] = &["tiny", "tiny-ibt"];

/// What has passed and what has not.
pub struct Report {
    passed: u32,
    failed: u32,
    started: Instant,
}

impl Report {
    fn new() -> Self {
        Self {
            passed: 0,
            failed: 0,
            started: Instant::now(),
        }
    }

    pub fn passed(&mut self, name: &str) {
        self.passed += 1;
        println!("ok {} - {name}", self.passed + self.failed);
    }

    pub fn failed(&mut self, name: &str, why: &str) {
        self.failed += 1;
        println!("not ok {} - {name}", self.passed + self.failed);
        for line in why.lines() {
            println!("#   {line}");
        }
    }

    /// One test.
    pub fn check(&mut self, name: &str, result: Result<()>) {
        match result {
            Ok(()) => self.passed(name),
            Err(error) => self.failed(name, &format!("{error:#}")),
        }
    }

    /// A group of tests that can also fail as a whole.
    fn group(&mut self, name: &str, tests: impl FnOnce(&mut Self) -> Result<()>) {
        println!(
            "# {name} (after {})",
            progress::time(self.started.elapsed())
        );
        if let Err(error) = tests(self) {
            self.failed(name, &format!("{error:#}"));
        }
    }
}

/// Whether all passed.
pub fn run(options: &Options) -> Result<bool> {
    let cache = Cache::lock(options)?;
    packages::install(options, packages::For::Test)?;
    let toolchain = Toolchain::find(&cache)?;
    let packaged = source::packaged(options, &cache)?;

    let mut report = Report::new();
    report.group("lints", lint::run);
    report.group("layering", layering::run);
    report.group("host tests", host::run);
    report.group("apply and unapply", |report| apply::run(report, &packaged));

    let tree = source::tree(options, &cache)?;
    source::apply(options, &tree)?;
    report.group("documentation", |report| docs::run(report, &cache, &tree));
    let configs = options
        .chosen_config()
        .map_or(CONFIGS.to_vec(), |config| vec![config]);
    for config in configs {
        report.group(config, |report| {
            let kernel = configure::configure(options, &cache, &toolchain, &tree.path, config)?;
            boot::run(report, options, &kernel)?;
            boot::run_small(report, options, &kernel)?;
            speed::run(report, options, &kernel)?;
            attribution::run(report, &kernel)?;
            sizes::run(report, options, &kernel)?;
            rebuild::run(report, &kernel)
        });
    }
    report.group("who sees what", |report| {
        let config = options.config();
        let kernel = configure::configure(options, &cache, &toolchain, &tree.path, config)?;
        boot::run_privacy(report, options, &kernel)
    });
    report.group("built in or loaded", |report| {
        stability::run(report, options, &cache, &toolchain, &tree)
    });
    report.group("the option off", |report| {
        off::run(report, options, &cache, &toolchain, &packaged)
    });

    println!(
        "# builds, logs and consoles: {}",
        cache.path.join("build").display()
    );
    println!("# after {}", progress::time(report.started.elapsed()));
    println!("{} passed, {} failed", report.passed, report.failed);
    Ok(report.failed == 0)
}
