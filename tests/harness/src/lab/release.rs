// SPDX-License-Identifier: GPL-2.0

//! Provides the compilers and other programs of another release of Debian for a kernel build. The harness
//! unpacks their packages into the cache.
//!
//! A program needs the libraries of its release, and its own files at their installed paths. Therefore
//! the program, and each program that it starts, has a mount namespace in which the release's `usr`
//! covers the host's. Kernel trees, builds and this repository keep their names in that namespace.
//! The harness installs nothing. A user without root rights gets a user namespace for the mount.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{bail, ensure, Context, Result};

use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::fetch;
use crate::lab::options::Options;
use crate::lab::progress::Phase;

/// A release whose compilers `COMPILERS` can choose, as in `COMPILERS=trixie`.
pub struct Release {
    pub name: &'static str,
    /// The suites of the mirror with the packages of the release.
    suites: &'static [&'static str],
    /// True if the release has the oldest rustc that Kconfig admits.
    pub is_oldest: bool,
}

pub const RELEASES: &[Release] = &[
    Release {
        name: "trixie",
        suites: &["trixie"],
        is_oldest: true,
    },
    Release {
        name: "newest",
        suites: &["sid", "experimental"],
        is_oldest: false,
    },
];

/// The packages of a kernel build. Some are essential in Debian, so no other package depends on them.
const PACKAGES: &[&str] = &[
    "bash",
    "bc",
    "binutils",
    "bindgen",
    "bison",
    "coreutils",
    "dash",
    "diffutils",
    "findutils",
    "flex",
    "gcc",
    "grep",
    "gzip",
    "hostname",
    "kmod",
    "libc6-dev",
    "libelf-dev",
    "libssl-dev",
    "make",
    "mawk",
    "patch",
    "perl",
    "rust-src",
    "rustc",
    "sed",
    "tar",
    "xz-utils",
];

/// With these preferences, apt downloads rustc from experimental if that suite has a newer version. Other
/// packages come from experimental only if rustc depends on them.
const PREFERENCES: &str = "\
Package: rustc rust-src libstd-rust*
Pin: release a=experimental
Pin-Priority: 500
";

/// Pairs of (link, program) in `/usr/bin`, which the scripts of packages make at installation.
const ALTERNATIVES: &[(&str, &str)] = &[("awk", "mawk"), ("cc", "gcc")];

impl Release {
    /// The release that `COMPILERS` names; `None` for the compilers of the host.
    pub fn chosen(options: &Options) -> Result<Option<&'static Self>> {
        let name = &options.compilers;
        if name.is_empty() {
            return Ok(None);
        }
        ensure!(
            options.llvm.is_empty() && !options.arch()?.is_foreign(),
            "COMPILERS={name} has only gcc, for this machine's architecture: leave out LLVM and ARCH"
        );
        let release = RELEASES.iter().find(|release| release.name == name);
        release.map(Some).with_context(|| {
            let names: Vec<_> = RELEASES.iter().map(|release| release.name).collect();
            format!("COMPILERS={name}: the releases are: {}", names.join(" "))
        })
    }

    /// The release with the oldest rustc that Kconfig admits.
    pub fn oldest() -> Result<&'static Self> {
        let oldest = RELEASES.iter().find(|release| release.is_oldest);
        oldest.context("no release has the oldest rustc")
    }

    /// Downloads and unpacks the programs of the release, once.
    pub fn unpacked(&self, cache: &Cache) -> Result<Unpacked> {
        let directory = cache.path.join("compilers").join(self.name);
        let (usr, stamp) = (directory.join("root/usr"), directory.join("packages"));
        let names = PACKAGES.join(" ");
        if fs::read_to_string(&stamp).is_ok_and(|unpacked| unpacked == names) {
            return Ok(Unpacked { usr });
        }
        if directory.exists() {
            fs::remove_dir_all(&directory).with_context(|| directory.display().to_string())?;
        }
        let debs = fetch::with_dependencies(&directory, self.suites, PREFERENCES, PACKAGES)?;

        let mut phase = Phase::start("compilers");
        phase.announce(&format!("unpacking the programs of {}, once", self.name));
        unpack(&debs, &directory.join("root"))?;
        let bin = usr.join("bin");
        for (name, program) in ALTERNATIVES {
            let link = bin.join(name);
            if !link.exists() {
                std::os::unix::fs::symlink(program, &link)
                    .with_context(|| link.display().to_string())?;
            }
        }
        for name in ["archives", "lists"] {
            fs::remove_dir_all(directory.join(name))?;
        }
        fs::write(&stamp, names)?;
        phase.done(&format!("in {}", directory.display()));
        Ok(Unpacked { usr })
    }
}

/// Unpacks the packages into one directory, with a thread for each processor. Decompression takes most of
/// the time.
fn unpack(debs: &[PathBuf], root: &Path) -> Result<()> {
    let threads = thread::available_parallelism()?.get();
    let unpack_every_nth = |start: usize| -> Result<()> {
        for deb in debs.iter().skip(start).step_by(threads) {
            let mut dpkg = Command::new("dpkg-deb");
            command::output(dpkg.arg("--extract").arg(deb).arg(root))?;
        }
        Ok(())
    };
    fs::create_dir_all(root).with_context(|| root.display().to_string())?;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|start| scope.spawn(move || unpack_every_nth(start)))
            .collect();
        for worker in workers {
            match worker.join() {
                Ok(unpacked) => unpacked?,
                Err(_) => bail!("{}: a thread that unpacks panicked", root.display()),
            }
        }
        Ok(())
    })
}

/// The shell command that mounts the release's `usr` over `/usr` and runs a program. The caller's `PATH`
/// is replaced: its directories can have compilers of the host, as rustup's.
const ENTER: &str = "mount --rbind \"$0\" /usr && PATH=/usr/sbin:/usr/bin && exec \"$@\"";

/// A release whose programs are in the cache.
#[derive(Clone)]
pub struct Unpacked {
    usr: PathBuf,
}

impl Unpacked {
    /// The directory that the release's programs see as `/usr`.
    pub fn usr(&self) -> &Path {
        &self.usr
    }

    /// A command that runs a program of the release.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            command.arg("--map-root-user");
        }
        command.args(["--mount", "sh", "-c", ENTER]);
        command.arg(&self.usr).arg(program);
        command
    }
}
