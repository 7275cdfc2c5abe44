// SPDX-License-Identifier: GPL-2.0

//! Installs the Debian package of the command in file systems of Debian 12 and 13, and runs the command there.
//! The package of a newer host cannot be installed in an older release, whose C library is too old.

use std::fs;
use std::path::Path;

use anyhow::{ensure, Context, Result};

use super::report::Report;
use crate::deb;
use crate::lab::bootstrap;
use crate::lab::build;
use crate::lab::cache::Cache;
use crate::lab::options::Options;
use crate::lab::workshop::Workshop;

/// The releases: the name, and the number in `/etc/os-release`.
const RELEASES: &[(&str, u32)] = &[("bookworm", 12), ("trixie", 13)];

/// The packages of the file systems: the program's libraries, and the command `man`.
const PACKAGES: &str = "libc6,libgcc-s1,man-db";

/// The script that the test runs in each new file system.
const SCRIPT: &str = "set -e
dpkg -i /tmp/kallmodsyms.deb >&2
kallmodsyms --version
kallmodsyms sizes /tmp/vmlinux | tail -n 1
man -w kallmodsyms kallmodsyms-sizes proc_kallmodsyms
ls /usr/share/bash-completion/completions/kallmodsyms \\
   /usr/share/zsh/vendor-completions/_kallmodsyms \\
   /usr/share/fish/vendor_completions.d/kallmodsyms.fish
grep -o 'License: GPL-2.0' /usr/share/doc/kallmodsyms/copyright
rm /tmp/kallmodsyms.deb /tmp/vmlinux
";

/// The last lines of the script's output: the installed files and the license. The version and the sum of the
/// bytes come before them.
const LAST_LINES: &[&str] = &[
    "/usr/share/man/man1/kallmodsyms.1.gz",
    "/usr/share/man/man1/kallmodsyms-sizes.1.gz",
    "/usr/share/man/man5/proc_kallmodsyms.5.gz",
    "/usr/share/bash-completion/completions/kallmodsyms",
    "/usr/share/fish/vendor_completions.d/kallmodsyms.fish",
    "/usr/share/zsh/vendor-completions/_kallmodsyms",
    "License: GPL-2.0",
];

pub fn run(report: &mut Report, options: &Options, workshop: &Workshop) -> Result<()> {
    let kernel = workshop.configured(options, options.config())?;
    build::build(&kernel)?;
    let package = deb::build(&workshop.cache)?;
    for &(release, number) in RELEASES {
        let name = format!("the package is installed and runs in Debian {number}");
        if host_release()? > number {
            println!("# skipped, because this host has a newer release: {name}");
            continue;
        }
        report.check(
            &name,
            installs(&workshop.cache, release, &package, &kernel.linked_vmlinux()),
        );
    }
    Ok(())
}

fn installs(cache: &Cache, release: &str, package: &Path, vmlinux: &Path) -> Result<()> {
    let directory = cache.path.join("deb");
    let (script, output) = (
        directory.join("try.sh"),
        directory.join(format!("{release}.txt")),
    );
    fs::write(&script, SCRIPT)?;
    let hooks = [
        format!("upload {} /tmp/kallmodsyms.deb", package.display()),
        format!("upload {} /tmp/vmlinux", vmlinux.display()),
        format!("upload {} /tmp/try.sh", script.display()),
        "chroot \"$1\" sh /tmp/try.sh >\"$1/tmp/output\"".into(),
        format!("download /tmp/output {}", output.display()),
    ];
    let hooks = hooks.map(|hook| format!("--customize-hook={hook}"));
    bootstrap::make(
        &directory,
        release,
        PACKAGES,
        &hooks,
        Path::new("/dev/null"),
    )?;
    let output = fs::read_to_string(&output).with_context(|| output.display().to_string())?;
    let lines: Vec<_> = output.lines().collect();
    let version = lines
        .first()
        .is_some_and(|line| line.starts_with("kallmodsyms "));
    let has_sum = lines.iter().any(|line| line.ends_with(" total"));
    ensure!(version && has_sum, "{output}");
    ensure!(lines.ends_with(LAST_LINES), "{output}");
    Ok(())
}

/// The number of this host's release of Debian. A release in preparation has no number: the result is `u32::MAX`.
fn host_release() -> Result<u32> {
    let release = fs::read_to_string("/etc/os-release").context("/etc/os-release")?;
    let number = release.lines().find_map(|line| {
        line.strip_prefix("VERSION_ID=\"")?
            .strip_suffix('"')?
            .parse()
            .ok()
    });
    Ok(number.unwrap_or(u32::MAX))
}
