// SPDX-License-Identifier: GPL-2.0

//! Makes a kernel configuration from a fragment in `tests/kernel`. The kernel's own scripts merge the
//! fragment, and the resulting `.config` must have every line of the fragment. Lines for one series or
//! architecture are in fragments of the same name, in the directory of that series or architecture.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, ensure, Context, Result};

use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::debian;
use crate::lab::fragment::Fragment;
use crate::lab::options::Options;
use crate::lab::progress::Phase;
use crate::lab::source;
use crate::lab::toolchain::Toolchain;

/// The path of the generator in a build.
pub const GENERATOR: &str = "kernel/kallmodsyms/scripts/kallmodsyms";

/// A configured kernel.
pub struct Kernel<'a> {
    pub options: &'a Options,
    pub toolchain: &'a Toolchain,
    pub config: String,
    pub tree: PathBuf,
    /// The series of `tree`, as `6.12`.
    pub series: String,
    pub objtree: PathBuf,
    /// The approximate number of steps of a build from nothing.
    pub steps: Option<u32>,
    /// The only modules that the build makes, as `fs/minix/minix`; `None` for all modules.
    pub modules: Option<Vec<String>>,
    /// A script that kbuild runs as rustc. The script runs the toolchain's rustc.
    rustc: Option<PathBuf>,
    /// Variables for the kernel's make, as `KCFLAGS=-ffunction-sections`.
    variables: Vec<String>,
}

impl Kernel<'_> {
    pub fn make(&self) -> Result<Command> {
        let mut make = self
            .toolchain
            .make(self.options, &self.tree, &self.objtree)?;
        if let Some(rustc) = &self.rustc {
            // The toolchain also sets RUSTC; make uses the last value.
            make.arg(format!("RUSTC={}", rustc.display()))
                .env("KALLMODSYMS_RUSTC", self.toolchain.rustc());
        }
        make.args(&self.variables);
        Ok(make)
    }

    /// A command that runs the generator of the kernel's build, in the build directory.
    pub fn generator(&self) -> Command {
        let mut generator = self.toolchain.command(self.objtree.join(GENERATOR));
        generator.current_dir(&self.objtree);
        generator
    }

    /// True if the configuration has `option=y`.
    pub fn has(&self, option: &str) -> Result<bool> {
        let path = self.objtree.join(".config");
        let config = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let line = format!("{option}=y");
        Ok(config.lines().any(|other| other == line))
    }

    /// The kernel before the build strips it, if the build keeps that file. Linux 6.12 keeps it only for riscv;
    /// for other architectures, this is vmlinux itself.
    pub fn linked_vmlinux(&self) -> PathBuf {
        let unstripped = ["vmlinux.unstripped", "vmlinux.relocs"];
        unstripped
            .iter()
            .map(|name| self.objtree.join(name))
            .find(|path| path.exists())
            .unwrap_or_else(|| self.objtree.join("vmlinux"))
    }
}

/// Configures `tree` with the fragment `config`, unless the build directory is already configured from
/// the same inputs.
pub fn configure<'a>(
    options: &'a Options,
    cache: &Cache,
    toolchain: &'a Toolchain,
    tree: &Path,
    config: &str,
) -> Result<Kernel<'a>> {
    let series = source::series(tree)?;
    let fragment = Fragment::read(config, &directories(options, &series)?)?;
    if fragment.key("llvm").is_some() && options.llvm.is_empty() {
        bail!("CONFIG={config} is for clang and LLD: set LLVM=1");
    }
    if let Some(only) = fragment.key("series") {
        ensure!(
            only == series,
            "CONFIG={config} is for Linux {only}, and this tree is {series}: set KERNEL={only}"
        );
    }
    let kernel = Kernel {
        options,
        toolchain,
        config: config.to_owned(),
        tree: tree.to_owned(),
        series,
        objtree: objtree(options, cache, tree, config)?,
        steps: fragment.steps(),
        modules: fragment.modules(),
        rustc: fragment.rustc(),
        variables: fragment.variables(),
    };

    let stamp = kernel.objtree.join(".kallmodsyms.configured");
    let inputs = inputs(&kernel, &fragment)?;
    let dot_config = kernel.objtree.join(".config");
    if dot_config.exists() && fs::read_to_string(&stamp).is_ok_and(|done| done == inputs) {
        return Ok(kernel);
    }
    fs::create_dir_all(&kernel.objtree).with_context(|| kernel.objtree.display().to_string())?;
    let mut phase = Phase::start("configure");
    let log = kernel.objtree.join("configure.log");

    phase.update("checking the Rust toolchain");
    if fragment.text.contains("CONFIG_RUST=y") {
        command::logged(kernel.make()?.arg("rustavailable"), &log)
            .context("the kernel's `make rustavailable` refuses the Rust toolchain")?;
    }
    phase.update(config);
    make_base(&kernel, cache, &fragment, &log)?;
    let mut merge = Command::new(kernel.tree.join("scripts/kconfig/merge_config.sh"));
    merge
        .args(["-m", "-Q", "-O"])
        .arg(&kernel.objtree)
        .arg(&dot_config)
        .args(&fragment.files);
    command::logged(
        merge
            .env("KCONFIG_CONFIG", &dot_config)
            .current_dir(&kernel.objtree),
        &log,
    )?;
    command::logged(kernel.make()?.arg("olddefconfig"), &log)?;

    let result =
        fs::read_to_string(&dot_config).with_context(|| dot_config.display().to_string())?;
    let missing = fragment.missing(&result);
    if !missing.is_empty() {
        bail!(
            "{} lacks lines of tests/kernel/{config}.config; a dependency is missing, or an option has a new \
             name:\n  {}",
            dot_config.display(),
            missing.join("\n  ")
        );
    }
    fs::write(&stamp, inputs)?;
    phase.done(&format!("{config}: {}", dot_config.display()));
    Ok(kernel)
}

/// The directories with additions for the series, for the requested architecture, and for both together.
pub fn directories(options: &Options, series: &str) -> Result<[String; 3]> {
    let arch = options.arch()?.name;
    Ok([
        series.to_owned(),
        arch.to_owned(),
        format!("{series}/{arch}"),
    ])
}

/// Makes the base configuration, before the merge of the fragment.
fn make_base(kernel: &Kernel, cache: &Cache, fragment: &Fragment, log: &Path) -> Result<()> {
    if let Some(flavour) = fragment.key("flavour") {
        let debian = kernel.options.arch()?.debian;
        let config = debian::config(cache, &kernel.series, debian, flavour)?;
        let dot_config = kernel.objtree.join(".config");
        fs::write(&dot_config, config).with_context(|| dot_config.display().to_string())?;
        command::logged(kernel.make()?.arg("olddefconfig"), log)?;
    }
    if let Some(base) = fragment.key("base") {
        let mut make = kernel.make()?;
        if let Some(seed) = fragment.seed {
            // randconfig keeps the options of the fragment, and chooses the remaining options at random.
            let pinned = kernel.objtree.join("pinned.config");
            fs::write(&pinned, fragment.pinned()).with_context(|| pinned.display().to_string())?;
            make.env("KCONFIG_SEED", seed.to_string())
                .env("KCONFIG_PROBABILITY", PROBABILITY)
                .env("KCONFIG_ALLCONFIG", pinned);
        }
        command::logged(make.arg(base), log)?;
    }
    if let Some(then) = fragment.key("then") {
        command::logged(kernel.make()?.arg(then), log)?;
    }
    Ok(())
}

/// Percentages for random options, for `KCONFIG_PROBABILITY`: boolean options that are `y`, tristate
/// options that are `y`, and tristate options that are `m`.
const PROBABILITY: &str = "50:6:0";

/// The reason why a configuration lacks `option`: the lines of the architecture's Kconfig that name it.
/// `None` if the configuration has the option or was not made.
///
/// ```text
/// \tselect HAVE_RUST if RUSTC_SUPPORTS_RISCV && CC_IS_CLANG
/// ```
pub fn refusal(
    options: &Options,
    tree: &Path,
    objtree: &Path,
    option: &str,
) -> Result<Option<String>> {
    let config = fs::read_to_string(objtree.join(".config")).unwrap_or_default();
    let enabled = format!("CONFIG_{option}=y");
    if config.is_empty() || config.lines().any(|line| line == enabled) {
        return Ok(None);
    }
    // arch/x86/boot/bzImage
    let image = Path::new(options.arch()?.image);
    let kconfig: PathBuf = image.iter().take(2).collect::<PathBuf>().join("Kconfig");
    let path = tree.join(&kconfig);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let names_option = |line: &&str| line.split_whitespace().any(|word| word == option);
    let lines: Vec<_> = text.lines().filter(names_option).map(str::trim).collect();
    Ok(Some(match &lines[..] {
        [] => format!("{} does not select {option}", kconfig.display()),
        lines => format!("{}: {}", kconfig.display(), lines.join("; ")),
    }))
}

/// The build directory: `O=` for the requested configuration, otherwise a directory in the cache. The cache
/// has one for each tree, configuration, architecture and compiler.
pub fn objtree(options: &Options, cache: &Cache, tree: &Path, config: &str) -> Result<PathBuf> {
    if let (Some(objtree), true) = (options.objtree(), options.config() == config) {
        return Ok(objtree.to_owned());
    }
    let tree = tree.strip_prefix(&cache.path).unwrap_or(tree);
    let tree = tree
        .to_string_lossy()
        .trim_start_matches('/')
        .trim_start_matches("src/")
        .replace('/', "-");
    let arch = options.arch()?.suffix();
    let llvm = if options.llvm.is_empty() { "" } else { "-llvm" };
    let compilers = match &*options.compilers {
        "" => String::new(),
        name => format!("-{name}"),
    };
    let config = config.replace('/', "-");
    let builds = cache.path.join("build");
    Ok(builds.join(format!("{tree}-{config}{arch}{llvm}{compilers}")))
}

/// Inputs of the configuration, as text. The harness configures again if this text changes.
fn inputs(kernel: &Kernel, fragment: &Fragment) -> Result<String> {
    let kconfig =
        fs::read_to_string(kernel.tree.join("kernel/kallmodsyms/Kconfig")).unwrap_or_default();
    Ok(format!(
        "{}\n{:?} {:?} {:?} {:?}\nARCH={} LLVM={}\n{}\n{}\n{kconfig}",
        kernel.tree.display(),
        fragment.key("base"),
        fragment.key("flavour"),
        fragment.key("then"),
        fragment.seed,
        kernel.options.arch()?.name,
        kernel.options.llvm,
        kernel.toolchain.describe()?,
        fragment.text,
    ))
}
