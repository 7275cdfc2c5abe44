// SPDX-License-Identifier: GPL-2.0

//! A package that the host's own sources do not have, from a newer suite of the mirror that they
//! name.
//!
//! apt gets it, with settings and lists of its own in the cache, and checks it by Debian's keys. The
//! system stays as it is: nothing is installed, and nobody's rights are needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context, Result};

use crate::cache::Cache;
use crate::command;
use crate::progress::Phase;

/// Where kernel series are that a stable release does not have itself.
const SUITE: &str = "trixie-backports";

const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A package in the cache.
pub struct Fetched {
    pub version: String,
    pub file: PathBuf,
}

/// The package `name`, which is fetched once.
pub fn package(cache: &Cache, name: &str) -> Result<Fetched> {
    let directory = cache.path.join("apt");
    if let Some(fetched) = find(&directory, name) {
        return Ok(fetched);
    }
    let mirror = mirror()?;
    let mut phase = Phase::start("fetch");
    phase.announce(&format!("{name} of {SUITE}, which apt here does not offer"));
    let advice = || {
        format!(
            "{name}: apt does not offer it here, and it could not be fetched from {SUITE} of {mirror}; \
             install it, or give a tree of your own, as in make run KDIR=/path/to/linux"
        )
    };
    prepare(&directory, &mirror).with_context(|| directory.display().to_string())?;
    command::output(apt_get(&directory).arg("update")).with_context(advice)?;
    command::output(apt_get(&directory).args(["download", name])).with_context(advice)?;
    let fetched = find(&directory, name).with_context(advice)?;
    phase.done(&format!("version {}", fetched.version));
    Ok(fetched)
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

fn prepare(directory: &Path, mirror: &str) -> Result<()> {
    for name in ["lists/partial", "archives/partial"] {
        fs::create_dir_all(directory.join(name))?;
    }
    let keys = match Path::new(KEYS).exists() {
        true => format!("[signed-by={KEYS}] "),
        // Those that apt itself trusts.
        false => String::new(),
    };
    let source = format!("deb {keys}{mirror} {SUITE} main\n");
    Ok(fs::write(directory.join("sources.list"), source)?)
}

/// apt-get with all that it writes, and where it looks, in `directory`.
fn apt_get(directory: &Path) -> Command {
    let mut apt_get = Command::new("apt-get");
    let setting = |name: &str, value: &Path| format!("{name}={}", value.display());
    for (name, path) in [
        ("Dir::Etc::sourcelist", directory.join("sources.list")),
        ("Dir::Etc::sourceparts", PathBuf::from("/dev/null")),
        ("Dir::State::lists", directory.join("lists")),
        ("Dir::Cache", directory.to_owned()),
        ("Dir::Cache::archives", directory.join("archives")),
    ] {
        apt_get.arg("-o").arg(setting(name, &path));
    }
    // The user that apt downloads as may not get at the cache.
    apt_get.args(["-o", "APT::Sandbox::User=root", "--quiet"]);
    apt_get.current_dir(directory);
    apt_get
}

/// The address that the host gets its release from.
fn mirror() -> Result<String> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    // VERSION_CODENAME=bookworm
    let codename = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let mut targets = Command::new("apt-get");
    targets.args([
        "indextargets",
        "--format",
        "$(RELEASE) $(COMPONENT) $(REPO_URI)",
        "Created-By: Packages",
    ]);
    let targets = command::output(&mut targets)?;
    let Some(mirror) = codename.and_then(|codename| mirror_of(&targets, codename)) else {
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
        assert_eq!(mirror_of(targets, "trixie"), None);
    }
}
