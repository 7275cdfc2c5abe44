// SPDX-License-Identifier: GPL-2.0

//! Builds a kernel, boots it, and reports the results of its guest tests.

use std::fs;

use anyhow::{bail, Context, Result};

use super::report::Report;
use crate::lab::build;
use crate::lab::configure::Kernel;
use crate::lab::guest;
use crate::lab::options::Options;
use crate::lab::qemu;
use crate::lab::tap::{self, Line};

pub fn run(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<()> {
    build::build(kernel)?;
    let guest = guest::pack_for_tests(options, kernel)?;
    let mut results = Results::new(&kernel.config);
    qemu::test(options, &guest, |line| results.take(report, line))?;
    results.end()
}

/// The least memory of a guest with little memory, in MiB.
const LITTLE_MEMORY: u64 = 64;

/// Boots a built kernel on a machine with little memory.
pub fn run_small(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<()> {
    let guest = guest::pack(options, kernel)?;
    let vmlinux = kernel.objtree.join("vmlinux");
    let vmlinux = fs::metadata(&vmlinux).with_context(|| vmlinux.display().to_string())?;
    // A kernel with a large image needs more memory while it boots.
    let memory = LITTLE_MEMORY.max(2 * (vmlinux.len() >> 20) + 16);
    let memory = format!("{memory}M");
    let mut results = Results::new(&format!("{} with {memory}", kernel.config));
    qemu::test_small(options, &guest, &memory, |line| results.take(report, line))?;
    results.end()
}

/// Boots a built kernel with the privacy tests: processes with different rights open and read the file.
pub fn run_privacy(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<()> {
    let guest = guest::pack(options, kernel)?;
    let mut results = Results::new(&kernel.config);
    qemu::test_privacy(options, &guest, |line| results.take(report, line))?;
    report.count(format!("{}: {} privacy tests", kernel.config, results.seen));
    results.end()
}

/// The results of a guest's tests, as they arrive.
pub struct Results {
    /// The prefix of the names of the tests.
    name: String,
    /// The number of tests that the guest planned.
    plan: Option<u32>,
    /// The number of results so far.
    seen: u32,
    /// The comments since the last result. The report of a failure repeats them.
    comments: Vec<String>,
}

impl Results {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            plan: None,
            seen: 0,
            comments: Vec::new(),
        }
    }

    /// Reports the result on a line of the console, if the line has a result.
    pub fn take(&mut self, report: &mut Report, line: &str) {
        match tap::parse(line) {
            Some(Line::Plan(count)) => self.plan = Some(count),
            Some(Line::Comment(comment)) => self.comments.push(comment),
            Some(Line::Passed(name)) => {
                self.seen += 1;
                self.comments.clear();
                report.passed(&format!("{}: {name}", self.name));
            }
            Some(Line::Failed(name)) => {
                self.seen += 1;
                report.failed(&format!("{}: {name}", self.name), &self.comments.join("\n"));
                self.comments.clear();
            }
            // Bail out! /proc/kallsyms: No such file or directory
            None if line.starts_with("Bail out!") => self.comments.push(line.to_owned()),
            None => {}
        }
    }

    /// Fails if the guest did not run all tests that it planned.
    pub fn end(self) -> Result<()> {
        match self.plan {
            Some(count) if count == self.seen && count > 0 => Ok(()),
            Some(count) => bail!("the guest planned {count} tests and ran {}", self.seen),
            None => bail!(
                "the guest's tests did not finish\n{}",
                self.comments.join("\n")
            ),
        }
    }
}
