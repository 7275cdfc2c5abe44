// SPDX-License-Identifier: GPL-2.0

//! The root file system with the clients, as a disk: Debian unstable, the first release that has
//! all of them. Its packages come from the mirror of this host, and the disk stays in the cache.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{ensure, Context, Result};
use tempfile::NamedTempFile;

use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::progress::Phase;

const SUITE: &str = "unstable";

const PACKAGES: &[&str] = &["bpftrace", "dtrace", "linux-perf", "trace-cmd"];

/// The parts of the host's configuration of apt that the root file system needs.
const SETTINGS: &[&str] = &[
    "Acquire::Check-Valid-Until",
    "Acquire::http::Proxy",
    "Acquire::https::Proxy",
];

/// The disk, made once.
pub fn image(cache: &Cache) -> Result<PathBuf> {
    let directory = cache.path.join("clients");
    let image = directory.join(format!("{SUITE}.ext2"));
    let stamp = directory.join("packages");
    let packages = PACKAGES.join(",");
    if image.exists() && fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == packages) {
        return Ok(image);
    }
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;

    let mut phase = Phase::start("root");
    phase.announce(&format!(
        "a file system of Debian {SUITE} with {packages}, once"
    ));
    let partial = directory.join("partial.ext2");
    let mut mmdebstrap = Command::new("mmdebstrap");
    mmdebstrap.args(["--variant=minbase", &format!("--include={packages}")]);
    for part in ["doc", "locale", "man"] {
        mmdebstrap.arg(format!("--dpkgopt=path-exclude=/usr/share/{part}/*"));
    }
    mmdebstrap.arg("--aptopt=APT::Install-Recommends \"false\"");
    // In a file, which nobody else can read: the address of a proxy may have a password.
    let mut configuration = NamedTempFile::new_in(&directory)?;
    for setting in settings()? {
        writeln!(configuration, "{setting}")?;
    }
    mmdebstrap.arg(format!("--aptopt={}", configuration.path().display()));
    mmdebstrap.arg(SUITE).arg(&partial).arg(mirror()?);
    command::logged(&mut mmdebstrap, &directory.join("mmdebstrap.log"))?;
    fs::rename(&partial, &image)?;
    fs::write(&stamp, packages)?;
    phase.done(&image.display().to_string());
    Ok(image)
}

/// The mirror of this host's packages.
fn mirror() -> Result<String> {
    let mut targets = Command::new("apt-get");
    targets.args(["indextargets", "--format", "$(REPO_URI)"]);
    targets.args(["Created-By: Packages", "Origin: Debian", "Label: Debian"]);
    let uris = command::output(&mut targets)?;
    let first = uris.lines().next().map(str::to_owned);
    first.context("apt knows no mirror of Debian here: look at its sources, and run apt-get update")
}

/// `Acquire::Check-Valid-Until "false";`
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
