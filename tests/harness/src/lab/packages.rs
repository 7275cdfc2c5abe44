// SPDX-License-Identifier: GPL-2.0

//! Installs the Debian packages that a command needs. Without root rights, an error lists the missing
//! packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{bail, Context, Result};

use crate::lab::apt::{self, Known, Next, Want};
use crate::lab::command;
use crate::lab::fetch;
use crate::lab::fragment::Fragment;
use crate::lab::options::Options;
use crate::lab::progress::{self, Phase};
use crate::lab::toolchain;

/// The purpose of the packages: a command of the harness.
pub enum For {
    Boot,
    Bench,
    Clients,
    Deb,
    Test,
    AllTests,
    Docs,
    Editor,
    Kselftest,
}

/// Packages to configure and build a kernel, and to make and boot the guest.
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
/// Packages for `make bench`: gawk runs upstream's awk script, and `time` measures the memory of a program.
const BENCH: &[&str] = &["gawk", "time"];
/// Linters; groff-base and mandoc check the man pages.
const TEST: &[&str] = &["groff-base", "mandoc", "shellcheck", "sparse"];
/// Triples of (program, its package beside rustc, its package beside rustc-web).
const RUSTFMT: (&str, &str, &str) = ("rustfmt", "rustfmt", "rustfmt-web");
const CLIPPY: (&str, &str, &str) = ("cargo-clippy", "rust-clippy", "rust-web-clippy");
/// Packages for the kernel's htmldocs, which draws figures with graphviz.
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
/// Packages for `make deb`: dpkg-dev finds the libraries that the package depends on.
const DEB: &[&str] = &["binutils", "dpkg-dev", "gcc", "libc6-dev", "make"];
/// Packages to compress dumps, and to run the scripts in `tools/drgn` and `tools/gdb`. pip installs drgn.
const DEBUGGERS: &[&str] = &["gdb", "makedumpfile", "python3-venv"];
/// Packages to make file systems of Debian 12 and 13.
const BOOTSTRAP: &[&str] = &["debian-archive-keyring", "mmdebstrap"];
/// Packages for `make clients`: mmdebstrap makes a root file system, and pahole makes the kernel's BTF.
const CLIENTS: &[&str] = &[
    "debian-archive-keyring",
    "gawk",
    "genext2fs",
    "mmdebstrap",
    "pahole",
    "zlib1g-dev",
];

/// The packages that the kernel's own tests need.
const KSELFTEST: &[&str] = &["procps", "util-linux"];

/// Installs the missing packages for `purpose`. On systems without dpkg, users must set `KDIR` and install
/// all programs themselves.
pub fn install(options: &Options, purpose: For) -> Result<()> {
    if command::in_path("dpkg-query").is_empty() {
        if options.kdir().is_some() {
            return Ok(());
        }
        bail!("this is not Debian: use your own kernel tree, as in make run KDIR=/path/to/linux");
    }
    let wants = wanted(options, purpose)?;
    let known = Known::of(&wants)?;
    if apt::next(&wants, &known, has_updated()) == Next::Go {
        return Ok(());
    }
    let Some(root) = apt::become_root() else {
        return match apt::to_install_by_hand(&wants, &known) {
            None => Ok(()),
            Some(list) => bail!(
                "some packages are missing; install them with\n  apt-get update && apt-get install {}",
                list.join(" ")
            ),
        };
    };
    let mut phase = Phase::start("packages");
    if !has_updated() {
        phase.announce("apt-get update: some packages are missing");
        update(root);
    }
    match apt::next(&wants, &Known::of(&wants)?, true) {
        Next::Go | Next::Update => {}
        Next::Unavailable(list) => bail!(
            "these packages are missing, and apt does not offer them: {}",
            list.join(", ")
        ),
        Next::Install(list) => {
            let names = list.join(" ");
            phase.announce(&format!("installing {names}"));
            apt::install(root, &list).with_context(|| {
                format!("these packages are missing, and apt-get could not install them: {names}")
            })?;
        }
    }
    phase.done("installed");
    Ok(())
}

/// True if this run has already called `apt-get update`.
static UPDATED: AtomicBool = AtomicBool::new(false);

fn has_updated() -> bool {
    UPDATED.load(Ordering::Relaxed)
}

/// Updates apt's lists. A failure is only printed, because it can be of a source that the run does not
/// need. A package that is still missing is an error later.
fn update(root: &[&str]) {
    UPDATED.store(true, Ordering::Relaxed);
    if let Err(error) = apt::update(root) {
        progress::say(&format!(
            "apt-get update failed, so the lists may be old: {error:#}"
        ));
    }
}

/// The packages that a command needs with these options.
fn wanted(options: &Options, purpose: For) -> Result<Vec<Want>> {
    let is_test = matches!(purpose, For::Test | For::AllTests);
    let mut wants = Vec::new();
    let mut want = |names: &[&str]| wants.extend(names.iter().map(|name| Want::package(name)));
    if matches!(purpose, For::Docs | For::AllTests) {
        want(DOCS);
    }
    if matches!(purpose, For::Deb | For::AllTests) {
        want(DEB);
    }
    if matches!(purpose, For::AllTests) {
        want(BOOTSTRAP);
        want(DEBUGGERS);
    }
    if matches!(purpose, For::Deb) {
        // No kernel is compiled.
        return Ok(wants);
    }
    if !matches!(purpose, For::Docs) {
        want(BUILD);
        let arch = options.arch()?;
        want(arch.cross_packages());
        want(arch.firmware);
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
    if matches!(purpose, For::Kselftest) {
        want(KSELFTEST);
    }
    if is_test {
        want(TEST);
        for (program, name, of_web) in [RUSTFMT, CLIPPY] {
            let kernel_lacks_it = program == CLIPPY.0 && lacks_clippy(toolchain::rustc());
            if command::in_path(program).is_empty() || kernel_lacks_it {
                want(&[if is_bookworm() { of_web } else { name }]);
            }
        }
    }
    if options.kdir().is_none() || is_test || matches!(purpose, For::Kselftest) {
        options.check_series()?;
        let source = options.source_package();
        if !fetch::is_downloaded(&options.cache, &source) {
            wants.push(Want::package(&source).optional());
        }
    }
    if matches!(purpose, For::Docs) {
        // No kernel is compiled.
        return Ok(wants);
    }
    let fragment = Fragment::read(options.config(), &[])?;
    wants.extend(fragment.words("packages").map(|name| Want::package(&name)));
    // The debug kernels are built with clang.
    if !options.llvm.is_empty() || matches!(purpose, For::AllTests) {
        wants.extend(LLVM.iter().map(|name| Want::package(name)));
    }
    if toolchain::rustc().is_none() {
        wants.extend(rust_packages().iter().map(|name| Want::package(name)));
    }
    if !toolchain::has_bindgen(&options.cache) {
        let least = toolchain::OLDEST_BINDGEN;
        wants.push(Want::package("bindgen").at_least(least).optional());
    }
    // Debian 12 and 13 have QEMU for riscv64 in different packages. Therefore the installed program
    // decides, not the installed package.
    let arch = options.arch()?;
    if command::in_path(arch.qemu).is_empty() {
        wants.push(Want::first_of(arch.qemu_packages));
    }
    Ok(wants)
}

/// True if the kernel's rustc is from a package, or will be, and clippy is not installed beside it. A
/// toolchain of rustup has its own clippy.
fn lacks_clippy(rustc: Option<PathBuf>) -> bool {
    let packaged = Path::new("/usr/bin/rustc");
    rustc.is_none_or(|rustc| rustc == packaged)
        && !packaged.with_file_name("clippy-driver").exists()
}

/// The packages of rustc. In Debian 12 the package rustc is too old, and rustc-web is new enough.
fn rust_packages() -> &'static [&'static str] {
    match is_bookworm() {
        true => &["rustc-web", "rust-web-src"],
        false => &["rustc", "rust-src"],
    }
}

fn is_bookworm() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    // VERSION_CODENAME=bookworm
    let mut lines = release.lines();
    lines.any(|line| line == "VERSION_CODENAME=bookworm")
}
