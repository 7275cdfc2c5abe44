// SPDX-License-Identifier: GPL-2.0

//! The options of the command line. `make` passes its variables in the environment.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use clap::Parser;

#[derive(Parser)]
#[command(
    name = "check",
    about = "Checks what /proc/kallmodsyms of a built kernel says against its object files",
    after_help = "Exit code: 0 if nothing is wrong, enough is shown and the build attributed all, \
                  1 if not, 2 if it cannot be checked. (make itself makes 2 of both.)"
)]
pub struct Options {
    /// The build directory: where vmlinux and the object files are
    #[arg(short = 'O', long, env = "O", value_name = "DIR")]
    objtree: Option<PathBuf>,

    /// The kernel tree, if it was built in place
    #[arg(long, env = "KDIR", value_name = "DIR")]
    kdir: Option<PathBuf>,

    /// Without these two: where `make run` and `make test` keep their builds
    #[arg(long, env = "KALLMODSYMS_CACHE", value_name = "DIR")]
    cache: Option<PathBuf>,

    /// Which of the builds kept there: of this kernel series
    #[arg(long, env = "KERNEL", default_value = "6.12")]
    kernel: String,

    /// Which of the builds kept there: of this configuration
    #[arg(long, env = "CONFIG", default_value = "tiny")]
    config: String,

    /// Which of the builds kept there: for this architecture
    #[arg(long, env = "ARCH", default_value = "x86_64")]
    arch: String,

    /// Which of the builds kept there: 1 for the one by clang and LLD
    #[arg(long, env = "LLVM", default_value = "")]
    llvm: String,

    /// The smallest part of the modules' symbols that must be shown with their modules, in percent
    #[arg(long, default_value_t = 99.95, value_name = "PERCENT", value_parser = percent)]
    pub min_recall: f64,

    /// Allow that the build left symbols or objects in no module, as it says itself
    #[arg(long)]
    pub unattributed: bool,

    /// Compare instead the order of /proc/kallsyms with the order that scripts/kallsyms.c of this
    /// untouched kernel tree gives, and list each address where the two differ
    #[arg(long, value_name = "TREE")]
    order: Option<PathBuf>,

    /// List instead the symbols in the order of this untouched kernel tree
    #[arg(long, value_name = "TREE", conflicts_with = "order")]
    untouched: Option<PathBuf>,

    /// Check instead what this file says, which the kernel's build makes with
    /// CONFIG_BUILTIN_MODULE_RANGES
    #[arg(long, value_name = "FILE", conflicts_with_all = ["order", "untouched", "encodings"])]
    ranges: Option<PathBuf>,

    /// Compute instead what the sizes of the symbols would take in other encodings
    #[arg(long, conflicts_with_all = ["order", "untouched"])]
    encodings: bool,
}

/// The check to make.
pub enum Aim<'a> {
    /// True if each symbol is shown in its modules.
    Modules,
    /// The order of the symbols, against that of a tree.
    Order(&'a Path),
    /// The symbols in the order of a tree.
    Untouched(&'a Path),
    /// The lengths of sizes in other encodings.
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

    /// The file that stands in for the tables, if there is one.
    pub fn ranges(&self) -> Option<&Path> {
        self.ranges.as_deref()
    }

    /// The build directory.
    pub fn build(&self) -> Result<PathBuf> {
        let given = |path: &&PathBuf| !path.as_os_str().is_empty();
        let asked = [&self.objtree, &self.kdir];
        let build = match asked.into_iter().flatten().find(given) {
            Some(build) => build.clone(),
            None => self.kept_build()?,
        };
        if !has_kernel(&build) {
            bail!(
                "{}: there is no vmlinux: build the kernel first, or say where it is with O=",
                build.display()
            );
        }
        Ok(build)
    }

    /// The build that the cache keeps for the series and the configuration.
    fn kept_build(&self) -> Result<PathBuf> {
        let Some(cache) = &self.cache else {
            bail!("say which build: O=<build directory>, or KDIR=<tree> if it was built in place");
        };
        let builds = cache.join("build");
        let start = format!("linux-source-{}_", self.kernel);
        let llvm = if self.llvm.is_empty() { "" } else { "-llvm" };
        let arch = match &*self.arch {
            "x86_64" => String::new(),
            // The kernel's own name of it.
            "riscv" => "-riscv64".to_owned(),
            arch => format!("-{arch}"),
        };
        let end = format!("-{}{arch}{llvm}", self.config.replace('/', "-"));
        let mut found: Vec<PathBuf> = fs::read_dir(&builds)
            .with_context(|| format!("{}: no build is kept: make run", builds.display()))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with(&start) && name.ends_with(&end) && has_kernel(path)
            })
            .collect();
        found.sort();
        match &found[..] {
            [] => bail!(
                "{}: no finished build of {start}*{end} is kept: make run, or say O=",
                builds.display()
            ),
            [only] => Ok(only.clone()),
            [_, ..] => bail!("several builds are kept, choose one with O=: {found:?}"),
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
