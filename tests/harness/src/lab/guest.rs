// SPDX-License-Identifier: GPL-2.0

//! The guest's user space: an initramfs of busybox, the kernel's loadable modules, and the programs
//! of `tests/guest`. The kernel's own `gen_init_cpio` packs it from a list of files.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::lab::arch::Arch;
use crate::lab::command;
use crate::lab::configure::{self, Kernel};
use crate::lab::fetch;
use crate::lab::modules;
use crate::lab::options;

/// The files that QEMU boots.
pub struct Guest {
    pub config: String,
    pub image: PathBuf,
    pub initramfs: PathBuf,
    /// The directory for the output of the guest.
    pub directory: PathBuf,
}

impl Guest {
    /// The kernel with these files, which are packed into the directory.
    pub fn of(kernel: &Kernel, list: &Files, directory: PathBuf) -> Result<Self> {
        Ok(Self {
            config: kernel.config.clone(),
            image: kernel.objtree.join(kernel.options.arch()?.image),
            initramfs: list.archive(kernel, &directory)?,
            directory,
        })
    }
}

/// Sources of the test program, in `tests/guest`.
const PROGRAM: &str = "kallmodsyms-test";

/// The sample that is compiled into the test program.
const READER: &str = "samples/reader-c/kallmodsyms.c";

pub fn pack(options: &options::Options, kernel: &Kernel) -> Result<Guest> {
    pack_with(options, kernel, &[])
}

/// A guest that can run the tests, which takes the time to build modules.
pub fn pack_for_tests(options: &options::Options, kernel: &Kernel) -> Result<Guest> {
    let modules = modules::build(kernel)?;
    pack_with(options, kernel, &modules)
}

/// A guest that has these modules, too, which it does not load by itself.
pub fn pack_with(
    options: &options::Options,
    kernel: &Kernel,
    modules: &[PathBuf],
) -> Result<Guest> {
    pack_files(options, kernel, modules, &[])
}

/// The same, with more files, each with its name in the guest.
pub fn pack_files(
    options: &options::Options,
    kernel: &Kernel,
    modules: &[PathBuf],
    files: &[(&str, &Path)],
) -> Result<Guest> {
    let repository = options::repository()?;
    let sources = repository.join("tests/guest");
    let directory = kernel.objtree.join("guest");
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;

    let program = directory.join(PROGRAM);
    let arch = options.arch()?;
    compile(arch, &sources, &[repository.join(READER)], &program)?;
    let root = match kernel.has("CONFIG_MODULES")? {
        true => Some(install_modules(kernel, &directory)?),
        false => None,
    };

    let mut list = Files::new();
    for name in ["bin", "etc", "out"] {
        list.directory(Path::new(name));
    }
    list.file("bin/busybox", &busybox(options)?, 0o755);
    list.link("bin/sh", "busybox");
    list.file("init", &sources.join("init"), 0o755);
    list.file(&format!("bin/{PROGRAM}"), &program, 0o755);
    // Which options the kernel has.
    list.file("etc/config", &kernel.objtree.join(".config"), 0o644);
    if let Some(known) = known_symbols(kernel, &sources)? {
        let file = directory.join("symbols");
        fs::write(&file, known).with_context(|| file.display().to_string())?;
        list.file("etc/symbols", &file, 0o644);
    }
    match &root {
        Some(root) => list.tree(root, &root.join("lib"))?,
        None => list.directory(Path::new("lib")),
    }
    for module in modules {
        // Not where the modules are that the guest loads all of.
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        list.file(&format!("lib/{name}"), module, 0o644);
    }
    for (name, file) in files {
        list.file(name, file, 0o644);
    }

    Guest::of(kernel, &list, directory)
}

/// What symbols are known to be in: in all kernels, and in those of the series and the architecture.
/// tiny-ibt is tiny linked another way.
fn known_symbols(kernel: &Kernel, sources: &Path) -> Result<Option<String>> {
    let config = kernel.config.trim_end_matches("-ibt");
    let name = format!("{config}.symbols");
    let Ok(mut known) = fs::read_to_string(sources.join(&name)) else {
        return Ok(None);
    };
    for directory in configure::directories(kernel.options, &kernel.series)? {
        let more = fs::read_to_string(sources.join(directory).join(&name));
        known += &more.unwrap_or_default();
    }
    Ok(Some(known))
}

/// A busybox that runs in the guest.
pub fn busybox(options: &options::Options) -> Result<PathBuf> {
    let arch = options.arch()?;
    match arch.is_foreign() {
        true => fetch::program(&options.cache, arch.debian, "busybox-static", "busybox"),
        false => Ok(PathBuf::from("/bin/busybox")),
    }
}

/// A program for the guest of the files in `sources` and of `others`, static: there is nothing else in
/// there.
pub fn compile(arch: &Arch, sources: &Path, others: &[PathBuf], program: &Path) -> Result<()> {
    let mut files: Vec<_> = fs::read_dir(sources)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    files.sort();
    let mut cc = Command::new(format!("{}gcc", arch.cross_prefix()));
    cc.args(["-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(program)
        .args(files)
        .args(others);
    command::output(&mut cc).map(drop)
}

/// The loadable modules, below a directory that stands for the guest's root.
pub fn install_modules(kernel: &Kernel, directory: &Path) -> Result<PathBuf> {
    let root = directory.join("root");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    let mut make = kernel.make()?;
    make.arg(format!("INSTALL_MOD_PATH={}", root.display()))
        // The guest loads modules that are not compressed.
        .arg("CONFIG_MODULE_COMPRESS_ALL=")
        .arg("modules_install");
    command::logged(&mut make, &directory.join("modules.log"))?;
    Ok(root)
}

/// The list that `gen_init_cpio` reads.
pub struct Files {
    text: String,
}

impl Files {
    /// A root directory that has what every guest needs.
    pub fn new() -> Self {
        let mut list = Self {
            text: String::new(),
        };
        for name in ["dev", "proc", "sys", "tmp"] {
            list.directory(Path::new(name));
        }
        list.text.push_str("nod /dev/console 0600 0 0 c 5 1\n");
        list
    }

    /// `dir /proc 0755 0 0`
    pub fn directory(&mut self, name: &Path) {
        let _ = writeln!(self.text, "dir /{} 0755 0 0", name.display());
    }

    /// `slink /bin/sh busybox 0777 0 0`
    pub fn link(&mut self, name: &str, to: &str) {
        let _ = writeln!(self.text, "slink /{name} {to} 0777 0 0");
    }

    /// `file /init tests/guest/init 0755 0 0`
    pub fn file(&mut self, name: &str, from: &Path, mode: u32) {
        let _ = writeln!(self.text, "file /{name} {} {mode:04o} 0 0", from.display());
    }

    /// A directory and all that is in it, but for links out of it.
    pub fn tree(&mut self, root: &Path, directory: &Path) -> Result<()> {
        let name = directory.strip_prefix(root)?;
        self.directory(name);
        let mut entries: Vec<_> = fs::read_dir(directory)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.tree(root, &entry.path())?;
            } else if kind.is_file() {
                let name = name.join(entry.file_name());
                let mode = match entry.metadata()?.permissions().mode() & 0o111 {
                    0 => 0o644,
                    _ => 0o755,
                };
                self.file(&name.to_string_lossy(), &entry.path(), mode);
            }
        }
        Ok(())
    }
    /// The archive that the kernel unpacks when it starts.
    pub fn archive(&self, kernel: &Kernel, directory: &Path) -> Result<PathBuf> {
        let names = directory.join("initramfs.list");
        fs::write(&names, &self.text)?;
        let initramfs = directory.join("initramfs.cpio");
        let archive = fs::File::create(&initramfs)?;
        let mut generator = Command::new(kernel.objtree.join("usr/gen_init_cpio"));
        let status = generator
            .arg(&names)
            .stdout(archive)
            .status()
            .context("usr/gen_init_cpio")?;
        anyhow::ensure!(
            status.success(),
            "usr/gen_init_cpio {} failed",
            names.display()
        );
        Ok(initramfs)
    }
}
