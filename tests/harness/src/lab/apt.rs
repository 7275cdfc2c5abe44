// SPDX-License-Identifier: GPL-2.0

//! The packages that dpkg has installed, the packages that apt's lists offer, and the remedy for
//! missing packages.
//!
//! Lists can be months old, or lack a suite, so a package can exist without being in a list. Therefore
//! [`next`] relies on the lists only after `apt-get update`, which one run does at most once.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use anyhow::{anyhow, Context, Error, Result};

use crate::lab::command;

/// Something that a run needs, and the packages that have it.
pub struct Want {
    /// The first of these that the release offers.
    names: Vec<String>,
    /// An older package is no use.
    at_least: Option<Version>,
    /// True if the run can get it elsewhere if no package has it.
    optional: bool,
}

/// The first numbers of a version.
pub type Version = [u32; 3];

impl Want {
    /// One package, which has the same name in all releases.
    pub fn package(name: &str) -> Self {
        Self::first_of(&[name])
    }

    /// The first of several packages that the release offers.
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

    /// The package to install: the first with a version that is good enough.
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
    /// The packages that `apt-get install` would install.
    candidates: BTreeMap<String, String>,
}

impl Known {
    /// Asks dpkg, and apt of what is missing.
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
    /// All is there that has to be.
    Go,
    /// The lists may be too old to tell.
    Update,
    Install(Vec<String>),
    /// These packages are missing, and apt's sources do not have them.
    Lack(Vec<String>),
}

/// Decides on the next step; `updated` says whether the lists are of this run.
pub fn next(wants: &[Want], known: &Known, updated: bool) -> Next {
    let missing = || wants.iter().filter(|want| !want.is_installed(known));
    if missing().next().is_none() {
        return Next::Go;
    }
    if !updated {
        return Next::Update;
    }
    let lacking = missing().filter(|want| !want.optional && want.offered(known).is_none());
    let lacking: Vec<_> = lacking.map(|want| want.names.join(" or ")).collect();
    if !lacking.is_empty() {
        return Next::Lack(lacking);
    }
    let offered = missing().filter_map(|want| want.offered(known));
    let offered: Vec<_> = offered.map(str::to_owned).collect();
    match offered.is_empty() {
        true => Next::Go,
        false => Next::Install(offered),
    }
}

/// What a person without root's rights has to have installed; `None` if the run can do without.
pub fn by_hand(wants: &[Want], known: &Known) -> Option<Vec<String>> {
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
    // The epoch of a package's version.
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let mut numbers = version
        .split(|character: char| !character.is_ascii_digit())
        .map(|number| number.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

/// The version of a package, if it is installed.
pub fn installed_version(package: &str) -> Option<String> {
    let said = dpkg_query([package]).ok()?;
    installed_of(&said).remove(package)
}

/// What dpkg says of packages. It fails if it does not know one of them, and tells of the others.
fn dpkg_query<T: AsRef<std::ffi::OsStr>>(names: impl IntoIterator<Item = T>) -> Result<String> {
    let mut query = Command::new("dpkg-query");
    query.arg("--show");
    query.arg("--showformat=${Package} ${Version} ${db:Status-Status}\n");
    let result = query.args(names).output().context("dpkg-query")?;
    Ok(String::from_utf8_lossy(&result.stdout).into_owned())
}

/// The words that give a command root's rights, if anything does.
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

/// What apt-get is told to get its lists anew, and to fail if it did not get one of them.
pub const UPDATE: &[&str] = &["update", "-o", "APT::Update::Error-Mode=any"];

pub fn update(root: &[&str]) -> Result<()> {
    apt_get(root, UPDATE)
}

pub fn install(root: &[&str], packages: &[String]) -> Result<()> {
    let mut words = vec!["install", "--yes", "--no-install-recommends"];
    // A machine that was started just now updates itself.
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

/// Of what apt-get said, the first line that tells what is wrong: there is one for each package.
///
/// ```text
/// E: Failed to fetch http://mirror.example/m4_1.4.19-3_amd64.deb  404  Not Found
/// ```
pub fn first_error(said: Error) -> Error {
    let text = format!("{said:#}");
    let tells = |line: &&str| line.starts_with("E: ") || line.starts_with("dpkg: error");
    match text.lines().find(tells) {
        Some(line) => anyhow!("{}", line.trim_start_matches("E: ")),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As on a machine that has gcc, and lists that offer the rest as given.
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
    fn nothing_is_asked_of_the_network_if_nothing_is_missing() {
        let wants = [Want::package("gcc"), Want::first_of(&["cc", "gcc"])];
        assert_eq!(next(&wants, &known(""), false), Next::Go);
        assert_eq!(by_hand(&wants, &known("")), None);
    }

    #[test]
    fn lists_are_believed_only_if_they_are_new() {
        let wants = [Want::package("gcc"), source()];
        // Whether old lists offer it or not: what they offer may be gone.
        let offered = known(&offer("linux-source-6.12", "6.12.90-1"));
        assert_eq!(next(&wants, &known(OLD), false), Next::Update);
        assert_eq!(next(&wants, &offered, false), Next::Update);
        assert_eq!(
            next(&wants, &offered, true),
            install(&["linux-source-6.12"])
        );
        // From another suite, then.
        assert_eq!(next(&wants, &known(OLD), true), Next::Go);
    }

    #[test]
    fn a_removed_package_is_missing() {
        let policy = offer("flex", "2.6.4-8.2");
        let wants = [Want::package("flex")];
        assert_eq!(next(&wants, &known(&policy), true), install(&["flex"]));
    }

    #[test]
    fn the_first_that_is_offered_is_installed() {
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
    fn what_no_source_has_is_named() {
        let wants = [
            Want::first_of(&["qemu-system-riscv", "qemu-system-misc"]),
            source(),
            Want::package("flex"),
        ];
        let policy = offer("flex", "2.6.4-8.2") + &offer("linux-source-6.12", "(none)");
        let lack = Next::Lack(vec!["qemu-system-riscv or qemu-system-misc".to_owned()]);
        assert_eq!(next(&wants, &known(&policy), true), lack);
        let list = by_hand(&wants, &known(&policy)).unwrap();
        assert_eq!(list, ["qemu-system-riscv", "flex"]);
    }

    #[test]
    fn a_package_that_is_too_old_is_left_alone() {
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
            assert_eq!(by_hand(&wants, &known), None);
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
    fn one_line_tells_what_is_wrong() {
        let said = "env failed:\nW: old\nE: Failed to fetch a\nE: Failed to fetch b";
        assert_eq!(first_error(anyhow!(said)).to_string(), "Failed to fetch a");
        let other = anyhow!("sudo failed:\na password is required");
        assert_eq!(
            first_error(other).to_string(),
            "sudo failed:\na password is required"
        );
    }
}
