// SPDX-License-Identifier: GPL-2.0

//! `make kselftest`: runs the kernel's own tests in a kernel with the option and in a kernel without the
//! option. Both kernels must have the same results, line by line.

mod initramfs;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{anyhow, Context, Result};

use crate::lab::build;
use crate::lab::configure::Kernel;
use crate::lab::guest::Guest;
use crate::lab::options::Options;
use crate::lab::packages;
use crate::lab::progress::Phase;
use crate::lab::qemu;
use crate::lab::source;
use crate::lab::workshop::Workshop;
use crate::matrix::state;
use crate::test::lists::{self, WITH, WITHOUT};
use crate::test::report::Report;

/// Runs `make kselftest`. Returns true if all results are the same.
pub fn run(options: &Options) -> Result<bool> {
    let workshop = Workshop::open(options, packages::For::Kselftest)?;
    let packaged = source::packaged(options, &workshop.cache)?;
    let untouched = packaged.pristine.as_ref().context("no untouched tree")?;
    let tests = |config| {
        let kernel = workshop.configured(options, config)?;
        let state = state::of_kernel(config, untouched, &workshop.toolchain, options)?;
        Tests::prepare(options, kernel, untouched, state)
    };
    let (with, without) = (tests(WITH)?, tests(WITHOUT)?);
    // The tests use one processor most of the time, so two guests together take the time of one.
    let (with, without) = thread::scope(|scope| {
        let without = scope.spawn(|| without.results(options));
        (with.results(options), without.join())
    });
    let without = without.map_err(|_| anyhow!("the thread of the second guest panicked"))?;
    let (with, without) = (with?, without?);

    let mut report = Report::new();
    report.count(format!(
        "{} with the option: {}",
        options.kernel,
        summary(&with)
    ));
    report.check(
        "the kernel's own tests have the same results with the option and without",
        lists::same("results", &with, &without),
    );
    Ok(report.end())
}

/// The tests of one kernel.
struct Tests {
    config: String,
    /// The file of stored results. Its first line is the `state` of these results.
    file: PathBuf,
    /// The hash of this repository, the configuration, the kernel and the compilers.
    state: String,
    /// The guest to boot, unless the results of this state are stored.
    guest: Option<Guest>,
}

impl Tests {
    /// Builds the kernel and the initramfs of its guest, unless the results of this state are stored.
    fn prepare(options: &Options, kernel: Kernel, untouched: &Path, state: String) -> Result<Self> {
        let file = kernel.objtree.join("kselftest/results");
        let guest = match stored(&file, &state) {
            Some(_) => None,
            None => {
                build::build(&kernel)?;
                Some(initramfs::make(options, &kernel, untouched)?)
            }
        };
        Ok(Self {
            config: kernel.config,
            file,
            state,
            guest,
        })
    }

    /// The results, one in each line. Boots the guest if the results are not stored, and stores them.
    fn results(&self, options: &Options) -> Result<Vec<String>> {
        let results = match &self.guest {
            None => {
                println!(
                    "# {}: stored results, as the sources did not change",
                    self.config
                );
                stored(&self.file, &self.state).context("the stored results disappeared")?
            }
            Some(guest) => {
                let results = boot(options, &self.config, guest)?;
                fs::write(&self.file, format!("{}\n{results}", self.state))
                    .with_context(|| self.file.display().to_string())?;
                results
            }
        };
        Ok(results.lines().map(str::to_owned).collect())
    }
}

/// The results that are stored in `file`, if they are of this state.
fn stored(file: &Path, state: &str) -> Option<String> {
    let stored = fs::read_to_string(file).ok()?;
    let results = stored.strip_prefix(state)?.strip_prefix('\n')?;
    Some(results.to_owned())
}

/// Boots the guest that runs the tests. Returns one line for each result.
fn boot(options: &Options, config: &str, guest: &Guest) -> Result<String> {
    let mut phase = Phase::start("kselftest");
    phase.announce(&format!(
        "{config}: running the kernel's tests under QEMU, which takes up to half an hour"
    ));
    let sent = qemu::kselftest(options, guest, |line| {
        // "# livepatch_test-ftrace.sh: exit code 0"
        if let Some(result) = line.strip_prefix("# ") {
            phase.update(&format!("{config}: {result}"));
        }
    })?;
    phase.done(config);
    println!("# the tests and their output: {}", sent.display());
    let results = sent.join("results");
    fs::read_to_string(&results).with_context(|| results.display().to_string())
}

/// Counts the results and the failures. A failure is `not ok`, or an exit code other than 0 and 4.
fn summary(results: &[String]) -> String {
    let failed = |result: &&String| {
        let code = result.split("exit code ").nth(1);
        result.contains("not ok") || code.is_some_and(|code| code != "0" && code != SKIPPED)
    };
    format!(
        "{} results, {} of them failures",
        results.len(),
        results.iter().filter(failed).count()
    )
}

/// The exit code of a selftest that is skipped, because the kernel or the machine lacks a feature.
const SKIPPED: &str = "4";

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn failures_are_counted() {
        let results = [
            "proc_read: exit code 0",
            "proc_self: exit code 1",
            "proc_setns: exit code 4",
            "ftrace: ok 1 Basic trace file check",
            "ftrace: not ok 2 Basic test for tracers",
        ];
        let results = results.map(str::to_owned);
        assert_eq!(summary(&results), "5 results, 2 of them failures");
    }
}
