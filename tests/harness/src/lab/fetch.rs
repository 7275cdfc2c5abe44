// SPDX-License-Identifier: GPL-2.0

//! Downloads packages of another suite or architecture, which the host's apt does not offer. The packages
//! come from the host's mirror.
//!
//! apt downloads the packages with separate settings and lists in the cache, and checks the packages with
//! Debian's keys. The harness does not install these packages, and needs no root rights.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context, Result};

use crate::lab::apt;
use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::progress::Phase;

/// The release of the guest's programs: Debian 13, the first release with all architectures.
const RELEASE: &str = "trixie";
/// The suites of kernel sources: Debian 13 has the older series, and its backports the newer series.
const SUITES: &[&str] = &[RELEASE, "trixie-backports"];

const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A package in the cache.
pub struct Fetched {
    pub version: String,
    pub file: PathBuf,
}

/// True if the package `name`, whose architecture is `all`, is in the cache.
pub fn is_downloaded(cache: &Path, name: &str) -> bool {
    find(&directory(cache), name).is_some()
}

fn directory(cache: &Path) -> PathBuf {
    cache.join("apt")
}

/// Downloads the package `name`, whose architecture is `all`, once.
pub fn package(cache: &Cache, name: &str) -> Result<Fetched> {
    let downloads = Downloads {
        directory: directory(&cache.path),
        suites: SUITES,
        architecture: None,
    };
    downloads.fetch(name).with_context(|| {
        format!(
            "{name} is missing, and apt does not offer it here; install it, or use your own kernel \
             tree, as in make run KDIR=/path/to/linux"
        )
    })
}

/// The path of a program in the package `name` for another architecture. The harness downloads and unpacks
/// the package once, into `cache`.
pub fn program(cache: &Path, architecture: &str, name: &str, program: &str) -> Result<PathBuf> {
    let directory = std::path::absolute(cache)?
        .join("apt")
        .join(format!("{RELEASE}-{architecture}"));
    let unpacked = directory.join("root");
    // Some releases have the program in /usr/bin, others in /bin.
    let paths = ["usr/bin", "bin"].map(|bin| unpacked.join(bin).join(program));
    let find = || paths.iter().find(|file| file.exists()).cloned();
    if let Some(file) = find() {
        return Ok(file);
    }
    let downloads = Downloads {
        directory,
        suites: &[RELEASE],
        architecture: Some(architecture),
    };
    let package = downloads.fetch(name)?;
    extract(&package.file, &unpacked)?;
    find().with_context(|| format!("{} has no {program}", package.file.display()))
}

/// The unpacked files of the package `name` for Debian's `architecture`, from the suites of kernel
/// sources. The harness downloads and unpacks the package once.
pub fn unpacked(cache: &Cache, architecture: &str, name: &str) -> Result<PathBuf> {
    let downloads = Downloads {
        directory: directory(&cache.path).join(format!("kernels-{architecture}")),
        suites: SUITES,
        architecture: Some(architecture),
    };
    let package = downloads.fetch(name)?;
    let directory = &downloads.directory;
    let root = directory.join(format!("{name}_{}", package.version));
    if !root.exists() {
        extract(&package.file, &root)?;
    }
    Ok(root)
}

/// Extracts the files of a package into the new directory `root`. An interruption leaves no `root`.
fn extract(package: &Path, root: &Path) -> Result<()> {
    let partial = root.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).with_context(|| partial.display().to_string())?;
    }
    let mut dpkg = Command::new("dpkg-deb");
    command::output(dpkg.arg("--extract").arg(package).arg(&partial))?;
    fs::rename(&partial, root).with_context(|| root.display().to_string())
}

/// Downloads the packages `names` for the host's architecture, with all of their dependencies, even
/// installed ones. apt chooses between the suites by `preferences`.
pub fn with_dependencies(
    directory: &Path,
    suites: &[&str],
    preferences: &str,
    names: &[&str],
) -> Result<Vec<PathBuf>> {
    let downloads = Downloads {
        directory: std::path::absolute(directory)?,
        suites,
        architecture: None,
    };
    let (suite_names, mirror) = (suites.join(" and "), mirror()?);
    let mut phase = Phase::start("fetch");
    phase.announce(&format!(
        "{} of {suite_names}, with their dependencies",
        names.join(" ")
    ));
    let directory = &downloads.directory;
    prepare(directory, &mirror, suites).with_context(|| directory.display().to_string())?;
    fs::write(directory.join("preferences"), preferences)?;
    // With an empty status file, apt downloads dependencies that the host has installed.
    fs::write(directory.join("status"), "")?;
    let install = [
        "install",
        "--yes",
        "--no-install-recommends",
        "--download-only",
    ];
    for words in [apt::UPDATE.to_vec(), [&install, names].concat()] {
        let mut apt_get = downloads.apt_get();
        for (name, file) in [
            ("Dir::State::status", directory.join("status")),
            ("Dir::Etc::preferences", directory.join("preferences")),
            ("Dir::Etc::preferencesparts", PathBuf::from("/dev/null")),
        ] {
            apt_get.arg("-o").arg(format!("{name}={}", file.display()));
        }
        // A download needs no lock of the system.
        apt_get.args(["-o", "Debug::NoLocking=1"]).args(words);
        let output = command::output(&mut apt_get).map_err(apt::first_error);
        output.with_context(|| {
            format!("apt-get could not download packages from {suite_names} of {mirror}")
        })?;
    }
    let files = fs::read_dir(directory.join("archives"))?.flatten();
    let debs: Vec<_> = files
        .map(|entry| entry.path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "deb"))
        .collect();
    phase.done(&format!("{} packages", debs.len()));
    Ok(debs)
}

/// The directory of downloaded packages, and the suites and the architecture of these packages.
struct Downloads<'a> {
    directory: PathBuf,
    suites: &'a [&'a str],
    /// Debian's name of the architecture; `None` for the host's architecture.
    architecture: Option<&'a str>,
}

impl Downloads<'_> {
    /// Downloads a package, unless the directory has it.
    fn fetch(&self, name: &str) -> Result<Fetched> {
        let directory = &self.directory;
        if let Some(fetched) = find(directory, name) {
            return Ok(fetched);
        }
        let (suites, mirror) = (self.suites.join(" or "), mirror()?);
        let mut phase = Phase::start("fetch");
        phase.announce(&format!(
            "{name} of {suites}, which this host's apt does not offer"
        ));
        let context = || format!("apt-get could not download {name} from {suites} of {mirror}");
        prepare(directory, &mirror, self.suites)
            .with_context(|| directory.display().to_string())?;
        for words in [apt::UPDATE, &["download", name]] {
            let output = command::output(self.apt_get().args(words));
            output.map_err(apt::first_error).with_context(context)?;
        }
        let fetched = find(directory, name).with_context(context)?;
        phase.done(&format!("version {}", fetched.version));
        Ok(fetched)
    }

    /// An apt-get command for the architecture, with the lists and the downloads in the directory.
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

/// A command of apt, with the sources, the lists and the downloads in the directory.
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
    // apt's own user may have no access to the cache.
    apt.args(["-o", "APT::Sandbox::User=root", "--quiet"]);
    apt.current_dir(directory);
    apt
}

/// Finds the file of a package, as `linux-source-7.3_7.3.4-1~bpo13+1_all.deb`.
fn find(directory: &Path, name: &str) -> Option<Fetched> {
    let files = fs::read_dir(directory).ok()?.flatten();
    files.map(|entry| entry.path()).find_map(|file| {
        let parts = file.file_name()?.to_str()?.strip_suffix(".deb")?;
        let mut parts = parts.split('_');
        let version = (parts.next()? == name).then(|| parts.next())??.to_owned();
        Some(Fetched { version, file })
    })
}

/// Makes the directories of apt, and a `sources.list` of the suites.
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
        // Without the file, apt uses its own keys.
        false => String::new(),
    };
    format!("deb {keys}{mirror} {suite} main\n")
}

/// The address of the mirror of the host's release.
pub fn mirror() -> Result<String> {
    mirror_of_suite("")
}

/// The address of the mirror of security updates for the host's release.
pub fn security_mirror() -> Result<String> {
    mirror_of_suite("-security")
}

/// The address of the mirror of a suite. The name of the suite is the host's release and `suffix`.
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
        bail!("apt's sources name no mirror of this release of Debian; add a mirror to them");
    };
    Ok(mirror.to_owned())
}

/// Finds the address of a suite in the output of `apt-get indextargets`.
///
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
    fn the_mirror_of_a_suite_is_found() {
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
