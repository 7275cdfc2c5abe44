// SPDX-License-Identifier: GPL-2.0

//! Packs the guest's user space: an initramfs with busybox, the kernel's loadable modules, and the
//! programs of `tests/guest`. The kernel's own `gen_init_cpio` makes the initramfs from a list of files.

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
    /// The directory for the guest's console and files.
    pub directory: PathBuf,
}

impl Guest {
    /// A guest with this kernel, and with an initramfs of the files in `list`. The initramfs is in
    /// `directory`.
    pub fn of(kernel: &Kernel, list: &Files, directory: PathBuf) -> Result<Self> {
        Ok(Self {
            config: kernel.config.clone(),
            image: kernel.objtree.join(kernel.options.arch()?.image),
            initramfs: list.archive(kernel, &directory)?,
            directory,
        })
    }
}

/// The test program, compiled from `tests/guest`.
const PROGRAM: &str = "kallmodsyms-test";

/// The sample that is compiled into the test program.
const READER: &str = "samples/reader-c/kallmodsyms.c";

pub fn pack(options: &options::Options, kernel: &Kernel) -> Result<Guest> {
    pack_with(options, kernel, &[])
}

/// Packs a guest with the modules of the tests. Building these modules takes time.
pub fn pack_for_tests(options: &options::Options, kernel: &Kernel) -> Result<Guest> {
    let modules = modules::build(kernel)?;
    pack_with(options, kernel, &modules)
}

/// Packs a guest with additional modules. The guest does not load these modules together with the kernel's.
pub fn pack_with(
    options: &options::Options,
    kernel: &Kernel,
    modules: &[PathBuf],
) -> Result<Guest> {
    pack_files(options, kernel, modules, &[])
}

/// Packs a guest with additional modules, and with additional files: pairs of (name in the guest, file
/// on the host).
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
        // The guest would load these modules with the kernel's if they were in lib/modules.
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        list.file(&format!("lib/{name}"), module, 0o644);
    }
    for (name, file) in files {
        list.file(name, file, mode(&fs::metadata(file)?));
    }

    Guest::of(kernel, &list, directory)
}

/// Symbols with known modules, for the guest's tests. A configuration can have a file of them; a series or an
/// architecture can have an additional file. tiny-ibt has the symbols of tiny.
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

/// The busybox of the guest's architecture.
pub fn busybox(options: &options::Options) -> Result<PathBuf> {
    let arch = options.arch()?;
    match arch.is_foreign() {
        true => fetch::program(&options.cache, arch.debian, "busybox-static", "busybox"),
        false => Ok(PathBuf::from("/bin/busybox")),
    }
}

/// Compiles a static program from the C files in `sources` and from `others`. The guest has no
/// libraries.
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

/// Installs the loadable modules into a directory that has the guest's paths, and returns the directory.
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

/// The mode of a file in the guest: that of a program, or of other files.
fn mode(file: &fs::Metadata) -> u32 {
    match file.permissions().mode() & 0o111 {
        0 => 0o644,
        _ => 0o755,
    }
}

/// The list that `gen_init_cpio` reads.
pub struct Files {
    text: String,
}

impl Files {
    /// A list with the directories and the console device of every guest.
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

    /// Adds a directory: `dir /proc 0755 0 0`.
    pub fn directory(&mut self, name: &Path) {
        let _ = writeln!(self.text, "dir /{} 0755 0 0", name.display());
    }

    /// Adds a symbolic link: `slink /bin/sh busybox 0777 0 0`.
    pub fn link(&mut self, name: &str, to: &str) {
        let _ = writeln!(self.text, "slink /{name} {to} 0777 0 0");
    }

    /// Adds a file of the host: `file /init tests/guest/init 0755 0 0`.
    pub fn file(&mut self, name: &str, from: &Path, mode: u32) {
        let _ = writeln!(self.text, "file /{name} {} {mode:04o} 0 0", from.display());
    }

    /// Adds a directory below `root` with all of its files and directories, but without symbolic links.
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
                let mode = mode(&entry.metadata()?);
                self.file(&name.to_string_lossy(), &entry.path(), mode);
            }
        }
        Ok(())
    }

    /// Makes the initramfs, which the kernel unpacks at boot.
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
