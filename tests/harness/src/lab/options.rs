// SPDX-License-Identifier: GPL-2.0

//! The options of the command line. `make` passes its variables in the environment.

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
    /// Build a kernel, boot it, and show what /proc/kallmodsyms says
    Run(Options),
    /// Build a kernel and give a prompt in it
    Shell(Options),
    /// Measure size and speed, and write the tables of it
    Bench(Bench),
    /// Run tracing tools in a guest, and check what they make of the file
    Clients(Options),
    /// Run the kernel's own tests with the option and without, and compare their results
    Kselftest(Options),
    /// Run the tests; ends with the line `N passed, N failed`
    Test(Test),
    /// Run what `test` runs of privacy, damage and repetition at length
    Reproduce(Options),
    /// Make a Debian package of the command kallmodsyms
    Deb(Options),
    /// Make pages of the documentation, by the kernel's own build
    Htmldocs(Options),
    /// Describe the crates to editors, in rust-project.json
    RustAnalyzer(Options),
    /// Try each kernel series with each architecture and toolchain, or one in its variants
    Matrix(Matrix),
    /// Run all that takes long: reading in kernels that look for errors in themselves, fuzzing, Miri,
    /// and what `reproduce` does
    Soak(Soak),
}

#[derive(Args, Clone)]
pub struct Options {
    /// A kernel tree to apply to and build, instead of the packaged source
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

    #[arg(long, env = "ARCH", default_value = "x86_64")]
    arch: String,

    /// Build with clang and LLD: 1
    #[arg(long, env = "LLVM", default_value = "")]
    pub llvm: String,

    /// Build with the compilers of another release of Debian: trixie, newest
    #[arg(long, env = "COMPILERS", default_value = "")]
    pub compilers: String,

    /// How QEMU runs the guest
    #[arg(long, env = "ACCEL", default_value = "tcg")]
    pub accel: Accel,

    /// Copy into KDIR instead of linking: 1
    #[arg(long, env = "COPY", default_value = "")]
    copy: String,

    /// Where kernel sources, builds and tools are kept
    #[arg(long, env = "KALLMODSYMS_CACHE")]
    pub cache: PathBuf,
}

#[derive(Args)]
pub struct Test {
    #[command(flatten)]
    pub options: Options,

    /// Run what takes long, too: 1; or what takes long, alone: rest
    #[arg(long, env = "ALL", default_value = "")]
    all: String,

    /// Begin with another of the groups that take long for each number
    #[arg(long, env = "TURN", default_value = "")]
    turn: String,

    /// Begin none of these after so many minutes
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

    /// How long to read in each kernel, and how long to fuzz
    #[arg(long, env = "MINUTES", default_value = "10")]
    pub minutes: u64,
}

#[derive(Args)]
pub struct Matrix {
    #[command(flatten)]
    pub options: Options,

    /// Try variants of one kernel instead, which KERNEL, ARCH and LLVM choose: 1
    #[arg(long, env = "VARIANTS", default_value = "")]
    variants: String,

    /// Try the configurations of Debian's own kernels instead: 1
    #[arg(long, env = "DISTRIBUTIONS", default_value = "")]
    distributions: String,

    /// Only the cells whose names have each of these words in them
    #[arg(long, env = "ONLY", default_value = "")]
    pub only: String,

    /// Only one, which is another for each number, and not the one that `test` tries
    #[arg(long, env = "TURN", default_value = "")]
    turn: String,
}

impl Test {
    /// True if the tests that take long run.
    pub fn long(&self) -> bool {
        is_set(&self.all)
    }

    /// True if the tests that take little time run.
    pub fn short(&self) -> bool {
        self.all != "rest"
    }

    /// The number of long groups to move to the end of their list in this run.
    pub fn turn(&self) -> Result<usize> {
        Ok(number("TURN", &self.turn)?.unwrap_or_default())
    }

    /// How long groups that take long may begin.
    pub fn limit(&self) -> Result<Duration> {
        let minutes = number::<u64>("MINUTES", &self.minutes)?;
        Ok(minutes.map_or(Duration::MAX, |minutes| Duration::from_secs(60 * minutes)))
    }
}

/// The number that a variable has, if it is set.
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

    /// The number of the group to run, if only one is requested.
    pub fn turn(&self) -> Result<Option<usize>> {
        number("TURN", &self.turn)
    }

    /// True if the cell of this name is requested.
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
    /// QEMU's own translation: works everywhere
    Tcg,
    /// /dev/kvm
    Kvm,
}

/// A path that does not depend on the directory. An empty variable says nothing and stays empty.
fn path(text: &str) -> std::io::Result<PathBuf> {
    match text.is_empty() {
        true => Ok(PathBuf::new()),
        false => std::path::absolute(text),
    }
}

/// The path, if there is one in it.
fn said(path: &Option<PathBuf>) -> Option<&Path> {
    let path = path.as_deref();
    path.filter(|path| !path.as_os_str().is_empty())
}

/// True if a variable turns its option on.
fn is_set(variable: &str) -> bool {
    !matches!(variable, "" | "0")
}

impl Options {
    pub fn kdir(&self) -> Option<&Path> {
        said(&self.kdir)
    }

    pub fn source_package(&self) -> String {
        format!("linux-source-{}", self.kernel)
    }

    pub fn objtree(&self) -> Option<&Path> {
        said(&self.objtree)
    }

    /// The configuration asked for by name, if one was.
    pub fn chosen_config(&self) -> Option<&str> {
        self.config.as_deref().filter(|name| !name.is_empty())
    }

    pub fn config(&self) -> &str {
        self.chosen_config().unwrap_or("tiny")
    }

    /// Fails if there are no hooks for the series that was asked for.
    pub fn check_series(&self) -> Result<()> {
        let series = all_series()?;
        if series.contains(&self.kernel) {
            return Ok(());
        }
        bail!(
            "KERNEL={}: there are no hooks for that series; there are for: {}",
            self.kernel,
            series.join(" ")
        );
    }

    pub fn copy(&self) -> bool {
        is_set(&self.copy)
    }

    /// The same, with a configuration where none was asked for.
    pub fn or_config(&self, config: &str) -> Self {
        let config = self.chosen_config().unwrap_or(config).to_owned();
        Self {
            config: Some(config),
            ..self.clone()
        }
    }

    /// The same, with this configuration.
    pub fn with_config(&self, config: &str) -> Self {
        Self {
            config: Some(config.to_owned()),
            ..self.clone()
        }
    }

    /// The same, with this build directory.
    pub fn with_objtree(&self, objtree: &Path) -> Self {
        Self {
            objtree: Some(objtree.to_owned()),
            ..self.clone()
        }
    }

    /// The same, with clang and LLD unless others of these were asked for.
    pub fn or_llvm(&self) -> Self {
        let mut options = self.clone();
        if options.llvm.is_empty() {
            "1".clone_into(&mut options.llvm);
        }
        options
    }

    /// The same for a packaged kernel, with another series, architecture and toolchain.
    pub fn of_cell(&self, kernel: &str, arch: &str, llvm: &str) -> Self {
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

/// The kernel series that there are hooks for, oldest first.
pub fn all_series() -> Result<Vec<String>> {
    let patches = repository()?.join("patches");
    let entries = std::fs::read_dir(&patches).with_context(|| patches.display().to_string())?;
    let directories = entries.flatten().filter(|entry| entry.path().is_dir());
    let names = directories.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut series: Vec<String> = names.collect();
    // 6.12 is before 6.9 as text.
    series.sort_by_key(|name| {
        let numbers = name.split('.').map(|number| number.parse::<u32>());
        numbers.map(Result::unwrap_or_default).collect::<Vec<_>>()
    });
    Ok(series)
}

/// The top of this repository, whose tests directory this program is built in.
pub fn repository() -> Result<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let top = top
        .canonicalize()
        .with_context(|| format!("{}", top.display()))?;
    if !top.join("Kbuild").exists() {
        bail!(
            "{}: this is not the repository any more; run make there",
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
    fn all_tests_are_the_short_and_the_long_ones() {
        for (all, short, long) in [("", true, false), ("1", true, true), ("rest", false, true)] {
            let line = ["harness", "test", "--cache", "c", "--all", all];
            let Command::Test(test) = Cli::parse_from(line).command else {
                unreachable!("asked to test");
            };
            assert_eq!((test.short(), test.long()), (short, long), "ALL={all}");
        }
    }
}
