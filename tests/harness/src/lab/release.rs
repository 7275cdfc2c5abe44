// SPDX-License-Identifier: GPL-2.0

//! The programs of another release of Debian for a kernel build, compilers included. Their packages
//! are unpacked into the cache.
//!
//! A program needs the libraries of its release, and its own files at their installed paths. Therefore
//! the program, and each program that it starts, has a mount namespace in which the release's `usr`
//! covers the host's. Kernel trees, builds and this repository keep their names in that namespace.
//! Nothing is installed. A user who is not root gets a user namespace for the mount.

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

/// A release with compilers to choose, as by `COMPILERS=trixie`.
pub struct Release {
    pub name: &'static str,
    /// The suites of the mirror that have its packages.
    suites: &'static [&'static str],
    /// True if its rustc is the oldest that Kconfig admits.
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

/// The programs of a kernel build, among them those that each Debian has and no package depends on.
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

/// apt takes rustc from experimental where that suite has a newer one, and nothing else unless rustc
/// needs it.
const PREFERENCES: &str = "\
Package: rustc rust-src libstd-rust*
Pin: release a=experimental
Pin-Priority: 500
";

/// Links that the scripts of packages make at installation.
const ALTERNATIVES: &[(&str, &str)] = &[("awk", "mawk"), ("cc", "gcc")];

impl Release {
    /// The one that is asked for, if it is not the host itself.
    pub fn chosen(options: &Options) -> Result<Option<&'static Self>> {
        let name = &options.compilers;
        if name.is_empty() {
            return Ok(None);
        }
        ensure!(
            options.llvm.is_empty() && !options.arch()?.is_foreign(),
            "COMPILERS={name}: only gcc, and only for this machine's architecture"
        );
        let release = RELEASES.iter().find(|release| release.name == name);
        release.map(Some).with_context(|| {
            let names: Vec<_> = RELEASES.iter().map(|release| release.name).collect();
            format!("COMPILERS={name}: there are: {}", names.join(" "))
        })
    }

    /// The one that has the oldest rustc that Kconfig admits.
    pub fn oldest() -> Result<&'static Self> {
        let oldest = RELEASES.iter().find(|release| release.is_oldest);
        oldest.context("no release has the oldest rustc")
    }

    /// Its programs, which are fetched and unpacked once.
    pub fn unpacked(&self, cache: &Cache) -> Result<Unpacked> {
        let directory = cache.path.join("compilers").join(self.name);
        let (usr, stamp) = (directory.join("root/usr"), directory.join("packages"));
        let names = PACKAGES.join(" ");
        if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == names) {
            return Ok(Unpacked { usr });
        }
        if directory.exists() {
            fs::remove_dir_all(&directory).with_context(|| directory.display().to_string())?;
        }
        let debs = fetch::with_all(&directory, self.suites, PREFERENCES, PACKAGES)?;

        let mut phase = Phase::start("compilers");
        phase.announce(&format!("unpacking those of {}, once", self.name));
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

/// Unpacks the packages into one directory, on all processors: decompression takes most of the time.
fn unpack(debs: &[PathBuf], root: &Path) -> Result<()> {
    let threads = thread::available_parallelism()?.get();
    let each = |start: usize| -> Result<()> {
        for deb in debs.iter().skip(start).step_by(threads) {
            let mut dpkg = Command::new("dpkg-deb");
            command::output(dpkg.arg("--extract").arg(deb).arg(root))?;
        }
        Ok(())
    };
    fs::create_dir_all(root).with_context(|| root.display().to_string())?;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|start| scope.spawn(move || each(start)))
            .collect();
        for worker in workers {
            match worker.join() {
                Ok(unpacked) => unpacked?,
                Err(_) => bail!("{}: unpacking stopped", root.display()),
            }
        }
        Ok(())
    })
}

/// Mounts the release's directory and runs a program. The caller's directories of programs may have
/// compilers of the host, as those of rustup.
const ENTER: &str = "mount --rbind \"$0\" /usr && PATH=/usr/sbin:/usr/bin && exec \"$@\"";

/// A release whose programs can be run.
#[derive(Clone)]
pub struct Unpacked {
    usr: PathBuf,
}

impl Unpacked {
    /// Its directory that `/usr` is, for its programs.
    pub fn usr(&self) -> &Path {
        &self.usr
    }

    /// A command that runs `program` of it.
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
