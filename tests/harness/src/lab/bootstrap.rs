// SPDX-License-Identifier: GPL-2.0

//! Makes file systems of a release of Debian with mmdebstrap. Their packages come from the mirror of this
//! host.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};
use tempfile::NamedTempFile;

use crate::lab::command;

/// The settings of the host's apt that mmdebstrap's apt needs too.
const SETTINGS: &[&str] = &[
    "Acquire::Check-Valid-Until",
    "Acquire::http::Proxy",
    "Acquire::https::Proxy",
];

/// Makes `target`, a file system of `suite` with `packages`, and writes mmdebstrap's log to `directory`.
/// `options` are additional arguments of mmdebstrap.
pub fn make(
    directory: &Path,
    suite: &str,
    packages: &str,
    options: &[String],
    target: &Path,
) -> Result<()> {
    let mut mmdebstrap = Command::new("mmdebstrap");
    mmdebstrap.args(["--variant=minbase", &format!("--include={packages}")]);
    mmdebstrap.arg("--aptopt=APT::Install-Recommends \"false\"");
    // The address of a proxy may have a password: other users can read arguments, but not this file.
    let mut configuration = NamedTempFile::new_in(directory)?;
    for setting in settings()? {
        writeln!(configuration, "{setting}")?;
    }
    mmdebstrap.arg(format!("--aptopt={}", configuration.path().display()));
    mmdebstrap.args(options);
    mmdebstrap.arg(suite).arg(target).arg(mirror()?);
    command::logged(
        &mut mmdebstrap,
        &directory.join(format!("mmdebstrap-{suite}.log")),
    )
}

/// The mirror that this host's packages come from.
fn mirror() -> Result<String> {
    let mut targets = Command::new("apt-get");
    targets.args(["indextargets", "--format", "$(REPO_URI)"]);
    targets.args(["Created-By: Packages", "Origin: Debian", "Label: Debian"]);
    let uris = command::output(&mut targets)?;
    let first = uris.lines().next().map(str::to_owned);
    first.context(
        "apt has no mirror of Debian here: add a mirror to its sources, and run apt-get update",
    )
}

/// The host's values of [`SETTINGS`], as `Acquire::Check-Valid-Until "false";`.
fn settings() -> Result<Vec<String>> {
    let dump = command::output(Command::new("apt-config").arg("dump"))?;
    let is_wanted = |line: &&str| {
        let name = line.split(' ').next();
        name.is_some_and(|name| SETTINGS.contains(&name))
    };
    let settings: Vec<_> = dump.lines().filter(is_wanted).map(str::to_owned).collect();
    ensure!(!dump.is_empty(), "apt-config dump printed nothing");
    Ok(settings)
}
