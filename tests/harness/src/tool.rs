// SPDX-License-Identifier: GPL-2.0

//! Compiles the command `kallmodsyms`, the crate in `tools/kallmodsyms/`, for this host.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::lab::command;
use crate::lab::options;
use crate::lab::progress::Phase;

pub const MANIFEST: &str = "tools/kallmodsyms/Cargo.toml";

/// Compiles the program with `make tool`, and returns its path.
pub fn build() -> Result<PathBuf> {
    let mut phase = Phase::start("tool");
    phase.update("compiling");
    let mut make = Command::new("make");
    make.arg("--silent")
        .arg("--no-print-directory")
        .arg("-C")
        .arg(options::repository()?)
        .arg("tool");
    for variable in ["MAKEFLAGS", "MAKELEVEL", "MFLAGS"] {
        make.env_remove(variable);
    }
    let output = command::output(&mut make).context(
        "`make tool` did not compile kallmodsyms, the command that reads a vmlinux; run make tool to try again",
    )?;
    phase.done("compiled");
    // The last line of the output is the path.
    let path = output
        .lines()
        .last()
        .context("`make tool` printed no path")?;
    Ok(PathBuf::from(path))
}

/// Links the command without shared libraries, for a guest that has none. Stores it in the file `program`.
pub fn build_static(program: &Path) -> Result<()> {
    let mut phase = Phase::start("tool");
    phase.update("linking for the guest");
    let mut cargo = cargo("rustc")?;
    cargo.args(["--quiet", "--bin", "kallmodsyms"]);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    cargo.args(["--", "-C", "target-feature=+crt-static"]);
    let said = command::output(&mut cargo)?;
    // Each line of cargo's output is a JSON object. The last path of an executable is the path of the program.
    let mut paths = said.lines().filter_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        line["executable"].as_str().map(PathBuf::from)
    });
    let built = paths.next_back().context("cargo made no program")?;
    fs::copy(&built, program).with_context(|| built.display().to_string())?;
    phase.done("linked for the guest");
    Ok(())
}

/// A cargo command for the crate of the program. The tests' target directory has the generator, which has
/// the same name, so this crate has its own target directory.
pub fn cargo(subcommand: &str) -> Result<Command> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args([subcommand, "--locked", "--release", "--manifest-path"]);
    cargo.arg(options::repository()?.join(MANIFEST));
    if let Some(directory) = env::var_os("CARGO_TARGET_DIR") {
        // The Makefile uses the same directory.
        cargo
            .arg("--target-dir")
            .arg(Path::new(&directory).join("tool"));
    }
    Ok(cargo)
}
