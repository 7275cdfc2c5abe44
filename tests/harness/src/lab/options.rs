// SPDX-License-Identifier: GPL-2.0

//! Parses the options of the command line. `make` passes its variables in the environment.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{bail, Context, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::lab::arch::Arch;

#[derive(Parser)]
#[command(
    name = "harness",
    about = "Builds, boots and tests a kernel with /proc/kallmodsyms"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Build a kernel, boot it, and summarize its /proc/kallmodsyms
    Run(Options),
    /// Build a kernel, and boot it to a prompt
    Shell(Options),
    /// Measure size and speed, and write tables of the results
    Bench(Bench),
    /// Run tracing tools in a guest, and check their output
    Clients(Options),
    /// Run the kernel's own tests with the option and without, and compare the results
    Kselftest(Options),
    /// Run the tests; the last line is `N passed, N failed`
    Test(Test),
    /// Run the longer tests of privacy, damaged tables, boots and repeated builds
    Reproduce(Options),
    /// Make a Debian package of the command kallmodsyms
    Deb(Options),
    /// Make web pages of the documentation with the kernel's own build
    Htmldocs(Options),
    /// Describe the crates to editors, in rust-project.json
    RustAnalyzer(Options),
    /// Try each kernel series with each architecture and toolchain, or the variants of one kernel
    Matrix(Matrix),
    /// Read for minutes in kernels with KASAN and KCSAN, fuzz, run Miri, and run `reproduce`
    Soak(Soak),
}

#[derive(Args, Clone)]
pub struct Options {
    /// The kernel tree to patch and build, instead of the packaged source
    #[arg(long, env = "KDIR", value_parser = path)]
    kdir: Option<PathBuf>,

    /// The build directory, instead of one in the cache
    #[arg(long, env = "O", value_parser = path)]
    objtree: Option<PathBuf>,

    /// The kernel series, from the package linux-source-KERNEL
    #[arg(long, env = "KERNEL", default_value = "6.12")]
    pub kernel: String,

    /// The kernel configuration: tests/kernel/CONFIG.config
    #[arg(long, env = "CONFIG")]
    config: Option<String>,

    /// The architecture of the kernel: x86_64, arm64, riscv64
    #[arg(long, env = "ARCH", default_value = "x86_64")]
    arch: String,

    /// Build with clang and LLD: 1
    #[arg(long, env = "LLVM", default_value = "")]
    pub llvm: String,

    /// Build with the compilers of another release of Debian: trixie, newest
    #[arg(long, env = "COMPILERS", default_value = "")]
    pub compilers: String,

    /// The accelerator of QEMU
    #[arg(long, env = "ACCEL", default_value = "tcg")]
    pub accel: Accel,

    /// Copy into KDIR instead of linking: 1
    #[arg(long, env = "COPY", default_value = "")]
    copy: String,

    /// The directory of kernel sources, builds and tools
    #[arg(long, env = "KALLMODSYMS_CACHE")]
    pub cache: PathBuf,
}

#[derive(Args)]
pub struct Test {
    #[command(flatten)]
    pub options: Options,

    /// Also run the long groups of tests: 1; run only the long groups: rest
    #[arg(long, env = "ALL", default_value = "")]
    all: String,

    /// The number of long groups to move to the end of their list
    #[arg(long, env = "TURN", default_value = "")]
    turn: String,

    /// Start no long group after this number of minutes
    #[arg(long, env = "MINUTES", default_value = "")]
    minutes: String,
}

#[derive(Args)]
pub struct Bench {
    #[command(flatten)]
    pub options: Options,

    /// Build a second kernel without the option, and compare: 1
    #[arg(long, env = "OFF", default_value = "")]
    off: String,
}

#[derive(Args)]
pub struct Soak {
    #[command(flatten)]
    pub options: Options,

    /// The minutes of reading in each kernel, and of fuzzing
    #[arg(long, env = "MINUTES", default_value = "10")]
    pub minutes: u64,
}

#[derive(Args)]
pub struct Matrix {
    #[command(flatten)]
    pub options: Options,

    /// Try variants of the kernel that KERNEL, ARCH and LLVM choose: 1
    #[arg(long, env = "VARIANTS", default_value = "")]
    variants: String,

    /// Try the configurations of Debian's own kernels instead: 1
    #[arg(long, env = "DISTRIBUTIONS", default_value = "")]
    distributions: String,

    /// Try only the cell of this name, or the cells with all of these words in their names
    #[arg(long, env = "ONLY", default_value = "")]
    pub only: String,

    /// Try only the cell with this number, counted from 0 without the cell of `test`
    #[arg(long, env = "TURN", default_value = "")]
    turn: String,
}

impl Test {
    /// True if the long groups of tests run.
    pub fn long(&self) -> bool {
        is_set(&self.all)
    }

    /// True if the short groups of tests run.
    pub fn short(&self) -> bool {
        self.all != "rest"
    }

    /// The number of long groups to move to the end of their list in this run.
    pub fn turn(&self) -> Result<usize> {
        Ok(number("TURN", &self.turn)?.unwrap_or_default())
    }

    /// The time after which no long group starts.
    pub fn limit(&self) -> Result<Duration> {
        let minutes = number::<u64>("MINUTES", &self.minutes)?;
        Ok(minutes.map_or(Duration::MAX, |minutes| Duration::from_secs(60 * minutes)))
    }
}

/// The number in a variable; `None` if the variable is empty.
fn number<T: FromStr>(name: &str, text: &str) -> Result<Option<T>>
where
    T::Err: Error + Send + Sync + 'static,
{
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse();
    number
        .map(Some)
        .with_context(|| format!("{name}={text}: not a number"))
}

impl Matrix {
    pub fn variants(&self) -> bool {
        is_set(&self.variants)
    }

    pub fn distributions(&self) -> bool {
        is_set(&self.distributions)
    }

    /// The number of the cell to try; `None` for all cells.
    pub fn turn(&self) -> Result<Option<usize>> {
        number("TURN", &self.turn)
    }

    /// True if the name has all words of `ONLY`.
    pub fn wants(&self, name: &str) -> bool {
        self.only.split_whitespace().all(|word| name.contains(word))
    }
}

impl Bench {
    pub fn off(&self) -> bool {
        is_set(&self.off)
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Accel {
    /// QEMU's own translation, which works everywhere
    Tcg,
    /// /dev/kvm
    Kvm,
}

/// Makes a path absolute. The path of an empty variable stays empty.
fn path(text: &str) -> std::io::Result<PathBuf> {
    match text.is_empty() {
        true => Ok(PathBuf::new()),
        false => std::path::absolute(text),
    }
}

/// The path; `None` if the variable is empty or not set.
fn non_empty(path: &Option<PathBuf>) -> Option<&Path> {
    let path = path.as_deref();
    path.filter(|path| !path.as_os_str().is_empty())
}

/// True if a variable turns its option on.
fn is_set(variable: &str) -> bool {
    !matches!(variable, "" | "0")
}

impl Options {
    pub fn kdir(&self) -> Option<&Path> {
        non_empty(&self.kdir)
    }

    pub fn source_package(&self) -> String {
        format!("linux-source-{}", self.kernel)
    }

    pub fn objtree(&self) -> Option<&Path> {
        non_empty(&self.objtree)
    }

    /// The configuration that `CONFIG` names, if any.
    pub fn chosen_config(&self) -> Option<&str> {
        self.config.as_deref().filter(|name| !name.is_empty())
    }

    pub fn config(&self) -> &str {
        self.chosen_config().unwrap_or("tiny")
    }

    /// Fails if this repository has no hooks for the requested series.
    pub fn check_series(&self) -> Result<()> {
        let series = all_series()?;
        if series.contains(&self.kernel) {
            return Ok(());
        }
        bail!(
            "KERNEL={}: no hooks for this series; the series with hooks are: {}",
            self.kernel,
            series.join(" ")
        );
    }

    pub fn copy(&self) -> bool {
        is_set(&self.copy)
    }

    /// These options, with `config` unless `CONFIG` names another configuration.
    pub fn or_config(&self, config: &str) -> Self {
        let config = self.chosen_config().unwrap_or(config).to_owned();
        Self {
            config: Some(config),
            ..self.clone()
        }
    }

    /// These options, with this configuration.
    pub fn with_config(&self, config: &str) -> Self {
        Self {
            config: Some(config.to_owned()),
            ..self.clone()
        }
    }

    /// These options, with this build directory.
    pub fn with_objtree(&self, objtree: &Path) -> Self {
        Self {
            objtree: Some(objtree.to_owned()),
            ..self.clone()
        }
    }

    /// These options, with clang and LLD unless `LLVM` already names a version.
    pub fn or_llvm(&self) -> Self {
        let mut options = self.clone();
        if options.llvm.is_empty() {
            "1".clone_into(&mut options.llvm);
        }
        options
    }

    /// These options for a packaged kernel of this series, architecture and toolchain.
    pub fn for_cell(&self, kernel: &str, arch: &str, llvm: &str) -> Self {
        Self {
            kdir: None,
            objtree: None,
            kernel: kernel.to_owned(),
            arch: arch.to_owned(),
            llvm: llvm.to_owned(),
            compilers: String::new(),
            ..self.clone()
        }
    }

    pub fn arch(&self) -> Result<&'static Arch> {
        Arch::named(&self.arch)
    }
}

/// The kernel series with hooks, oldest first.
pub fn all_series() -> Result<Vec<String>> {
    let patches = repository()?.join("patches");
    let entries = std::fs::read_dir(&patches).with_context(|| patches.display().to_string())?;
    let directories = entries.flatten().filter(|entry| entry.path().is_dir());
    let names = directories.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut series: Vec<String> = names.collect();
    // As text, 6.12 would come before 6.9.
    series.sort_by_key(|name| {
        let numbers = name.split('.').map(|number| number.parse::<u32>());
        numbers.map(Result::unwrap_or_default).collect::<Vec<_>>()
    });
    Ok(series)
}

/// The top directory of the repository that this program was compiled in.
pub fn repository() -> Result<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let top = top
        .canonicalize()
        .with_context(|| format!("{}", top.display()))?;
    if !top.join("Kbuild").exists() {
        bail!(
            "{}: the repository has moved; run make in the new directory",
            top.display()
        );
    }
    Ok(top)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Options {
        let line = ["harness", "run", "--cache", "c"].iter().chain(arguments);
        match Cli::parse_from(line).command {
            Command::Run(options) => options,
            _ => unreachable!("asked to run"),
        }
    }

    #[test]
    fn paths_are_absolute_and_empty_ones_are_none() {
        let given = options(&["--kdir", "linux", "--objtree", "/o"]);
        let here = std::env::current_dir().unwrap();
        assert_eq!(given.kdir(), Some(here.join("linux").as_path()));
        assert_eq!(given.objtree(), Some(Path::new("/o")));
        let empty = options(&["--kdir=", "--objtree="]);
        assert_eq!((empty.kdir(), empty.objtree()), (None, None));
    }

    #[test]
    fn all_selects_short_groups_long_groups_or_both() {
        for (all, short, long) in [("", true, false), ("1", true, true), ("rest", false, true)] {
            let line = ["harness", "test", "--cache", "c", "--all", all];
            let Command::Test(test) = Cli::parse_from(line).command else {
                unreachable!("asked to test");
            };
            assert_eq!((test.short(), test.long()), (short, long), "ALL={all}");
        }
    }
}
