// SPDX-License-Identifier: GPL-2.0

//! Compares the required packages with the installed and the offered packages, and decides the next step.
//!
//! Lists can be months old, or lack a suite, so a package can exist without being in a list. Therefore
//! [`next`] relies on the lists only after `apt-get update`, which a run does at most once.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use anyhow::{anyhow, Context, Error, Result};

use crate::lab::command;

/// A requirement of a run: one of several packages.
pub struct Want {
    /// The names of the packages, in order of preference.
    names: Vec<String>,
    /// The oldest version that meets the requirement.
    at_least: Option<Version>,
    /// True if the run has another source when no package is offered.
    optional: bool,
}

/// The first three numbers of a version.
pub type Version = [u32; 3];

impl Want {
    /// A requirement for a package that has the same name in all releases.
    pub fn package(name: &str) -> Self {
        Self::first_of(&[name])
    }

    /// A requirement for any of several packages. The harness installs the first that the release offers.
    pub fn first_of(names: &[&str]) -> Self {
        Self {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            at_least: None,
            optional: false,
        }
    }

    pub fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    pub fn at_least(self, version: Version) -> Self {
        Self {
            at_least: Some(version),
            ..self
        }
    }

    fn accepts(&self, version: &str) -> bool {
        self.at_least
            .is_none_or(|least| numbers(version).is_some_and(|numbers| numbers >= least))
    }

    /// The package to install: the first package that apt offers in an accepted version.
    fn offered<'a>(&'a self, known: &Known) -> Option<&'a str> {
        let mut names = self.names.iter();
        let offered = names.find(|name| {
            let candidate = known.candidates.get(*name);
            candidate.is_some_and(|version| self.accepts(version))
        });
        offered.map(String::as_str)
    }

    fn is_installed(&self, known: &Known) -> bool {
        self.names.iter().any(|name| {
            let installed = known.installed.get(name);
            installed.is_some_and(|version| self.accepts(version))
        })
    }
}

/// The versions of packages, by name.
#[derive(Default)]
pub struct Known {
    installed: BTreeMap<String, String>,
    /// The versions that `apt-get install` would install.
    candidates: BTreeMap<String, String>,
}

impl Known {
    /// Reads the installed versions from dpkg, and the candidates of missing packages from apt.
    pub fn of(wants: &[Want]) -> Result<Self> {
        let names = wants.iter().flat_map(|want| &want.names);
        let mut known = Self {
            installed: installed_of(&dpkg_query(names)?),
            ..Self::default()
        };
        let missing = wants.iter().filter(|want| !want.is_installed(&known));
        let missing: Vec<_> = missing.flat_map(|want| &want.names).collect();
        if !missing.is_empty() {
            let mut policy = Command::new("apt-cache");
            policy.env("LC_ALL", "C").arg("policy").args(missing);
            known.candidates = candidates_of(&command::output(&mut policy)?);
        }
        Ok(known)
    }
}

/// The next step.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// Start the run: all requirements are met, or the unmet ones are optional and not offered.
    Go,
    /// Run `apt-get update`: packages are missing, and the lists may be old.
    Update,
    /// Install these packages.
    Install(Vec<String>),
    /// Fail: these packages are missing, and apt does not offer them.
    Unavailable(Vec<String>),
}

/// Decides on the next step. `updated` is true if this run has already updated the lists.
pub fn next(wants: &[Want], known: &Known, updated: bool) -> Next {
    let missing = || wants.iter().filter(|want| !want.is_installed(known));
    if missing().next().is_none() {
        return Next::Go;
    }
    if !updated {
        return Next::Update;
    }
    let unavailable = missing().filter(|want| !want.optional && want.offered(known).is_none());
    let unavailable: Vec<_> = unavailable.map(|want| want.names.join(" or ")).collect();
    if !unavailable.is_empty() {
        return Next::Unavailable(unavailable);
    }
    let offered = missing().filter_map(|want| want.offered(known));
    let offered: Vec<_> = offered.map(str::to_owned).collect();
    match offered.is_empty() {
        true => Next::Go,
        false => Next::Install(offered),
    }
}

/// The packages that a user without root rights must install; `None` if only optional ones are missing.
pub fn to_install_by_hand(wants: &[Want], known: &Known) -> Option<Vec<String>> {
    let missing = || wants.iter().filter(|want| !want.is_installed(known));
    if missing().all(|want| want.optional) {
        return None;
    }
    let names = missing().filter_map(|want| match want.offered(known) {
        Some(name) => Some(name.to_owned()),
        None if want.optional => None,
        None => want.names.first().cloned(),
    });
    Some(names.collect())
}

/// Parses the output of [`dpkg_query`] to the versions of installed packages.
///
/// ```text
/// gcc 4:12.2.0-3 installed
/// gawk 1:5.2.1-2 config-files
/// ```
fn installed_of(dpkg: &str) -> BTreeMap<String, String> {
    let installed = dpkg.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (name, version) = (words.next()?, words.next()?);
        (words.next()? == "installed").then(|| (name.to_owned(), version.to_owned()))
    });
    installed.collect()
}

/// Parses the output of `apt-cache policy` to the candidates of packages.
///
/// ```text
/// bindgen:
///   Installed: (none)
///   Candidate: 0.71.1-4
///   Version table:
/// ```
fn candidates_of(policy: &str) -> BTreeMap<String, String> {
    let mut candidates = BTreeMap::new();
    let mut package = "";
    for line in policy.lines() {
        if let Some(version) = line.strip_prefix("  Candidate: ") {
            if version != "(none)" {
                candidates.insert(package.to_owned(), version.to_owned());
            }
        } else if let Some(name) = line.strip_suffix(':') {
            if !name.starts_with(' ') {
                package = name;
            }
        }
    }
    candidates
}

/// The first three numbers of `0.71.1-4` or `bindgen 0.71.1`; `None` if there are fewer.
pub fn numbers(text: &str) -> Option<Version> {
    let version = text.split(' ').next_back()?;
    // Remove the epoch of a package's version: `1:` in `1:19.1.7`.
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let mut numbers = version
        .split(|character: char| !character.is_ascii_digit())
        .map(|number| number.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

/// The version of a package, if it is installed.
pub fn installed_version(package: &str) -> Option<String> {
    let listing = dpkg_query([package]).ok()?;
    installed_of(&listing).remove(package)
}

/// The output of dpkg-query for packages. Its exit code is ignored: dpkg-query fails if it does not know
/// a package, but prints the other packages.
fn dpkg_query<T: AsRef<std::ffi::OsStr>>(names: impl IntoIterator<Item = T>) -> Result<String> {
    let mut query = Command::new("dpkg-query");
    query.arg("--show");
    query.arg("--showformat=${Package} ${Version} ${db:Status-Status}\n");
    let result = query.args(names).output().context("dpkg-query")?;
    Ok(String::from_utf8_lossy(&result.stdout).into_owned())
}

/// The prefix of a command that needs root rights: nothing for root, or `sudo -n`. `None` if sudo asks
/// for a password or is missing.
pub fn become_root() -> Option<&'static [&'static str]> {
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

/// Arguments of apt-get: update the lists, and fail if one list cannot be downloaded.
pub const UPDATE: &[&str] = &["update", "-o", "APT::Update::Error-Mode=any"];

pub fn update(root: &[&str]) -> Result<()> {
    apt_get(root, UPDATE)
}

pub fn install(root: &[&str], packages: &[String]) -> Result<()> {
    let mut words = vec!["install", "--yes", "--no-install-recommends"];
    // A machine that was just started can hold dpkg's lock while it updates itself.
    words.extend(["-o", "DPkg::Lock::Timeout=300"]);
    words.extend(packages.iter().map(String::as_str));
    apt_get(root, &words)
}

fn apt_get(root: &[&str], arguments: &[&str]) -> Result<()> {
    let words: Vec<_> = root
        .iter()
        .chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .collect();
    let mut apt_get = Command::new(words[0]);
    apt_get.args(&words[1..]).args(arguments);
    command::output(&mut apt_get).map(drop).map_err(first_error)
}

/// Shortens an error of apt-get to the first line with a cause. apt-get prints a line for each package.
///
/// ```text
/// E: Failed to fetch http://mirror.example/m4_1.4.19-3_amd64.deb  404  Not Found
/// ```
pub fn first_error(error: Error) -> Error {
    let text = format!("{error:#}");
    let has_cause = |line: &&str| line.starts_with("E: ") || line.starts_with("dpkg: error");
    match text.lines().find(has_cause) {
        Some(line) => anyhow!("{}", line.trim_start_matches("E: ")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The versions on a machine that has gcc installed, with `policy` as the output of apt-cache.
    fn known(policy: &str) -> Known {
        Known {
            installed: installed_of("gcc 4:12.2.0-3 installed\nflex 2.6.4-8.2 config-files\n"),
            candidates: candidates_of(policy),
        }
    }

    const OLD: &str = "gcc:\n  Installed: 4:12.2.0-3\n  Candidate: 4:12.2.0-3\n  Version table:\n \
                       *** 4:12.2.0-3 100\n        100 /var/lib/dpkg/status\n";

    fn offer(package: &str, version: &str) -> String {
        format!("{package}:\n  Installed: (none)\n  Candidate: {version}\n  Version table:\n")
    }

    fn source() -> Want {
        Want::package("linux-source-6.12").optional()
    }

    fn install(names: &[&str]) -> Next {
        Next::Install(names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn without_missing_packages_the_run_starts_at_once() {
        let wants = [Want::package("gcc"), Want::first_of(&["cc", "gcc"])];
        assert_eq!(next(&wants, &known(""), false), Next::Go);
        assert_eq!(to_install_by_hand(&wants, &known("")), None);
    }

    #[test]
    fn only_updated_lists_are_used() {
        let wants = [Want::package("gcc"), source()];
        // Old lists can lack a package, or offer a version that the mirror has removed.
        let offered = known(&offer("linux-source-6.12", "6.12.90-1"));
        assert_eq!(next(&wants, &known(OLD), false), Next::Update);
        assert_eq!(next(&wants, &offered, false), Next::Update);
        assert_eq!(
            next(&wants, &offered, true),
            install(&["linux-source-6.12"])
        );
        // The run downloads the source from another suite.
        assert_eq!(next(&wants, &known(OLD), true), Next::Go);
    }

    #[test]
    fn a_removed_package_is_missing() {
        let policy = offer("flex", "2.6.4-8.2");
        let wants = [Want::package("flex")];
        assert_eq!(next(&wants, &known(&policy), true), install(&["flex"]));
    }

    #[test]
    fn the_first_offered_package_is_installed() {
        let wants = [Want::first_of(&["qemu-system-riscv", "qemu-system-misc"])];
        let old = offer("qemu-system-misc", "1:7.2");
        let new = offer("qemu-system-misc", "1:10.0") + &offer("qemu-system-riscv", "1:10.0");
        assert_eq!(
            next(&wants, &known(&old), true),
            install(&["qemu-system-misc"])
        );
        assert_eq!(
            next(&wants, &known(&new), true),
            install(&["qemu-system-riscv"])
        );
    }

    #[test]
    fn packages_that_apt_does_not_offer_are_named() {
        let wants = [
            Want::first_of(&["qemu-system-riscv", "qemu-system-misc"]),
            source(),
            Want::package("flex"),
        ];
        let policy = offer("flex", "2.6.4-8.2") + &offer("linux-source-6.12", "(none)");
        let name = "qemu-system-riscv or qemu-system-misc".to_owned();
        let unavailable = Next::Unavailable(vec![name]);
        assert_eq!(next(&wants, &known(&policy), true), unavailable);
        let list = to_install_by_hand(&wants, &known(&policy)).unwrap();
        assert_eq!(list, ["qemu-system-riscv", "flex"]);
    }

    #[test]
    fn a_package_that_is_too_old_is_not_installed() {
        let wants = [Want::package("bindgen").at_least([0, 71, 1]).optional()];
        for (version, expected) in [
            ("0.60.1-2+b2", Next::Go),
            ("0.71.0-1", Next::Go),
            ("0.71.1-4", install(&["bindgen"])),
            ("1:0.72.0~rc1-1", install(&["bindgen"])),
            ("1.0", Next::Go),
        ] {
            let known = known(&offer("bindgen", version));
            assert_eq!(next(&wants, &known, true), expected, "{version}");
            assert_eq!(to_install_by_hand(&wants, &known), None);
        }
    }

    #[test]
    fn versions_are_the_first_three_numbers() {
        assert_eq!(numbers("bindgen 0.71.1"), Some([0, 71, 1]));
        assert_eq!(numbers("1:19.1.7-3~deb12u1"), Some([19, 1, 7]));
        assert_eq!(numbers("0.60"), None);
        assert_eq!(numbers(""), None);
    }

    #[test]
    fn an_error_of_apt_is_shortened_to_its_first_cause() {
        let output = "env failed:\nW: old\nE: Failed to fetch a\nE: Failed to fetch b";
        let error = first_error(anyhow!(output));
        assert_eq!(error.to_string(), "Failed to fetch a");
        let other = anyhow!("sudo failed:\na password is required");
        assert_eq!(
            first_error(other).to_string(),
            "sudo failed:\na password is required"
        );
    }
}
