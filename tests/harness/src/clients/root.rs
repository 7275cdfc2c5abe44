// SPDX-License-Identifier: GPL-2.0

//! Makes the disk with the clients: a root file system of Debian unstable, as no stable release has all
//! clients. The packages come from the mirror of this host, and the disk stays in the cache.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::lab::bootstrap;
use crate::lab::cache::Cache;
use crate::lab::progress::Phase;

const SUITE: &str = "unstable";

const PACKAGES: &[&str] = &[
    "bpftrace",
    "dtrace",
    "linux-perf",
    "python3-drgn",
    "trace-cmd",
];

/// The disk. The harness makes the disk once, and again if [`PACKAGES`] changes.
pub fn image(cache: &Cache) -> Result<PathBuf> {
    let directory = cache.path.join("clients");
    let image = directory.join(format!("{SUITE}.ext2"));
    let stamp = directory.join("packages");
    let packages = PACKAGES.join(",");
    if image.exists() && fs::read_to_string(&stamp).is_ok_and(|installed| installed == packages) {
        return Ok(image);
    }
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;

    let mut phase = Phase::start("root");
    phase.announce(&format!(
        "a file system of Debian {SUITE} with {packages}, once"
    ));
    let partial = directory.join("partial.ext2");
    let options =
        ["doc", "locale", "man"].map(|part| format!("--dpkgopt=path-exclude=/usr/share/{part}/*"));
    bootstrap::make(&directory, SUITE, &packages, &options, &partial)?;
    fs::rename(&partial, &image)?;
    fs::write(&stamp, packages)?;
    phase.done(&image.display().to_string());
    Ok(image)
}
