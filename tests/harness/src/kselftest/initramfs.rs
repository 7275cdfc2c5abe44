// SPDX-License-Identifier: GPL-2.0

//! Makes the initramfs of the guest for the kernel's own tests: the scripts and programs of
//! tools/testing/selftests, and the host's programs that the scripts run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::guest::{self, Files, Guest};
use crate::lab::modules;
use crate::lab::options::{self, Options};

/// Programs of the host for the scripts. busybox lacks these programs, or has fewer options of them.
const PROGRAMS: &[&str] = &[
    "awk", "bash", "chrt", "date", "dmesg", "diff", "find", "getconf", "grep", "insmod", "mktemp",
    "modinfo", "rmmod", "sed", "stat", "sysctl", "taskset",
];

/// Debian's shell for scripts that begin with `#!/bin/sh`.
const SHELL: &str = "dash";

/// Directories of selftests: their C programs are compiled, their scripts are copied. `ftrace` is copied
/// whole.
const SUITES: [&str; 2] = ["proc", "livepatch"];

/// Makes the initramfs with the tests of `untouched`, the tree without the hooks. Builds modules of the tests for
/// `kernel`.
pub fn make(options: &Options, kernel: &Kernel, untouched: &Path) -> Result<Guest> {
    let arch = options.arch()?;
    ensure!(
        !arch.is_foreign(),
        "ARCH={}: the kernel's tests run programs of this host; leave out ARCH",
        arch.name
    );
    let directory = kernel.objtree.join("kselftest");
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
    let testing = untouched.join("tools/testing");
    let selftests = testing.join("selftests");

    let mut list = Files::new();
    for name in ["bin", "out", "selftests"] {
        list.directory(Path::new(name));
    }
    list.file(
        "init",
        &options::repository()?.join("tests/kselftest/init"),
        0o755,
    );
    list.file("bin/busybox", &guest::busybox(options)?, 0o755);
    add_programs(&mut list)?;
    let root = guest::install_modules(kernel, &directory)?;
    list.tree(&root, &root.join("lib"))?;

    list.tree(&testing, &selftests.join("ftrace"))?;
    for suite in SUITES {
        let sources = selftests.join(suite);
        let place = Path::new("selftests").join(suite);
        list.directory(&place);
        for source in files_of(&sources, "c")? {
            let program = directory.join(source.file_stem().unwrap_or_default());
            compile(untouched, &source, &program)?;
            add(&mut list, &place, &program);
        }
        for script in files_of(&sources, "sh")? {
            add(&mut list, &place, &script);
        }
    }
    let livepatch = Path::new("selftests/livepatch/test_modules");
    list.directory(livepatch);
    let sources = testing.join(livepatch);
    for module in modules::build_all(kernel, &sources)? {
        add(&mut list, livepatch, &module);
    }
    Guest::of(kernel, &list, directory)
}

/// Compiles a test that is a C program, as the Makefiles of the tests do, but static.
fn compile(untouched: &Path, source: &Path, program: &Path) -> Result<()> {
    let mut cc = Command::new("gcc");
    cc.args([
        "-static",
        "-pthread",
        "-O2",
        "-w",
        "-D_GNU_SOURCE",
        "-isystem",
    ])
    .arg(untouched.join("tools/include/uapi"))
    .arg("-I")
    .arg(untouched.join("tools/testing/selftests"))
    .arg("-o")
    .arg(program)
    .arg(source);
    command::output(&mut cc).map(drop)
}

/// Adds the host's programs to `usr/bin`, and the libraries that `ldd` prints for them at their own paths.
///
/// ```text
///         linux-vdso.so.1 (0x00007ffc3b1f2000)
///         libtinfo.so.6 => /lib/x86_64-linux-gnu/libtinfo.so.6 (0x00007f2a7d3c1000)
///         /lib64/ld-linux-x86-64.so.2 (0x00007f2a7d570000)
/// ```
fn add_programs(list: &mut Files) -> Result<()> {
    let mut libraries = BTreeSet::new();
    let names = PROGRAMS.iter().map(|name| (*name, *name));
    list.directory(Path::new("usr"));
    list.directory(Path::new("usr/bin"));
    for (name, program) in names.chain([("sh", SHELL)]) {
        let paths = command::in_path(program);
        let path = paths
            .first()
            .with_context(|| format!("{program} is missing"))?;
        list.file(&format!("usr/bin/{name}"), path, 0o755);
        let linked = command::output(Command::new("ldd").arg(path))?;
        let words = linked.split_whitespace();
        libraries.extend(
            words
                .filter(|word| word.starts_with('/'))
                .map(PathBuf::from),
        );
    }
    // Scripts name these paths in their first lines and in commands.
    list.link("bin/sh", "/usr/bin/sh");
    list.link("bin/bash", "/usr/bin/bash");
    list.link("bin/stat", "/usr/bin/stat");
    let mut directories = BTreeSet::new();
    for library in &libraries {
        let parents = library.ancestors().skip(1);
        directories.extend(parents.filter_map(|parent| parent.strip_prefix("/").ok()));
    }
    // The first directory is the root.
    for directory in directories.iter().skip(1) {
        list.directory(directory);
    }
    for library in &libraries {
        let name = library.strip_prefix("/")?;
        list.file(&name.to_string_lossy(), library, 0o755);
    }
    Ok(())
}

/// The files of a directory with this extension, sorted by name.
fn files_of(directory: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|other| other == extension));
    paths.sort();
    Ok(paths)
}

/// Adds a file to a directory of the guest.
fn add(list: &mut Files, directory: &Path, file: &Path) {
    let name = directory.join(file.file_name().unwrap_or_default());
    list.file(&name.to_string_lossy(), file, 0o755);
}
