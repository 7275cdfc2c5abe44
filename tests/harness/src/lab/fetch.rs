// SPDX-License-Identifier: GPL-2.0

//! Packages of another suite or architecture that the host's own sources lack. They come from the
//! mirror that these sources name.
//!
//! apt downloads the packages with separate settings and lists in the cache, and checks them with
//! Debian's keys. The harness installs none of them, and needs no root rights.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context, Result};

use crate::lab::apt;
use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::progress::Phase;

/// The release with the guest's programs: the first with all architectures.
const RELEASE: &str = "trixie";
/// Where kernel series are that the host's sources do not have: the older series in the release
/// itself, newer ones in its backports.
const SUITES: &[&str] = &[RELEASE, "trixie-backports"];

const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A package in the cache.
pub struct Fetched {
    pub version: String,
    pub file: PathBuf,
}

/// True if the package `name` for all architectures was fetched.
pub fn has(cache: &Path, name: &str) -> bool {
    find(&directory(cache), name).is_some()
}

fn directory(cache: &Path) -> PathBuf {
    cache.join("apt")
}

/// The package `name` for all architectures, which is fetched once.
pub fn package(cache: &Cache, name: &str) -> Result<Fetched> {
    let from = Place {
        directory: directory(&cache.path),
        suites: SUITES,
        architecture: None,
    };
    from.fetch(name).with_context(|| {
        format!(
            "{name} is missing, and apt's sources here do not have it; install it, or give a tree \
             of your own, as in make run KDIR=/path/to/linux"
        )
    })
}

/// The file `program` of the package `name` of another architecture, fetched and unpacked once into
/// `cache`.
pub fn program(cache: &Path, architecture: &str, name: &str, program: &str) -> Result<PathBuf> {
    let directory = std::path::absolute(cache)?
        .join("apt")
        .join(format!("{RELEASE}-{architecture}"));
    let unpacked = directory.join("root");
    // Which of these it is in differs between releases.
    let places = ["usr/bin", "bin"].map(|bin| unpacked.join(bin).join(program));
    let find = || places.iter().find(|file| file.exists()).cloned();
    if let Some(file) = find() {
        return Ok(file);
    }
    let from = Place {
        directory,
        suites: &[RELEASE],
        architecture: Some(architecture),
    };
    let package = from.fetch(name)?;
    let mut dpkg = Command::new("dpkg-deb");
    command::output(dpkg.arg("--extract").arg(&package.file).arg(&unpacked))?;
    find().with_context(|| format!("{}: there is no {program} in it", package.file.display()))
}

/// The root directory of the package `name` for the architecture that Debian calls so, of the suites that kernels are
/// from; fetched and unpacked once.
pub fn unpacked(cache: &Cache, architecture: &str, name: &str) -> Result<PathBuf> {
    let from = Place {
        directory: directory(&cache.path).join(format!("kernels-{architecture}")),
        suites: SUITES,
        architecture: Some(architecture),
    };
    let package = from.fetch(name)?;
    let root = from.directory.join(format!("{name}_{}", package.version));
    if !root.exists() {
        let partial = from.directory.join("partial");
        let mut dpkg = Command::new("dpkg-deb");
        command::output(dpkg.arg("--extract").arg(&package.file).arg(&partial))?;
        fs::rename(&partial, &root).with_context(|| root.display().to_string())?;
    }
    Ok(root)
}

/// The packages `names` with all that they need, as if nothing were installed, of the host's architecture.
/// `preferences` are apt's, where several suites have a package.
pub fn with_all(
    directory: &Path,
    suites: &[&str],
    preferences: &str,
    names: &[&str],
) -> Result<Vec<PathBuf>> {
    let from = Place {
        directory: std::path::absolute(directory)?,
        suites,
        architecture: None,
    };
    let (offering, mirror) = (suites.join(" and "), mirror()?);
    let mut phase = Phase::start("fetch");
    phase.announce(&format!("{} of {offering}, and more", names.join(" ")));
    prepare(&from.directory, &mirror, suites)
        .with_context(|| from.directory.display().to_string())?;
    fs::write(from.directory.join("preferences"), preferences)?;
    // Nothing is installed there.
    fs::write(from.directory.join("status"), "")?;
    let install = [
        "install",
        "--yes",
        "--no-install-recommends",
        "--download-only",
    ];
    for words in [apt::UPDATE.to_vec(), [&install, names].concat()] {
        let mut apt_get = from.apt_get();
        for (name, file) in [
            ("Dir::State::status", from.directory.join("status")),
            ("Dir::Etc::preferences", from.directory.join("preferences")),
            ("Dir::Etc::preferencesparts", PathBuf::from("/dev/null")),
        ] {
            apt_get.arg("-o").arg(format!("{name}={}", file.display()));
        }
        // What only downloads needs no lock of the system's.
        apt_get.args(["-o", "Debug::NoLocking=1"]).args(words);
        let said = command::output(&mut apt_get).map_err(apt::first_error);
        said.with_context(|| format!("packages could not be fetched from {offering} of {mirror}"))?;
    }
    let files = fs::read_dir(from.directory.join("archives"))?.flatten();
    let debs: Vec<_> = files
        .map(|entry| entry.path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "deb"))
        .collect();
    phase.done(&format!("{} packages", debs.len()));
    Ok(debs)
}

/// The mirror of the packages, and the directory for them.
struct Place<'a> {
    directory: PathBuf,
    suites: &'a [&'a str],
    /// Debian's name of it; `None` for the host's.
    architecture: Option<&'a str>,
}

impl Place<'_> {
    fn fetch(&self, name: &str) -> Result<Fetched> {
        let directory = &self.directory;
        if let Some(fetched) = find(directory, name) {
            return Ok(fetched);
        }
        let (suites, mirror) = (self.suites.join(" or "), mirror()?);
        let mut phase = Phase::start("fetch");
        phase.announce(&format!(
            "{name} of {suites}, which apt here does not offer"
        ));
        let context = || format!("{name} could not be fetched from {suites} of {mirror}");
        prepare(directory, &mirror, self.suites)
            .with_context(|| directory.display().to_string())?;
        for words in [apt::UPDATE, &["download", name]] {
            let said = command::output(self.apt_get().args(words));
            said.map_err(apt::first_error).with_context(context)?;
        }
        let fetched = find(directory, name).with_context(context)?;
        phase.done(&format!("version {}", fetched.version));
        Ok(fetched)
    }

    /// apt-get with all that it writes, and where it looks, in the directory.
    fn apt_get(&self) -> Command {
        let mut apt_get = apt("apt-get", &self.directory);
        if let Some(architecture) = self.architecture {
            for name in ["APT::Architecture", "APT::Architectures"] {
                apt_get.arg("-o").arg(format!("{name}={architecture}"));
            }
        }
        apt_get
    }
}

/// A program of apt that reads and writes in the directory alone.
pub fn apt(program: &str, directory: &Path) -> Command {
    let mut apt = Command::new(program);
    let setting = |name: &str, value: &Path| format!("{name}={}", value.display());
    for (name, path) in [
        ("Dir::Etc::sourcelist", directory.join("sources.list")),
        ("Dir::Etc::sourceparts", PathBuf::from("/dev/null")),
        ("Dir::State::lists", directory.join("lists")),
        ("Dir::Cache", directory.to_owned()),
        ("Dir::Cache::archives", directory.join("archives")),
    ] {
        apt.arg("-o").arg(setting(name, &path));
    }
    // The user that apt downloads as may not get at the cache.
    apt.args(["-o", "APT::Sandbox::User=root", "--quiet"]);
    apt.current_dir(directory);
    apt
}

/// `linux-source-7.3_7.3.4-1~bpo13+1_all.deb`, if it is there.
fn find(directory: &Path, name: &str) -> Option<Fetched> {
    let files = fs::read_dir(directory).ok()?.flatten();
    files.map(|entry| entry.path()).find_map(|file| {
        let parts = file.file_name()?.to_str()?.strip_suffix(".deb")?;
        let mut parts = parts.split('_');
        let version = (parts.next()? == name).then(|| parts.next())??.to_owned();
        Some(Fetched { version, file })
    })
}

fn prepare(directory: &Path, mirror: &str, suites: &[&str]) -> Result<()> {
    make_directories(directory)?;
    let lines = suites.iter().map(|suite| source(mirror, suite));
    let lines: String = lines.collect();
    Ok(fs::write(directory.join("sources.list"), lines)?)
}

/// Makes the directories that apt does not make itself.
pub fn make_directories(directory: &Path) -> Result<()> {
    for name in ["lists/partial", "archives/partial"] {
        fs::create_dir_all(directory.join(name))?;
    }
    Ok(())
}

/// The line of `sources.list` for a suite.
pub fn source(mirror: &str, suite: &str) -> String {
    let keys = match Path::new(KEYS).exists() {
        true => format!("[signed-by={KEYS}] "),
        // Those that apt itself trusts.
        false => String::new(),
    };
    format!("deb {keys}{mirror} {suite} main\n")
}

/// The address that the host gets its release from.
pub fn mirror() -> Result<String> {
    mirror_of_suite("")
}

/// The address that the host gets the release's security updates from.
pub fn security_mirror() -> Result<String> {
    mirror_of_suite("-security")
}

/// The address that the host gets a suite from: its release's, with `suffix` in its name.
fn mirror_of_suite(suffix: &str) -> Result<String> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    // VERSION_CODENAME=bookworm
    let codename = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .map(|codename| format!("{codename}{suffix}"));
    let mut targets = Command::new("apt-get");
    targets.args([
        "indextargets",
        "--format",
        "$(RELEASE) $(COMPONENT) $(REPO_URI)",
        "Created-By: Packages",
    ]);
    let targets = command::output(&mut targets)?;
    let Some(mirror) = codename.and_then(|codename| mirror_of(&targets, &codename)) else {
        bail!("apt's sources do not say where this release of Debian is from");
    };
    Ok(mirror.to_owned())
}

/// ```text
/// bookworm main http://mirror.example/debian/
/// ```
fn mirror_of<'a>(targets: &'a str, codename: &str) -> Option<&'a str> {
    targets.lines().find_map(|line| {
        let mut words = line.split(' ');
        let is_release = words.next() == Some(codename) && words.next() == Some("main");
        words.next().filter(|_| is_release)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_of_the_release_is_taken() {
        let targets = "bookworm-security main http://mirror.example/security/\n\
                       nodistro main https://other.example/\n\
                       bookworm main http://mirror.example/debian/\n";
        let mirror = mirror_of(targets, "bookworm");
        assert_eq!(mirror, Some("http://mirror.example/debian/"));
        let mirror = mirror_of(targets, "bookworm-security");
        assert_eq!(mirror, Some("http://mirror.example/security/"));
        assert_eq!(mirror_of(targets, "trixie"), None);
    }
}
