// SPDX-License-Identifier: GPL-2.0

//! A kernel configuration from a fragment in `tests/kernel`, merged by the
//! kernel's own means, and checked: every line of it must hold. What only one
//! series or one architecture has is in fragments of the same name, in the
//! directories of these.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context, Result};

use crate::cache::Cache;
use crate::command;
use crate::options::{self, Options};
use crate::progress::Phase;
use crate::source;
use crate::toolchain::Toolchain;

/// A kernel that can be built.
pub struct Kernel<'a> {
    pub options: &'a Options,
    pub toolchain: &'a Toolchain,
    pub config: String,
    pub tree: PathBuf,
    /// The tree's series, as `6.12`.
    pub series: String,
    pub objtree: PathBuf,
    /// About how many steps a build from nothing has.
    pub steps: Option<u32>,
    /// A program that stands for rustc, and runs it.
    rustc: Option<PathBuf>,
}

impl Kernel<'_> {
    pub fn make(&self) -> Result<Command> {
        let mut make = self
            .toolchain
            .make(self.options, &self.tree, &self.objtree)?;
        if let Some(rustc) = &self.rustc {
            // The last one counts.
            make.arg(format!("RUSTC={}", rustc.display()))
                .env("KALLMODSYMS_RUSTC", self.toolchain.rustc());
        }
        Ok(make)
    }

    /// Whether `option` is `y`.
    pub fn has(&self, option: &str) -> Result<bool> {
        let path = self.objtree.join(".config");
        let config = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let line = format!("{option}=y");
        Ok(config.lines().any(|other| other == line))
    }

    /// What was linked, before anything was taken out of it: in 6.12 vmlinux itself, but for riscv.
    pub fn linked(&self) -> PathBuf {
        let kept = ["vmlinux.unstripped", "vmlinux.relocs"];
        kept.iter()
            .map(|name| self.objtree.join(name))
            .find(|path| path.exists())
            .unwrap_or_else(|| self.objtree.join("vmlinux"))
    }
}

/// A fragment, whose first lines say what it is merged into:
///
/// ```text
/// # base: tinyconfig
/// # with: guest.config
/// # rustc: rustc-kcsan.sh
/// # steps: 1950
/// # needs: HAVE_LD_DEAD_CODE_DATA_ELIMINATION
/// ```
struct Fragment {
    base: String,
    /// In the order in which they are merged; the fragment itself is the last.
    files: Vec<PathBuf>,
    steps: Option<u32>,
    rustc: Option<PathBuf>,
    /// What the architecture must have for it, where not all have it.
    needs: Option<String>,
    text: String,
}

impl Fragment {
    /// Reads a fragment, and what is added to it in the directories `added`.
    fn read(name: &str, added: &[String]) -> Result<Self> {
        let directory = options::repository()?.join("tests/kernel");
        let file = directory.join(format!("{name}.config"));
        let Ok(text) = fs::read_to_string(&file) else {
            bail!(
                "CONFIG={name}: there is no such file: {}; there are: {}",
                file.display(),
                names_in(&directory)?.join(" ")
            );
        };
        let header = |key: &str| {
            let key = format!("# {key}: ");
            text.lines()
                .find_map(|line| line.strip_prefix(&key))
                .map(str::to_owned)
        };
        let (mut files, mut all_text) = (Vec::new(), String::new());
        if let Some(other) = header("with") {
            let other = Self::read(other.trim_end_matches(".config"), added)?;
            files = other.files;
            all_text = other.text;
        }
        files.push(file);
        all_text.push_str(&text);
        for directory in added.iter().map(|added| directory.join(added)) {
            let more = directory.join(format!("{name}.config"));
            if let Ok(text) = fs::read_to_string(&more) {
                files.push(more);
                all_text.push_str(&text);
            }
        }
        Ok(Self {
            base: header("base").unwrap_or_default(),
            steps: header("steps").and_then(|steps| steps.parse().ok()),
            rustc: header("rustc").map(|name| directory.join(name)),
            needs: header("needs"),
            files,
            text: all_text,
        })
    }

    /// The lines that do not hold in `config`.
    fn missing<'a>(&'a self, config: &str) -> Vec<&'a str> {
        // A later line about the same option overrides an earlier one.
        let wanted: BTreeMap<_, _> = self
            .text
            .lines()
            .filter_map(|line| Some((option_of(line)?, line)))
            .collect();
        let set: BTreeMap<_, _> = config
            .lines()
            .filter_map(|line| Some((option_of(line)?, line)))
            .collect();
        let holds = |option: &str, line: &str| match set.get(option) {
            Some(set) => *set == line,
            None => line.ends_with(NOT_SET),
        };
        wanted
            .into_iter()
            .filter(|(option, line)| !holds(option, line))
            .map(|(_, line)| line)
            .collect()
    }
}

/// Fragments that only others begin with.
const PARTS: &[&str] = &["guest", "debug"];

/// The configurations in a directory.
pub fn names_in(directory: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        names.extend(name.strip_suffix(".config").map(str::to_owned));
    }
    names.retain(|name| !PARTS.contains(&&**name));
    names.sort();
    Ok(names)
}

const NOT_SET: &str = " is not set";

/// The name in `CONFIG_SMP=y` or `# CONFIG_SMP is not set`.
fn option_of(line: &str) -> Option<&str> {
    match line.strip_prefix("# ") {
        Some(rest) => rest.strip_suffix(NOT_SET),
        None => line.split_once('=').map(|(option, _)| option),
    }
    .filter(|option| option.starts_with("CONFIG_"))
}

/// Configures `tree` with the fragment `config`, unless that was done.
pub fn configure<'a>(
    options: &'a Options,
    cache: &Cache,
    toolchain: &'a Toolchain,
    tree: &Path,
    config: &str,
) -> Result<Kernel<'a>> {
    let series = source::series(tree)?;
    let fragment = Fragment::read(config, &directories(options, &series)?)?;
    let kernel = Kernel {
        options,
        toolchain,
        config: config.to_owned(),
        tree: tree.to_owned(),
        series,
        objtree: objtree(options, cache, tree, config)?,
        steps: fragment.steps,
        rustc: fragment.rustc.clone(),
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

    phase.update("is the Rust toolchain good enough?");
    if fragment.text.contains("CONFIG_RUST=y") {
        command::logged(kernel.make()?.arg("rustavailable"), &log)
            .context("the kernel does not accept the Rust toolchain")?;
    }
    phase.update(config);
    command::logged(kernel.make()?.arg(&fragment.base), &log)?;
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
            "{} lacks what tests/kernel/{config}.config asks for; a dependency is missing, or its name changed:\n  {}",
            dot_config.display(),
            missing.join("\n  ")
        );
    }
    fs::write(&stamp, inputs)?;
    phase.done(&format!("{config}: {}", dot_config.display()));
    Ok(kernel)
}

/// The directories with what is added for a kernel series, for the architecture that was asked for,
/// and for that of the series.
pub fn directories(options: &Options, series: &str) -> Result<[String; 3]> {
    let arch = options.arch()?.name;
    Ok([
        series.to_owned(),
        arch.to_owned(),
        format!("{series}/{arch}"),
    ])
}

/// What an architecture must have for a fragment, if not all have it: the name of an option.
pub fn needs(config: &str) -> Result<Option<String>> {
    Ok(Fragment::read(config, &[])?.needs)
}

/// What the kernel itself says of `option`, where a configuration that was made has it not: the lines
/// of the architecture's Kconfig.
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
    let has = format!("CONFIG_{option}=y");
    if config.is_empty() || config.lines().any(|line| line == has) {
        return Ok(None);
    }
    // arch/x86/boot/bzImage
    let image = Path::new(options.arch()?.image);
    let kconfig: PathBuf = image.iter().take(2).collect::<PathBuf>().join("Kconfig");
    let path = tree.join(&kconfig);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let says = |line: &&str| line.split_whitespace().any(|word| word == option);
    let lines: Vec<_> = text.lines().filter(says).map(str::trim).collect();
    Ok(Some(match &lines[..] {
        [] => format!("{}: does not select {option}", kconfig.display()),
        lines => format!("{}: {}", kconfig.display(), lines.join("; ")),
    }))
}

/// One build directory for each tree, configuration, architecture and compiler.
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
    let config = config.replace('/', "-");
    let builds = cache.path.join("build");
    Ok(builds.join(format!("{tree}-{config}{arch}{llvm}")))
}

/// Everything that the configuration depends on.
fn inputs(kernel: &Kernel, fragment: &Fragment) -> Result<String> {
    let options_of_ours =
        fs::read_to_string(kernel.tree.join("kernel/kallmodsyms/Kconfig")).unwrap_or_default();
    Ok(format!(
        "{}\n{}\nARCH={} LLVM={}\n{}\n{}\n{options_of_ours}",
        kernel.tree.display(),
        fragment.base,
        kernel.options.arch()?.name,
        kernel.options.llvm,
        kernel.toolchain.describe()?,
        fragment.text,
    ))
}
