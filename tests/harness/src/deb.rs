// SPDX-License-Identifier: GPL-2.0

//! `make deb`: makes a Debian package of the command `kallmodsyms`, with man pages and completions. It runs
//! `make tool` to compile the program. The package depends on the first version of the C library that has all
//! symbols of the program; this host may have a later version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::options::{self, Options};
use crate::lab::packages;
use crate::lab::progress::Phase;
use crate::tool;

/// The shells with completions, and the files that the shells read.
const COMPLETIONS: &[(&str, &str)] = &[
    ("bash", "share/bash-completion/completions/kallmodsyms"),
    ("zsh", "share/zsh/vendor-completions/_kallmodsyms"),
    ("fish", "share/fish/vendor_completions.d/kallmodsyms.fish"),
];

/// The copyright file, which Debian's policy requires.
const COPYRIGHT: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: The authors of kallmodsyms
License: GPL-2.0
 The text of the license is in /usr/share/common-licenses/GPL-2.
";

/// The description of the package.
const DESCRIPTION: &str = "\
modules, sizes and symbols of a Linux kernel
 Tells which built-in module each symbol, address and byte of a Linux kernel
 is from. The kernel must be built with CONFIG_KALLMODSYMS. The program reads
 the running kernel, the file of another kernel, a dump, or a copy of
 /proc/kallmodsyms.
";

pub fn run(options: &Options) -> Result<()> {
    let cache = Cache::lock(options)?;
    packages::install(options, packages::For::Deb)?;
    println!("{}", build(&cache)?.display());
    Ok(())
}

/// Makes the package in the cache, and returns its file.
pub fn build(cache: &Cache) -> Result<PathBuf> {
    let program = tool::build()?;
    let mut phase = Phase::start("deb");
    phase.update("packing");
    let directory = cache.path.join("deb");
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
    // The files of the package, in a directory that is removed at the end.
    let stage = tempfile::tempdir_in(&directory)?;
    let root = stage.path().join("root");
    let usr = root.join("usr");
    let installed = usr.join("bin/kallmodsyms");
    install(&program, &installed, "755")?;
    command::output(Command::new("strip").arg(&installed))?;
    man_pages(&usr.join("share/man"))?;
    let text = stage.path().join("text");
    for (shell, path) in COMPLETIONS {
        let script = command::output(Command::new(&program).args(["completions", shell]))?;
        fs::write(&text, script)?;
        install(&text, &usr.join(path), "644")?;
    }
    fs::write(&text, COPYRIGHT)?;
    install(&text, &usr.join("share/doc/kallmodsyms/copyright"), "644")?;

    let version = version(&program)?;
    let architecture = command::output(Command::new("dpkg").arg("--print-architecture"))?;
    let architecture = architecture.trim_end();
    let libraries = libraries(stage.path(), &installed)?;
    let control = format!(
        "Package: kallmodsyms\nVersion: {version}\nArchitecture: {architecture}\n\
         Maintainer: The authors of kallmodsyms <root@localhost>\nDepends: {libraries}\n\
         Section: utils\nPriority: optional\nDescription: {DESCRIPTION}"
    );
    fs::write(&text, control)?;
    install(&text, &root.join("DEBIAN/control"), "644")?;
    let package = directory.join(format!("kallmodsyms_{version}_{architecture}.deb"));
    let mut pack = Command::new("dpkg-deb");
    pack.args(["--root-owner-group", "--build"]);
    command::output(pack.arg(&root).arg(&package))?;
    phase.done("packed");
    Ok(package)
}

/// Copies a file, and makes the directories above it.
fn install(file: &Path, target: &Path, mode: &str) -> Result<()> {
    let mut install = Command::new("install");
    install.args(["-D", "-m", mode]).arg(file).arg(target);
    command::output(&mut install).map(drop)
}

/// Copies and compresses the man pages.
fn man_pages(man: &Path) -> Result<()> {
    let pages = options::repository()?.join("Documentation/man");
    for page in fs::read_dir(&pages).with_context(|| pages.display().to_string())? {
        let page = page?.path();
        let section = page.extension().context("a man page without a section")?;
        let directory = man.join(format!("man{}", section.to_string_lossy()));
        let target = directory.join(page.file_name().context("a man page without a name")?);
        install(&page, &target, "644")?;
        command::output(Command::new("gzip").args(["-9", "-n"]).arg(&target))?;
    }
    Ok(())
}

/// The version of the program.
///
/// ```text
/// kallmodsyms 0.1.0
/// ```
fn version(program: &Path) -> Result<String> {
    let output = command::output(Command::new(program).arg("-V"))?;
    let version = output.trim_end().strip_prefix("kallmodsyms ");
    version
        .map(str::to_owned)
        .with_context(|| format!("kallmodsyms -V printed no version: {output}"))
}

/// The packages of the libraries that the program needs. dpkg-shlibdeps runs only in a source package, so this
/// function makes `debian/control` in `directory` and runs dpkg-shlibdeps there.
///
/// ```text
/// shlibs:Depends=libc6 (>= 2.34), libgcc-s1 (>= 4.2)
/// ```
fn libraries(directory: &Path, program: &Path) -> Result<String> {
    fs::create_dir(directory.join("debian"))?;
    let control = "Source: kallmodsyms\n\nPackage: kallmodsyms\nArchitecture: any\n";
    fs::write(directory.join("debian/control"), control)?;
    let mut shlibdeps = Command::new("dpkg-shlibdeps");
    shlibdeps.arg("-O").arg(program).current_dir(directory);
    let output = command::output(&mut shlibdeps)?;
    let libraries = output.trim_end().strip_prefix("shlibs:Depends=");
    libraries
        .map(str::to_owned)
        .with_context(|| format!("dpkg-shlibdeps printed no libraries: {output}"))
}
