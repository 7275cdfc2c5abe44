// SPDX-License-Identifier: GPL-2.0

//! `make kselftest`: runs the kernel's own tests in a kernel with the option and in a kernel without the
//! option. Both kernels must have the same results, line by line.

mod pack;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::lab::build;
use crate::lab::configure::Kernel;
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
    let results = |config| {
        let kernel = workshop.configured(options, config)?;
        let state = state::of_kernel(config, untouched, &workshop.toolchain, options)?;
        results(options, &kernel, untouched, &state)
    };
    let (with, without) = (results(WITH)?, results(WITHOUT)?);

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

/// The results of one kernel. Stored results of this state are used; otherwise the tests run again.
fn results(
    options: &Options,
    kernel: &Kernel,
    untouched: &Path,
    state: &str,
) -> Result<Vec<String>> {
    let file = kernel.objtree.join("kselftest/results");
    let stored = fs::read_to_string(&file).unwrap_or_default();
    let of_this_state = stored.strip_prefix(state);
    let text = match of_this_state.and_then(|rest| rest.strip_prefix('\n')) {
        Some(results) => {
            println!(
                "# {}: stored results, as the sources did not change",
                kernel.config
            );
            results.to_owned()
        }
        None => {
            build::build(kernel)?;
            let results = boot(options, kernel, untouched)?;
            fs::write(&file, format!("{state}\n{results}"))
                .with_context(|| file.display().to_string())?;
            results
        }
    };
    Ok(text.lines().map(str::to_owned).collect())
}

/// Boots the guest that runs the tests. Returns one line for each result.
fn boot(options: &Options, kernel: &Kernel, untouched: &Path) -> Result<String> {
    let guest = pack::pack(options, kernel, untouched)?;
    let mut phase = Phase::start("kselftest");
    phase.announce("running the kernel's tests under QEMU, which takes up to half an hour");
    let sent = qemu::kselftest(options, &guest, |line| {
        // "# livepatch_test-ftrace.sh: exit code 0"
        if let Some(result) = line.strip_prefix("# ") {
            phase.update(&format!("{}: {result}", kernel.config));
        }
    })?;
    phase.done(&kernel.config);
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
