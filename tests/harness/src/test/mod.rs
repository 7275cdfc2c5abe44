// SPDX-License-Identifier: GPL-2.0

//! `make test`: everything that can be tested, the quick things first.

mod apply;
pub mod attribution;
pub mod boot;
mod damaged;
mod damages;
mod docs;
mod hooks;
mod host;
mod kaslr;
mod layering;
mod lint;
pub mod listing;
pub mod long;
mod off;
pub mod offline;
mod rebuild;
mod rebuilt;
mod reproduce;
mod samples;
pub mod sizes;
mod soak;
pub mod speed;
mod stability;
mod tables;
mod versions;
mod vmcoreinfo;

use std::time::Instant;

use anyhow::Result;

use crate::configure::Kernel;
use crate::guest;
use crate::options::Options;
use crate::packages;
use crate::progress;
use crate::qemu;
use crate::source;
use crate::workshop::Workshop;

/// So many of the damages and of the boots at other addresses have time here.
const DAMAGES: usize = 2;
const BOOTS: u32 = 3;

/// What has passed and what has not.
pub struct Report {
    passed: u32,
    /// What failed, and why.
    failures: Vec<String>,
    /// What was counted, for the end.
    counts: Vec<String>,
    /// Whether only failures are told.
    quiet: bool,
    started: Instant,
}

impl Report {
    pub fn new() -> Self {
        Self {
            passed: 0,
            failures: Vec::new(),
            counts: Vec::new(),
            quiet: false,
            started: Instant::now(),
        }
    }

    /// One that tells only of failures.
    pub fn quiet() -> Self {
        Self {
            quiet: true,
            ..Self::new()
        }
    }

    /// How many passed, and what failed.
    pub fn results(&self) -> (u32, &[String]) {
        (self.passed, &self.failures)
    }

    /// How many there were.
    fn number(&self) -> usize {
        self.passed as usize + self.failures.len()
    }

    pub fn passed(&mut self, name: &str) {
        self.passed += 1;
        if !self.quiet {
            println!("ok {} - {name}", self.number());
        }
    }

    pub fn failed(&mut self, name: &str, why: &str) {
        self.failures.push(format!("{name}: {why}"));
        println!("not ok {} - {name}", self.number());
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

    /// Says what was counted, now and at the end.
    pub fn count(&mut self, counted: String) {
        println!("# {counted}");
        self.counts.push(counted);
    }

    /// Says what was counted and how many passed. Whether all did.
    pub fn end(&self) -> bool {
        if !self.counts.is_empty() {
            println!("# counted:\n#   {}", self.counts.join("\n#   "));
        }
        println!("# after {}", progress::time(self.started.elapsed()));
        let failed = self.failures.len();
        println!("{} passed, {failed} failed", self.passed);
        failed == 0
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
    let workshop = Workshop::open(options, packages::For::Test)?;
    let Workshop {
        cache, toolchain, ..
    } = &workshop;
    let packaged = source::packaged(options, cache)?;

    let mut report = Report::new();
    report.group("lints", lint::run);
    report.group("layering", layering::run);
    report.group("host tests", host::run);
    report.group("samples", samples::run);
    report.group("apply and unapply", |report| apply::run(report, &packaged));
    report.group("every version of Debian's kernels", |report| {
        versions::run(report, cache)
    });

    report.group("documentation", |report| {
        docs::run(report, cache, &workshop.tree)
    });
    let configs = options
        .chosen_config()
        .map_or(options.arch()?.configs.to_vec(), |config| vec![config]);
    for config in configs {
        report.group(config, |report| {
            let kernel = workshop.configured(options, config)?;
            boot::run(report, options, &kernel)?;
            boot::run_small(report, options, &kernel)?;
            speed::run(report, options, &kernel)?;
            attribution::run(report, &kernel)?;
            let guest = guest::pack(options, &kernel)?;
            let files = qemu::show(options, &guest)?;
            sizes::run(report, &kernel, &files)?;
            vmcoreinfo::run(report, &kernel, &files)?;
            offline::run(report, options, &kernel, &guest, &files)?;
            reproduce::run(report, &kernel)?;
            rebuild::run(report, &kernel)
        });
    }
    report.group(
        "who sees what, damage and address randomisation",
        |report| {
            let config = options.config();
            let kernel = workshop.configured(options, config)?;
            if can(&kernel, CONTAINERS)? {
                boot::run_privacy(report, options, &kernel)?;
            }
            if can(&kernel, DAMAGE)? {
                damaged::run(report, options, &kernel, &damages::DAMAGES[..DAMAGES])?;
            }
            if can(&kernel, ADDRESSES)? {
                kaslr::run(report, options, &kernel, BOOTS)?;
            }
            Ok(())
        },
    );
    report.group("built in or loaded", |report| {
        stability::run(report, options, &workshop)
    });
    let debug_kernels = match options.arch()?.has_debug_kernels {
        true => soak::CONFIGS,
        false => &[],
    };
    for config in debug_kernels {
        report.group(config, |report| {
            soak::test(report, options, &workshop, config)
        });
    }
    report.group("the option off", |report| {
        off::run(report, options, cache, toolchain, &packaged)
    });

    println!(
        "# builds, logs and consoles: {}",
        cache.path.join("build").display()
    );
    Ok(report.end())
}

/// What some tests need of a kernel: containers, a vmlinux that QEMU boots, and other addresses in
/// each boot.
const CONTAINERS: &[&str] = &["CONFIG_USER_NS", "CONFIG_PID_NS"];
const DAMAGE: &[&str] = &["CONFIG_PVH"];
const ADDRESSES: &[&str] = &["CONFIG_RANDOMIZE_BASE"];

/// What of these the kernel has not.
fn missing(kernel: &Kernel, needed: &[&'static str]) -> Result<Option<&'static str>> {
    for &option in needed {
        if !kernel.has(option)? {
            return Ok(Some(option));
        }
    }
    Ok(None)
}

/// Whether the kernel has all of these, or else says what it has not.
fn can(kernel: &Kernel, needed: &[&'static str]) -> Result<bool> {
    let missing = missing(kernel, needed)?;
    if let Some(option) = missing {
        println!("# {} is without {option}: not all is run", kernel.config);
    }
    Ok(missing.is_none())
}
