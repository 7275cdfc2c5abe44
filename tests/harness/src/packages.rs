// SPDX-License-Identifier: GPL-2.0

//! The Debian packages that a phase needs, installed where that is allowed.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{bail, Context, Result};

use crate::arch::Arch;
use crate::command;
use crate::options::Options;
use crate::progress::Phase;
use crate::toolchain;

pub enum For {
    Boot,
    Bench,
    Clients,
    Matrix,
    Test,
    Docs,
    Editor,
}

/// To configure and build a kernel, and to make and boot the guest.
const BUILD: &[&str] = &[
    "bc",
    "binutils",
    "bison",
    "busybox-static",
    "flex",
    "gcc",
    "kmod",
    "libc6-dev",
    "libclang-19-dev",
    "libelf-dev",
    "libssl-dev",
    "make",
    "patch",
    "perl",
    "tar",
    "xz-utils",
];
const LLVM: &[&str] = &["clang-19", "lld-19", "llvm-19"];
/// What the generator is compared with is written in awk; `time` tells how much memory a program takes.
const BENCH: &[&str] = &["gawk", "time"];
/// What lints; groff-base and mandoc read the man pages.
const TEST: &[&str] = &["groff-base", "mandoc", "shellcheck"];
/// For the kernel's htmldocs, which draws figures with graphviz.
const DOCS: &[&str] = &[
    "fonts-dejavu-core",
    "graphviz",
    "make",
    "patch",
    "perl",
    "python3-sphinx",
    "tar",
    "xz-utils",
];
/// What one of the variants needs: a description of types.
const MATRIX: &[&str] = &["pahole", "zlib1g-dev"];
/// To make a root file system, and what the kernel needs to describe its types.
const CLIENTS: &[&str] = &[
    "debian-archive-keyring",
    "gawk",
    "genext2fs",
    "mmdebstrap",
    "pahole",
    "zlib1g-dev",
];

/// Makes sure that all packages are there.
pub fn install(options: &Options, purpose: For) -> Result<()> {
    if command::in_path("dpkg-query").is_empty() {
        if options.kdir().is_some() {
            return Ok(());
        }
        bail!("this is not Debian: give a kernel tree of your own, as in make run KDIR=/path/to/linux");
    }
    let source = options.source_package();
    if !is_installed(&source) && !is_offered(&source) && !has_lists() {
        // A fresh container: only now can be told what there is.
        if let Some(root) = become_root() {
            apt_get(root, &["update"])?;
        }
    }
    let missing: Vec<_> = wanted(options, purpose)?
        .into_iter()
        .filter(|package| !is_installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let Some(root) = become_root() else {
        bail!("some packages are missing; install them with\n  apt-get update && apt-get install {list}");
    };
    let mut phase = Phase::start("packages");
    phase.announce(&format!("installing {list}"));
    let by_hand = || {
        format!(
            "the packages were not installed. Is the network there, and does this release of \
             Debian have them? By hand it is\n  apt-get update && apt-get install {list}"
        )
    };
    apt_get(root, &["update"]).with_context(by_hand)?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(missing.iter().map(String::as_str));
    apt_get(root, &install).with_context(by_hand)?;
    phase.done("installed");
    Ok(())
}

fn wanted(options: &Options, purpose: For) -> Result<Vec<String>> {
    let mut wanted = Vec::new();
    let mut want = |names: &[&str]| wanted.extend(names.iter().map(|&name| name.to_owned()));
    if matches!(purpose, For::Docs | For::Test) {
        want(DOCS);
    }
    if !matches!(purpose, For::Docs) {
        want(BUILD);
        let arch = options.arch()?;
        want(arch.cross_packages());
        want(arch.firmware);
        want(&[qemu_package(arch)?]);
    }
    if matches!(purpose, For::Editor) {
        want(&["python3"]);
    }
    if matches!(purpose, For::Bench) {
        want(BENCH);
    }
    if matches!(purpose, For::Clients) {
        want(CLIENTS);
    }
    if matches!(purpose, For::Matrix) {
        want(MATRIX);
    }
    if matches!(purpose, For::Test) {
        want(TEST);
    }
    if options.kdir().is_none() || matches!(purpose, For::Test) {
        options.check_series()?;
        let source = options.source_package();
        if is_offered(&source) {
            wanted.push(source);
        }
    }
    if matches!(purpose, For::Docs) {
        // No kernel is compiled.
        return Ok(wanted);
    }
    // The kernels that look for errors in themselves want clang.
    if !options.llvm.is_empty() || matches!(purpose, For::Test) {
        wanted.extend(LLVM.iter().map(|&name| name.to_owned()));
    }
    if toolchain::rustc().is_none() {
        wanted.extend(rust_packages().iter().map(|&name| name.to_owned()));
    }
    Ok(wanted)
}

/// Which package has the emulator differs between releases.
fn qemu_package(arch: &'static Arch) -> Result<&'static str> {
    let mut packages = arch.qemu_packages.iter();
    let last = packages.next_back().context("no package has QEMU")?;
    Ok(packages.find(|package| is_offered(package)).unwrap_or(last))
}

/// Debian 12's own rustc is too old; rustc-web is its newer one.
fn rust_packages() -> &'static [&'static str] {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    // VERSION_CODENAME=bookworm
    if release
        .lines()
        .any(|line| line == "VERSION_CODENAME=bookworm")
    {
        &["rustc-web", "rust-web-src"]
    } else {
        &["rustc", "rust-src"]
    }
}

/// Whether apt's sources have the package, as far as it knows. What they do not have is fetched from
/// elsewhere.
fn is_offered(package: &str) -> bool {
    let mut show = Command::new("apt-cache");
    show.args(["show", "--no-all-versions", package]);
    command::output(&mut show).is_ok_and(|text| !text.is_empty())
}

/// Whether apt knows what its sources have: it always knows of itself, if only as installed.
fn has_lists() -> bool {
    let mut policy = Command::new("apt-cache");
    policy.args(["madison", "apt"]);
    command::output(&mut policy).is_ok_and(|text| !text.is_empty())
}

/// The version of a package, if it is installed.
pub fn installed_version(package: &str) -> Option<String> {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${Version}", package]);
    is_installed(package).then(|| command::output(&mut query).ok())?
}

fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    command::output(&mut query).is_ok_and(|status| status == "installed")
}

/// The words that give a command root's rights, if anything does.
fn become_root() -> Option<&'static [&'static str]> {
    if rustix::process::geteuid().is_root() {
        return Some(&[]);
    }
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    sudo.status()
        .is_ok_and(|status| status.success())
        .then_some(&["sudo", "-n"])
}

fn apt_get(root: &[&str], arguments: &[&str]) -> Result<()> {
    let words: Vec<_> = root
        .iter()
        .chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(arguments);
    command::output(&mut command).map(drop)
}
