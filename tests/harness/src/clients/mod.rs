// SPDX-License-Identifier: GPL-2.0

//! `make clients`: runs existing tools in a guest whose kernel has `/proc/kallmodsyms`. The scripts in
//! `tests/clients` run the tools and check their output. [`texts`] then runs inferno and `kallmodsyms annotate`
//! on this host, and checks what they make of the texts.

mod root;
mod texts;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::lab::configure::Kernel;
use crate::lab::guest::{self, Files, Guest};
use crate::lab::options::{self, Options};
use crate::lab::packages;
use crate::lab::progress::Phase;
use crate::lab::qemu;
use crate::lab::toolchain;
use crate::lab::workshop::Workshop;
use crate::test::{boot, report::Report};
use crate::tool;

/// The version of blazecli that cargo compiles. Debian has no package of blazecli.
const BLAZECLI: &str = "0.1.14";

/// The script for drgn, and the decoder that the script imports from the directory above its own.
const DRGN: [&str; 2] = ["tools/drgn/kallmodsyms.py", "tools/kallmodsyms_tables.py"];

/// Runs `make clients`. Returns true if all checks passed.
pub fn run(options: &Options) -> Result<bool> {
    let options = &options.or_config("clients");
    let workshop = Workshop::open(options, packages::For::Clients)?;
    let disk = root::image(&workshop.cache)?;
    let blazesym = toolchain::installed(&workshop.cache, "blazecli", "blazecli", BLAZECLI)?;
    let kernel = workshop.built(options, options.config())?;
    let guest = pack(options, &kernel, &blazesym.join("bin/blazecli"))?;
    let collapse = toolchain::installed(
        &workshop.cache,
        "inferno-collapse-perf",
        "inferno",
        texts::INFERNO,
    )?;
    let programs = texts::Programs {
        tool: tool::build()?,
        collapse: collapse.join("bin/inferno-collapse-perf"),
    };

    let mut report = Report::new();
    let mut phase = Phase::start("clients");
    phase.announce("running the clients under QEMU, which takes several minutes");
    let mut results = boot::Results::new(options.config());
    let sent = qemu::clients(options, &guest, &disk, |line| {
        // "# dtrace: dtrace -ln fbt::vfs_read:entry"
        if let Some(running) = line.strip_prefix("# ") {
            phase.update(running);
        }
        results.take(&mut report, line);
    })?;
    results.end()?;
    phase.done("ended");
    let vmlinux = kernel.objtree.join("vmlinux");
    let console = guest.directory.join("console.log");
    texts::run(&mut report, &programs, &sent, &console, &vmlinux)?;
    println!("# the commands and their output: {}", sent.display());
    Ok(report.end())
}

/// Packs a guest with the kernel's modules and the files of `tests/clients`. Its `init` mounts the disk.
fn pack(options: &Options, kernel: &Kernel, blazecli: &Path) -> Result<Guest> {
    let repository = options::repository()?;
    let sources = repository.join("tests/clients");
    let directory = kernel.objtree.join("clients");
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
    let root = guest::install_modules(kernel, &directory)?;

    let mut list = Files::new();
    for name in [
        "bin",
        "clients",
        "clients/tools",
        "clients/tools/drgn",
        "disk",
    ] {
        list.directory(Path::new(name));
    }
    list.file("bin/busybox", &guest::busybox(options)?, 0o755);
    list.link("bin/sh", "busybox");
    list.file("clients/blazecli", blazecli, 0o755);
    let mut names: Vec<_> = fs::read_dir(&sources)?.collect::<Result<_, _>>()?;
    names.sort_by_key(fs::DirEntry::file_name);
    for entry in names {
        let name = entry.file_name().to_string_lossy().into_owned();
        let place = match name.as_str() {
            "init" => name,
            _ => format!("clients/{name}"),
        };
        list.file(&place, &entry.path(), 0o755);
    }
    for file in DRGN {
        list.file(&format!("clients/{file}"), &repository.join(file), 0o644);
    }
    list.tree(&root, &root.join("lib"))?;

    Guest::of(kernel, &list, directory)
}
