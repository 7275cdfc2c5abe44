// SPDX-License-Identifier: GPL-2.0

//! Installs drgn with pip, once, into a directory of the cache. Debian 12 has only an older drgn.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::lab::command;
use crate::lab::progress::Phase;

const DRGN: &str = "0.3.0";

/// The program drgn, installed into `cache`.
pub fn drgn(cache: &Path) -> Result<PathBuf> {
    let root = std::path::absolute(cache)?.join(format!("tools/drgn-{DRGN}"));
    let program = root.join("bin/drgn");
    if program.exists() {
        return Ok(program);
    }
    let mut phase = Phase::start("drgn");
    phase.announce(&format!("installing {DRGN}, once"));
    fs::create_dir_all(&root).with_context(|| root.display().to_string())?;
    let mut python = Command::new("python3");
    command::output(python.args(["-m", "venv"]).arg(&root))?;
    let mut pip = Command::new(root.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]);
    command::output(pip.arg(format!("drgn=={DRGN}")))?;
    phase.done("installed");
    Ok(program)
}
