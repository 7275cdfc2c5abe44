// SPDX-License-Identifier: GPL-2.0

//! Tests that are too long for `make test`. `make reproduce` runs the tests of privacy, damaged tables,
//! address randomisation and a second build. `make soak` adds the debug kernels, fuzzing and Miri; each
//! debug kernel and the fuzzing run for the given number of minutes.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{bail, ensure, Context, Result};

use super::{boot, damaged, damages, host, kaslr, needs, rebuilt, report::Report, reproduce, soak};
use crate::lab::build;
use crate::lab::options::{self, Options, Soak};
use crate::lab::packages;
use crate::lab::workshop::Workshop;

/// The number of boots at random addresses.
const BOOTS: u32 = 10;

/// Fuzz targets that decode tables. At least one of these targets must run.
const DECODERS: [&str; 5] = ["modules", "objects", "show", "sizes", "symbols"];

/// Runs `make soak`. Returns true if all tests passed.
pub fn run(soak: &Soak) -> Result<bool> {
    let (options, minutes) = (&soak.options, soak.minutes);
    ensure!(
        minutes > 0,
        "MINUTES={minutes}: give a number of at least 1"
    );
    let arch = options.arch()?;
    ensure!(
        arch.has_debug_kernels,
        "ARCH={}: tests/kernel has no debug kernels for this architecture; make reproduce needs none",
        arch.name
    );
    // `CONFIG=` limits the run to one debug kernel, without fuzzing, Miri and the tests of `make reproduce`.
    let chosen = options.chosen_config();
    let debugging = options.or_llvm();
    let workshop = Workshop::open(&debugging, packages::For::Test)?;
    let mut report = Report::new();
    for config in chosen.map_or(soak::CONFIGS.to_vec(), |config| vec![config]) {
        report.group(&format!("{config}, for {minutes} min"), |report| {
            soak::run(report, &debugging, &workshop, config, minutes)
        });
    }
    if chosen.is_none() {
        report.group(&format!("fuzzing, for {minutes} min"), |report| {
            fuzz(report, options, minutes)
        });
        report.group("the format code under Miri", miri);
        run_reproduce_tests(&mut report, options, &workshop);
    }
    Ok(report.end())
}

/// Runs `make reproduce`. Returns true if all tests passed.
pub fn reproduce(options: &Options) -> Result<bool> {
    let workshop = Workshop::open(options, packages::For::Test)?;
    let mut report = Report::new();
    run_reproduce_tests(&mut report, options, &workshop);
    Ok(report.end())
}

fn run_reproduce_tests(report: &mut Report, options: &Options, workshop: &Workshop) {
    report.group("privacy, damage and repetition", |report| {
        let kernel = workshop.configured(options, options.config())?;
        let needed = [
            needs::CONTAINERS,
            needs::DAMAGED_BOOT,
            needs::RANDOM_ADDRESSES,
        ]
        .concat();
        if let Some(option) = needs::missing(&kernel, &needed)? {
            bail!("{} has no {option}", kernel.config);
        }
        build::build(&kernel)?;
        report.group("privacy", |report| {
            boot::run_privacy(report, options, &kernel)
        });
        report.group("damaged tables", |report| {
            damaged::run(report, options, &kernel, damages::DAMAGES)
        });
        report.group("address randomisation", |report| {
            kaslr::run(report, options, &kernel, BOOTS)
        });
        report.group("a second build", |report| {
            reproduce::run(report, &kernel)?;
            rebuilt::run(report, &kernel)
        });
        Ok(())
    });
}

/// Runs the script of `make fuzz` for `minutes`.
fn fuzz(report: &mut Report, options: &Options, minutes: u64) -> Result<()> {
    let mut fuzz = Command::new(options::repository()?.join("tests/fuzz/run.sh"));
    fuzz.env("MINUTES", minutes.to_string())
        .env("KALLMODSYMS_CACHE", &options.cache)
        .env_remove("RUNS")
        .env_remove("TARGET");
    let mut child = fuzz.stdout(Stdio::piped()).spawn().context("run.sh")?;
    let stdout = child.stdout.take().context("run.sh has no output")?;
    let (mut output, mut all, mut decoders) = (Vec::new(), 0, 0);
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        println!("# {line}");
        if let Some((target, count)) = executions(&line) {
            report.passed(&format!("fuzzing {target}: {count} executions"));
            all += count;
            decoders += if DECODERS.contains(&target) { count } else { 0 };
        }
        output.push(line);
    }
    let status = child.wait()?;
    report.count(format!(
        "fuzzing: {all} executions, {decoders} of these in targets that decode tables"
    ));
    ensure!(status.success(), "{}", output.join("\n"));
    ensure!(decoders > 0, "no fuzz target that decodes tables ran");
    Ok(())
}

/// The target and the number of executions on a line of the script:
///
/// ```text
/// modules     4128933 executions, none failed
/// ```
fn executions(line: &str) -> Option<(&str, u64)> {
    let mut words = line.split_whitespace();
    let (target, count) = (words.next()?, words.next()?);
    let is_count = words.next() == Some("executions,");
    Some((target, count.parse().ok()?)).filter(|_| is_count)
}

/// Runs the tests of the format code in Miri, an interpreter that detects undefined behaviour.
fn miri(report: &mut Report) -> Result<()> {
    // The variable CARGO names the cargo of one toolchain. That cargo does not accept `+nightly`.
    let mut version = Command::new("cargo");
    version.args(["+nightly", "miri", "--version"]);
    let version = version.output().context("cargo")?;
    if !version.status.success() {
        report.count(
            "Miri was not run, because no nightly toolchain has it; to install it: \
             rustup toolchain install nightly --component miri,rust-src"
                .to_owned(),
        );
        return Ok(());
    }
    let mut cargo = Command::new("cargo");
    cargo.args(["+nightly", "miri", "test", "--locked", "-p", "format"]);
    cargo
        .arg("--manifest-path")
        .arg(options::repository()?.join("tests/Cargo.toml"));
    // proptest reads its current directory, which Miri hides by default.
    let flags = env::var("MIRIFLAGS").unwrap_or_default();
    cargo.env("MIRIFLAGS", format!("{flags} -Zmiri-disable-isolation"));
    let (before, _) = report.results();
    host::count(report, &mut cargo)?;
    let (after, _) = report.results();
    let tests = after - before;
    let version = String::from_utf8_lossy(&version.stdout);
    report.count(format!("{}: {tests} tests passed", version.trim_end()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions_are_counted() {
        let line = "modules     4128933 executions, none failed";
        assert_eq!(executions(line), Some(("modules", 4_128_933)));
        assert_eq!(executions("modules  FAILED"), None);
        assert_eq!(executions("Logs, and the inputs it goes on from: /x"), None);
    }
}
