// SPDX-License-Identifier: GPL-2.0

//! Runs `cargo test` in the workspace of the tests and in the tool, and reports each test.

use std::env;
use std::process::Command;

use anyhow::{Context, Result};
use clap::CommandFactory;

use super::report::Report;
use crate::lab::options::{self, Cli};
use crate::lab::progress::Phase;
use crate::tool;

pub fn run(report: &mut Report) -> Result<()> {
    let mut phase = Phase::start("host tests");
    phase.announce("cargo test");
    let mut cargo = cargo("test")?;
    cargo.args(["--workspace", "--no-fail-fast"]);
    without_options(&mut cargo);
    let result = count(report, &mut cargo).and_then(|()| {
        phase.announce("cargo test of the tool");
        count(report, tool::cargo("test")?.arg("--no-fail-fast"))
    });
    phase.done("done");
    result
}

/// Removes the environment variables that set options of the harness, for example `KERNEL`. Tests of the
/// harness set the variables that they need.
fn without_options(cargo: &mut Command) {
    for command in Cli::command().get_subcommands() {
        for variable in command
            .get_arguments()
            .filter_map(|option| option.get_env())
        {
            cargo.env_remove(variable);
        }
    }
}

/// Runs `cargo`, a `cargo test` command, and reports the result of each test that was not ignored.
pub fn count(report: &mut Report, cargo: &mut Command) -> Result<()> {
    let result = cargo.output().context("cargo test")?;
    let stdout = String::from_utf8_lossy(&result.stdout).into_owned();
    let mut counted = 0;
    for line in stdout.lines() {
        // For example: test tap::tests::lines_of_each_kind ... ok
        let Some((name, outcome)) = line
            .strip_prefix("test ")
            .and_then(|line| line.split_once(" ... "))
        else {
            continue;
        };
        match outcome {
            "ok" => report.passed(name),
            outcome if outcome.starts_with("ignored") => continue,
            _ => report.failed(name, &failure_of(&stdout, name)),
        }
        counted += 1;
    }
    let all_is_told = result.status.success() || stdout.contains("test result: FAILED");
    if counted == 0 || !all_is_told {
        report.failed("cargo test", &String::from_utf8_lossy(&result.stderr));
    }
    Ok(())
}

/// The output of a failed test: the lines after `---- tap::tests::lines_of_each_kind stdout ----`.
fn failure_of(stdout: &str, name: &str) -> String {
    let start = format!("---- {name} stdout ----");
    let block = stdout.lines().skip_while(|line| *line != start).skip(1);
    block
        .take_while(|line| !line.starts_with("---- ") && *line != "failures:")
        .collect::<Vec<_>>()
        .join("\n")
}

/// A cargo command for the workspace of the tests.
pub fn cargo(subcommand: &str) -> Result<Command> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args([subcommand, "--locked", "--release", "--manifest-path"]);
    cargo.arg(options::repository()?.join("tests/Cargo.toml"));
    Ok(cargo)
}
