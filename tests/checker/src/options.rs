// SPDX-License-Identifier: GPL-2.0

//! The options of the command line. `make` passes its variables in the environment.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use clap::Parser;

#[derive(Parser)]
#[command(
    name = "check",
    about = "Compares /proc/kallmodsyms of a built kernel with the kernel's object files",
    after_help = "Exit code: 0 if the kernel passes, 1 if a symbol has wrong modules, too many symbols \
                  lack their modules or the build lists unattributed symbols, 2 if the checker cannot \
                  read the build. (make returns 2 in both cases of failure.)"
)]
pub struct Options {
    /// The build directory, with vmlinux and the object files
    #[arg(short = 'O', long, env = "O", value_name = "DIR")]
    objtree: Option<PathBuf>,

    /// The kernel tree, if the kernel was built in its tree
    #[arg(long, env = "KDIR", value_name = "DIR")]
    kdir: Option<PathBuf>,

    /// Without -O and --kdir: the cache with the builds of `make run` and `make test`
    #[arg(long, env = "KALLMODSYMS_CACHE", value_name = "DIR")]
    cache: Option<PathBuf>,

    /// The kernel series of the build in the cache
    #[arg(long, env = "KERNEL", default_value = "6.12")]
    kernel: String,

    /// The configuration of the build in the cache
    #[arg(long, env = "CONFIG", default_value = "tiny")]
    config: String,

    /// The architecture of the build in the cache
    #[arg(long, env = "ARCH", default_value = "x86_64")]
    arch: String,

    /// 1 for the build by clang and LLD in the cache
    #[arg(long, env = "LLVM", default_value = "")]
    llvm: String,

    /// The smallest accepted percentage of the modules' symbols that the kernel shows with their modules
    #[arg(long, default_value_t = 99.95, value_name = "PERCENT", value_parser = percent)]
    pub min_recall: f64,

    /// Accept symbols and objects that the build itself lists as in no module
    #[arg(long)]
    pub unattributed: bool,

    /// Instead, compare the order of /proc/kallsyms with the order by scripts/kallsyms.c of this
    /// untouched kernel tree, and list each address where the orders differ
    #[arg(long, value_name = "TREE")]
    order: Option<PathBuf>,

    /// Instead, list the symbols in the order of this untouched kernel tree
    #[arg(long, value_name = "TREE", conflicts_with = "order")]
    untouched: Option<PathBuf>,

    /// Check the modules in this file instead of the tables; the kernel's build writes the file with
    /// CONFIG_BUILTIN_MODULE_RANGES
    #[arg(long, value_name = "FILE", conflicts_with_all = ["order", "untouched", "encodings"])]
    ranges: Option<PathBuf>,

    /// Instead, compute the bytes that the sizes and the object files of the symbols take in other encodings
    #[arg(long, conflicts_with_all = ["order", "untouched"])]
    encodings: bool,
}

/// The selected check.
pub enum Aim<'a> {
    /// Check the modules of each symbol.
    Modules,
    /// Compare the order of the symbols with the order of this untouched tree.
    Order(&'a Path),
    /// List the symbols in the order of this untouched tree.
    Untouched(&'a Path),
    /// Compute the bytes of the sizes and of the object files in other encodings.
    Encodings,
}

impl Options {
    /// The selected check.
    pub fn aim(&self) -> Aim<'_> {
        match (&self.order, &self.untouched, self.encodings) {
            (Some(tree), ..) => Aim::Order(tree),
            (_, Some(tree), _) => Aim::Untouched(tree),
            (None, None, true) => Aim::Encodings,
            (None, None, false) => Aim::Modules,
        }
    }

    /// The file to check instead of the tables.
    pub fn ranges(&self) -> Option<&Path> {
        self.ranges.as_deref()
    }

    /// The build directory.
    pub fn build(&self) -> Result<PathBuf> {
        let given = |path: &&PathBuf| !path.as_os_str().is_empty();
        let asked = [&self.objtree, &self.kdir];
        let build = match asked.into_iter().flatten().find(given) {
            Some(build) => build.clone(),
            None => self.cached_build()?,
        };
        if !has_kernel(&build) {
            bail!(
                "{}: there is no vmlinux: build the kernel first, or name its build directory with O=",
                build.display()
            );
        }
        Ok(build)
    }

    /// The build in the cache for the series, the configuration, the architecture and the compiler.
    fn cached_build(&self) -> Result<PathBuf> {
        let Some(cache) = &self.cache else {
            bail!("name the build: O=<build directory>, or KDIR=<tree> if the kernel was built in its tree");
        };
        let builds = cache.join("build");
        let start = format!("linux-source-{}_", self.kernel);
        let llvm = if self.llvm.is_empty() { "" } else { "-llvm" };
        let arch = match &*self.arch {
            "x86_64" => String::new(),
            // The kernel's ARCH is riscv; the builds in the cache have riscv64 in their names.
            "riscv" => "-riscv64".to_owned(),
            arch => format!("-{arch}"),
        };
        let end = format!("-{}{arch}{llvm}", self.config.replace('/', "-"));
        let mut found: Vec<PathBuf> = fs::read_dir(&builds)
            .with_context(|| format!("{}: the cache has no build: make run", builds.display()))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with(&start) && name.ends_with(&end) && has_kernel(path)
            })
            .collect();
        found.sort();
        match &found[..] {
            [] => bail!(
                "{}: the cache has no finished build of {start}*{end}: make run, or name a build directory with O=",
                builds.display()
            ),
            [only] => Ok(only.clone()),
            [_, ..] => bail!("the cache has several builds, choose a build with O=: {found:?}"),
        }
    }
}

fn has_kernel(build: &Path) -> bool {
    build.join("vmlinux").is_file()
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..=100.0).contains(&number) => Ok(number),
        _ => Err("not a number from 0 to 100".into()),
    }
}
