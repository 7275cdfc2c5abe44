// SPDX-License-Identifier: GPL-2.0

//! Compiles the generator and the format code with the oldest rustc that Kconfig admits. The component needs the
//! kernel's crates; the `trixie` cells of `make matrix` compile it with that rustc.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, ensure, Context, Result};
use serde_json::Value;

use super::report::Report;
use crate::lab::command;
use crate::lab::options::{self, Options};
use crate::lab::release::Release;
use crate::lab::toolchain::{self, Toolchain};
use crate::lab::workshop::Workshop;
use crate::tool;

/// The workspaces, each with a lock file.
const MANIFESTS: &[&str] = &["tests/Cargo.toml", tool::MANIFEST];

pub fn run(report: &mut Report, options: &Options, workshop: &Workshop) -> Result<()> {
    for manifest in MANIFESTS {
        report.check(
            &format!("{manifest}: no locked crate requires a newer rustc than the oldest that Kconfig admits"),
            check_rust_versions(manifest),
        );
    }
    let release = Release::oldest()?;
    let toolchain = Toolchain::from_release(release, &workshop.cache)?;
    let common = common_flags(&workshop.tree.path)?;
    let own = generator_flags()?;
    let generator: Vec<_> = common.iter().chain(&own).map(String::as_str).collect();
    // In the kernel, the format code is a private module, whose items need no documentation.
    let format: Vec<_> = common
        .iter()
        .map(String::as_str)
        .filter(|flag| *flag != "-Wmissing_docs")
        .chain(["--crate-type=lib"])
        .collect();
    for (what, file, flags) in [
        ("the generator", "scripts/kallmodsyms.rs", &generator),
        ("the format code", "rust/format/mod.rs", &format),
    ] {
        report.check(
            &format!(
                "the oldest rustc ({}) compiles {what} with the kernel's flags, without a warning",
                release.name
            ),
            compiles(&toolchain, options, file, flags),
        );
    }
    Ok(())
}

/// Checks the `rust-version` of each locked crate for this host: none is above the oldest rustc that Kconfig
/// admits.
fn check_rust_versions(manifest: &str) -> Result<()> {
    let oldest = toolchain::oldest_rustc()?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["metadata", "--locked", "--format-version", "1"]);
    cargo.args([
        "--filter-platform",
        &format!("{}-unknown-linux-gnu", env::consts::ARCH),
    ]);
    let manifest = options::repository()?.join(manifest);
    let said = command::output(cargo.arg("--manifest-path").arg(manifest))?;
    let metadata: Value = serde_json::from_str(&said)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    // "rust_version":"1.85.0", or null
    let versions = packages.iter().filter_map(|package| {
        let wanted = package["rust_version"].as_str()?;
        let mut numbers = wanted.split('.').map(|number| number.parse().unwrap_or(0));
        let mut number = || numbers.next().unwrap_or(0);
        let version: u32 = 100_000 * number() + 100 * number() + number();
        Some((version, format!("{} wants {wanted}", package["name"])))
    });
    let versions: Vec<_> = versions.collect();
    ensure!(!versions.is_empty(), "no crate has a rust-version");
    let newer: Vec<_> = versions
        .into_iter()
        .filter(|(version, _)| *version > oldest)
        .map(|(_, text)| text)
        .collect();
    ensure!(newer.is_empty(), "{}", newer.join("\n"));
    Ok(())
}

/// The flags that kbuild uses for all Rust code:
///
/// ```text
/// export rust_common_flags := --edition=2021 \
///                 -Zbinary_dep_depinfo=y \
///                 -Wunreachable_pub
/// ```
fn common_flags(tree: &Path) -> Result<Vec<String>> {
    let makefile = tree.join("Makefile");
    let text = fs::read_to_string(&makefile).with_context(|| makefile.display().to_string())?;
    flags_of(&text, "export rust_common_flags := ")
        .with_context(|| format!("{}: no rust_common_flags", makefile.display()))
}

/// The flags that kbuild adds to the common flags for the generator, a program of the host.
fn generator_flags() -> Result<Vec<String>> {
    let makefile = options::repository()?.join("scripts/Makefile");
    let text = fs::read_to_string(&makefile).with_context(|| makefile.display().to_string())?;
    let flags = flags_of(&text, "HOSTRUSTFLAGS_kallmodsyms := ");
    let mut flags = flags.with_context(|| makefile.display().to_string())?;
    // kbuild uses these flags for all Rust programs of the host, in KBUILD_HOSTRUSTFLAGS.
    let more = ["-O", "-Cstrip=debuginfo", "-Zallow-features="];
    flags.extend(more.map(str::to_owned));
    Ok(flags)
}

/// The words of an assignment in a makefile. A backslash at the end of a line continues the assignment.
fn flags_of(text: &str, assignment: &str) -> Option<Vec<String>> {
    let mut lines = text
        .lines()
        .skip_while(|line| !line.starts_with(assignment));
    let first = lines.next()?.strip_prefix(assignment)?;
    let mut flags = Vec::new();
    let mut line = first;
    loop {
        let (words, goes_on) = match line.strip_suffix('\\') {
            Some(words) => (words, true),
            None => (line, false),
        };
        flags.extend(words.split_whitespace().map(str::to_owned));
        if !goes_on {
            return Some(flags);
        }
        line = lines.next()?;
    }
}

fn compiles(toolchain: &Toolchain, options: &Options, file: &str, flags: &[&str]) -> Result<()> {
    // A rustc of another release sees this directory, too: it sees another `/usr` than the host, and no other
    // difference.
    let scratch = tempfile::tempdir_in(&options.cache)?;
    let made = scratch.path().join("made");
    let mut rustc = toolchain.run_rustc();
    rustc
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["-Clinker-flavor=gcc", "-Clinker=gcc", "-Dwarnings"])
        .args(flags)
        .arg("-o")
        .arg(&made)
        .arg(options::repository()?.join(file));
    command::output(&mut rustc)?;
    if !made.exists() {
        bail!("{file}: rustc wrote no file");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_go_over_several_lines() {
        let text = "a := -b\nexport flags := --edition=2021 \\\n\t -Zx=y \\\n\t -Wz\nother := -v\n";
        let flags = flags_of(text, "export flags := ").unwrap();
        assert_eq!(flags, ["--edition=2021", "-Zx=y", "-Wz"]);
        assert_eq!(flags_of(text, "flags := "), None);
    }
}
