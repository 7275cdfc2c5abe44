// SPDX-License-Identifier: GPL-2.0

//! Runs rustfmt, clippy and shellcheck, and checks that every file names its licence.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, ensure, Context, Result};

use super::{host, report::Report};
use crate::lab::command;
use crate::lab::options;
use crate::tool;

pub fn run(report: &mut Report) -> Result<()> {
    let files = source_files(&options::repository()?)?;
    report.check("rustfmt changes nothing", rustfmt(&files, None));
    let on_tests = host::cargo("clippy").and_then(clippy);
    report.check(
        "clippy prints no warning about the workspace in tests/",
        on_tests,
    );
    let on_tool = tool::cargo("clippy").and_then(clippy);
    report.check("clippy prints no warning about the tool", on_tool);
    report.check("rustdoc prints no warning about the tool", tool_pages());
    report.check("shellcheck prints no warning", shellcheck(&files));
    report.check("every file names its licence", licences(&files));
    Ok(())
}

/// Makes the pages of the tool's library, without the pages of its dependencies.
fn tool_pages() -> Result<()> {
    let mut doc = tool::cargo("doc")?;
    doc.args(["--quiet", "--no-deps", "--lib"])
        .env("RUSTDOCFLAGS", "-D warnings");
    command::output(&mut doc).map(drop)
}

/// The files of the repository that git does not ignore. Git ignores the files of builds.
pub fn source_files(repository: &Path) -> Result<Vec<PathBuf>> {
    let mut git = Command::new("git");
    git.arg("-C").arg(repository);
    git.args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]);
    let names = command::output(&mut git)?;
    let files = names
        .split_terminator('\0')
        .map(|name| repository.join(name));
    Ok(files.filter(|file| file.is_file()).collect())
}

pub fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|of_file| of_file == extension)
}

/// Checks the format of the Rust files among `files`, with rustfmt's settings in the file `settings`.
pub fn rustfmt(files: &[PathBuf], settings: Option<&Path>) -> Result<()> {
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--check", "--files-with-diff", "--edition", "2021"]);
    if let Some(settings) = settings {
        rustfmt.arg("--config-path").arg(settings);
    }
    rustfmt.args(files.iter().filter(|file| has_extension(file, "rs")));
    let result = rustfmt
        .output()
        .context("rustfmt (rustup component add rustfmt)")?;
    ensure!(
        result.status.success(),
        "{}{}",
        String::from_utf8_lossy(&result.stdout),
        String::from_utf8_lossy(&result.stderr)
    );
    Ok(())
}

fn clippy(mut cargo: Command) -> Result<()> {
    cargo.args(["--quiet", "--workspace", "--all-targets", "--"]);
    // clippy looks up each name with the options before it, so this option comes first.
    cargo.args(["-A", "unknown-lints", "-D", "warnings"]);
    // clippy of Rust 1.85 has these lints on by default, the first lint under another name. Later versions
    // have both lints off by default.
    for lint in ["clippy::precedence-bits", "clippy::format-collect"] {
        cargo.args(["-D", lint]);
    }
    command::output(&mut cargo).map(drop)
}

fn shellcheck(files: &[PathBuf]) -> Result<()> {
    let is_script = |file: &&PathBuf| {
        fs::read(file)
            .is_ok_and(|text| text.starts_with(b"#!/bin/sh") || text.starts_with(b"#!/bin/bash"))
    };
    let mut shellcheck = Command::new("shellcheck");
    let result = shellcheck
        .args(files.iter().filter(is_script))
        .output()
        .context("shellcheck")?;
    ensure!(
        result.status.success(),
        "{}",
        String::from_utf8_lossy(&result.stdout)
    );
    Ok(())
}

/// Fails if a file does not name its licence in its first two lines. Recorded files, inputs for fuzzing,
/// pictures and lock files cannot name a licence.
fn licences(files: &[PathBuf]) -> Result<()> {
    let cannot = |file: &Path| {
        let is_data = |part: &OsStr| part == "fixtures" || part == "corpus";
        let is_picture = has_extension(file, "png");
        is_picture || file.ends_with("Cargo.lock") || file.iter().any(is_data)
    };
    let without: Vec<_> = files
        .iter()
        .filter(|file| !cannot(file))
        .filter(|file| {
            let text = fs::read_to_string(file).unwrap_or_default();
            !text
                .lines()
                .take(2)
                .any(|line| line.contains("SPDX-License-Identifier: GPL-2.0"))
        })
        .map(|file| file.display().to_string())
        .collect();
    if !without.is_empty() {
        bail!(
            "no SPDX-License-Identifier in the first two lines of\n{}",
            without.join("\n")
        );
    }
    Ok(())
}
