// SPDX-License-Identifier: GPL-2.0

//! Reads the configurations of Debian's own kernels from the package `linux-config-<series>`. The
//! harness unpacks the package into the cache and does not install it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::fetch;

/// The placeholder for the architecture in a flavour's name.
const ARCHITECTURE: &str = "ARCH";

/// The text of a configuration: `flavour` as in `none_cloud-ARCH`, and Debian's name of the architecture
/// as in `amd64`.
pub fn config(cache: &Cache, series: &str, architecture: &str, flavour: &str) -> Result<String> {
    let package = format!("linux-config-{series}");
    let root = fetch::unpacked(cache, architecture, &package)?;
    let file = root
        .join("usr/src")
        .join(&package)
        .join(file_name(architecture, flavour));
    read(&file).with_context(|| format!("{package} for {architecture}"))
}

/// `config.amd64_none_cloud-amd64.xz`
fn file_name(architecture: &str, flavour: &str) -> String {
    let flavour = flavour.replace(ARCHITECTURE, architecture);
    format!("config.{architecture}_{flavour}.xz")
}

fn read(file: &Path) -> Result<String> {
    command::output(
        Command::new("xz")
            .arg("--decompress")
            .arg("--stdout")
            .arg(file),
    )
    .with_context(|| file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_has_the_flavour_and_the_architecture() {
        let name = file_name("amd64", "none_cloud-ARCH");
        assert_eq!(name, "config.amd64_none_cloud-amd64.xz");
        let name = file_name("arm64", "none_ARCH");
        assert_eq!(name, "config.arm64_none_arm64.xz");
        let error = read(Path::new("/nowhere/config.xz")).unwrap_err();
        assert!(format!("{error:#}").contains("/nowhere/config.xz"));
    }
}
