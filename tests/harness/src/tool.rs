// SPDX-License-Identifier: GPL-2.0

//! The command for people, `tools/kallmodsyms/`, compiled for this host.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::lab::command;
use crate::lab::options;
use crate::lab::progress::Phase;

pub const MANIFEST: &str = "tools/kallmodsyms/Cargo.toml";

/// The program. `make tool` compiles it, where it is not yet as the sources are.
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
    let said = command::output(&mut make).context(
        "the command kallmodsyms, which reads a vmlinux, was not compiled; `make tool` tries again",
    )?;
    phase.done("compiled");
    // Its last line is the path.
    let path = said.lines().last().context("`make tool` printed no path")?;
    Ok(PathBuf::from(path))
}

/// Cargo on the crate of the program. Its output is apart from that of the tests, which have a program of
/// this name too: the generator.
pub fn cargo(subcommand: &str) -> Result<Command> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args([subcommand, "--locked", "--release", "--manifest-path"]);
    cargo.arg(options::repository()?.join(MANIFEST));
    if let Some(directory) = env::var_os("CARGO_TARGET_DIR") {
        // As the Makefile has it.
        cargo
            .arg("--target-dir")
            .arg(Path::new(&directory).join("tool"));
    }
    Ok(cargo)
}
