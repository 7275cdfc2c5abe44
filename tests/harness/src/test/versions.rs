// SPDX-License-Identifier: GPL-2.0

//! Tries the hooks of each series on every version of its kernel that Debian offers.
//!
//! apt lists the versions of the suites. For each version, the cache keeps the files that the tests need.
//! The test downloads a package once, and again only if the tests need another file. A version stays in
//! the cache, and in the test, after Debian has dropped the version.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};

use super::{apply, report::Report};
use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::fetch;
use crate::lab::options;
use crate::lab::progress::Phase;
use crate::lab::source;

/// The suites with kernels of the series that have hooks, on the mirror of releases and on the mirror of
/// security updates.
const SUITES: &[&str] = &[
    "bookworm-backports",
    "trixie",
    "trixie-backports",
    "sid",
    "experimental",
];
const SECURITY_SUITES: &[&str] = &["bookworm-security", "trixie-security"];

/// Options that make apt download only the lists of packages.
const NO_OTHER_LISTS: &[&str] = &[
    "-o",
    "Acquire::Languages=none",
    "-o",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    "-o",
    "Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled=false",
    "-o",
    "Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled=false",
];

const PACKAGE: &str = "linux-source-";

/// A package with a kernel's source.
#[derive(Clone, Debug, PartialEq)]
struct Version {
    /// The series of the kernel, for example `6.12`.
    series: String,
    /// Debian's version, for example `6.12.95-1~bpo12+1`.
    version: String,
}

pub fn run(report: &mut Report, cache: &Cache) -> Result<()> {
    let directory = cache.path.join("versions");
    let series = options::all_series()?;
    let offered = offered(&directory, &series);
    if let Err(error) = &offered {
        println!("# Debian's lists of versions could not be read: {error:#}");
    }
    let mut versions = offered.unwrap_or_default();
    add_cached(&mut versions, cached(&directory)?, &series);
    if versions.is_empty() {
        println!("# no version is offered or in the cache, so the hooks are not tried");
    }
    for version in &versions {
        let name = format!(
            "the hooks for {} fit {}, and unapply restores it byte for byte",
            version.series, version.version
        );
        let files = version.files(&directory);
        report.check(
            &name,
            files.and_then(|files| apply::fits(&files, &version.series)),
        );
    }
    let tried: Vec<_> = versions.iter().map(Version::upstream).collect();
    report.count(format!("hooks tried on Linux {}", tried.join(" ")));
    Ok(())
}

impl Version {
    /// The kernel's version, for example `6.12.95`.
    fn upstream(&self) -> &str {
        let revision = self.version.rsplit_once('-');
        revision.map_or(&self.version, |(upstream, _)| upstream)
    }

    fn package(&self) -> String {
        format!("{PACKAGE}{}", self.series)
    }

    /// The name of the version's directory in the cache:
    ///
    /// ```text
    /// linux-source-6.12_6.12.95-1~bpo12+1
    /// ```
    fn name(&self) -> String {
        format!("{}_{}", self.package(), self.version)
    }

    fn from_name(name: &str) -> Option<Self> {
        let (package, version) = name.split_once('_')?;
        Some(Self {
            series: package.strip_prefix(PACKAGE)?.to_owned(),
            version: version.to_owned(),
        })
    }

    /// The version on a line of `apt-cache madison`:
    ///
    /// ```text
    /// linux-source-7.2 |   7.2.13-1 | http://mirror.example/debian sid/main amd64 Packages
    /// ```
    fn from_line(line: &str) -> Option<Self> {
        let mut columns = line.split('|').map(str::trim);
        let series = columns.next()?.strip_prefix(PACKAGE)?;
        Some(Self {
            series: series.to_owned(),
            version: columns.next()?.to_owned(),
        })
    }

    /// The directory with the files that the tests need. Downloads the package if a file is not in the cache.
    fn files(&self, directory: &Path) -> Result<PathBuf> {
        let files = apply::needed_files(&self.series)?;
        let cached = directory.join(self.name());
        if files.iter().all(|file| cached.join(file).exists()) {
            return Ok(cached);
        }
        let mut phase = Phase::start("fetch");
        phase.announce(&self.name());
        let partial = directory.join("partial");
        remove(&partial)?;
        fs::create_dir_all(&partial)?;
        let package = self.package();
        let mut download = fetch::apt("apt-get", directory);
        download.args(["download", &format!("{package}={}", self.version)]);
        command::output(download.current_dir(&partial))?;
        let deb = deb_in(&partial)?;
        let tree = partial.join("tree");
        fs::create_dir(&tree)?;
        source::unpack_package(&deb, &package, &tree, &files)?;
        remove(&cached)?;
        fs::rename(&tree, &cached).with_context(|| cached.display().to_string())?;
        remove(&partial)?;
        phase.done(&format!("{} files of {}", files.len(), self.name()));
        Ok(cached)
    }
}

/// The versions of `series` that the suites offer.
fn offered(directory: &Path, series: &[String]) -> Result<Vec<Version>> {
    fetch::make_directories(directory)?;
    let mirror = fetch::mirror()?;
    let mut sources: String = SUITES
        .iter()
        .map(|suite| fetch::source(&mirror, suite))
        .collect();
    // A host without security updates knows no such mirror.
    if let Ok(mirror) = fetch::security_mirror() {
        sources.extend(
            SECURITY_SUITES
                .iter()
                .map(|suite| fetch::source(&mirror, suite)),
        );
    }
    fs::write(directory.join("sources.list"), sources)?;
    let mut phase = Phase::start("fetch");
    phase.announce("the lists of Debian's suites");
    let mut update = fetch::apt("apt-get", directory);
    update.args(NO_OTHER_LISTS);
    command::output(update.args(["-o", "APT::Update::Error-Mode=any", "update"]))?;
    let mut madison = fetch::apt("apt-cache", directory);
    madison.arg("madison");
    madison.args(series.iter().map(|series| format!("{PACKAGE}{series}")));
    let versions = one_package_per_kernel(&command::output(&mut madison)?);
    ensure!(!versions.is_empty(), "the suites have no {PACKAGE}*");
    phase.done(&format!("{} versions", versions.len()));
    Ok(versions)
}

/// The first package of each version of the kernel. `apt-cache madison` prints the newest package first.
fn one_package_per_kernel(madison: &str) -> Vec<Version> {
    let mut versions: Vec<Version> = Vec::new();
    for version in madison.lines().filter_map(Version::from_line) {
        if !has_kernel(&versions, &version) {
            versions.push(version);
        }
    }
    versions
}

fn has_kernel(versions: &[Version], version: &Version) -> bool {
    let mut kernels = versions.iter().map(Version::upstream);
    kernels.any(|kernel| kernel == version.upstream())
}

/// The versions that the cache has.
fn cached(directory: &Path) -> Result<Vec<Version>> {
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut versions: Vec<_> = names
        .filter_map(|name| Version::from_name(name.to_str()?))
        .collect();
    versions.sort_by(|one, other| one.version.cmp(&other.version));
    Ok(versions)
}

/// Adds the cached versions of `series` whose kernel is not in `versions`.
fn add_cached(versions: &mut Vec<Version>, cached: Vec<Version>, series: &[String]) {
    for version in cached {
        if series.contains(&version.series) && !has_kernel(versions, &version) {
            versions.push(version);
        }
    }
}

fn deb_in(directory: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(directory)?.flatten();
    let mut files = entries.map(|entry| entry.path());
    let deb = files.find(|file| file.extension().is_some_and(|extension| extension == "deb"));
    deb.context("apt-get download has left no file")
}

/// Removes a directory if it exists.
fn remove(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| directory.display().to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(series: &str, version: &str) -> Version {
        Version {
            series: series.to_owned(),
            version: version.to_owned(),
        }
    }

    #[test]
    fn the_first_package_of_each_kernel_is_used() {
        let madison = "\
linux-source-6.12 | 6.12.117-1 | http://mirror.example/debian trixie/main amd64 Packages
linux-source-6.12 | 6.12.117-1 | http://mirror.example/security trixie-security/main amd64 Packages
linux-source-6.12 | 6.12.117-1~deb12u1 | http://mirror.example/security bookworm-security/main amd64 Packages
linux-source-6.12 | 6.12.95-1~bpo12+1 | http://mirror.example/debian bookworm-backports/main amd64 Packages
linux-doc-6.12 | 6.12.90-1 | http://mirror.example/debian trixie/main amd64 Packages
linux-source-7.3 | 7.3~rc7-1~exp1 | http://mirror.example/debian experimental/main amd64 Packages
";
        let versions = one_package_per_kernel(madison);
        let expected = [
            version("6.12", "6.12.117-1"),
            version("6.12", "6.12.95-1~bpo12+1"),
            version("7.3", "7.3~rc7-1~exp1"),
        ];
        assert_eq!(versions, expected);
        let upstream: Vec<_> = versions.iter().map(Version::upstream).collect();
        assert_eq!(upstream, ["6.12.117", "6.12.95", "7.3~rc7"]);
        assert_eq!(one_package_per_kernel("N: Unable to locate package"), []);
    }

    #[test]
    fn cached_versions_are_tried_if_their_series_has_hooks() {
        let mut versions = vec![version("7.2", "7.2.12-1")];
        let cached = vec![
            version("6.1", "6.1.190-1"),
            version("7.2", "7.2.12-1~bpo13+1"),
            version("7.2", "7.2.6-1~bpo13+1"),
        ];
        add_cached(
            &mut versions,
            cached,
            &["6.12".to_owned(), "7.2".to_owned()],
        );
        let expected = [
            version("7.2", "7.2.12-1"),
            version("7.2", "7.2.6-1~bpo13+1"),
        ];
        assert_eq!(versions, expected);
    }

    #[test]
    fn directories_of_the_cache_name_versions() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(cached(&directory.path().join("none")).unwrap(), []);
        let known = version("6.12", "6.12.95-1~bpo12+1");
        for name in [&known.name(), "lists", "linux-source-6.12.deb"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        assert_eq!(cached(directory.path()).unwrap(), [known]);
    }
}
