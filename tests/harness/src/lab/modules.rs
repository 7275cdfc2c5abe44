// SPDX-License-Identifier: GPL-2.0

//! Builds modules for the guest's tests, outside of the kernel's tree.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::options;

/// The module of `tests/module`, which the test program loads.
const LOOKUP: &str = "kallmodsyms_lookup";

/// The module of `tests/printed`, which prints addresses.
const PRINTER: &str = "print_addresses";

/// The KUnit tests as a module. The same tests can be built into the kernel, so this module has another
/// name.
const KUNIT: &str = "kallmodsyms_kunit_loaded";
const KUNIT_SOURCE: &str = "rust/kallmodsyms_kunit.c";

/// The directory of the samples, and pairs of (module, option of the module). The third sample calls the
/// other two.
const SAMPLES: &str = "samples/modules";
const ALL_SAMPLES: [(&str, &str); 3] = [
    ("kallmodsyms_sample_c", "CONFIG_SAMPLE_KALLMODSYMS_C=m"),
    (
        "kallmodsyms_sample_rust",
        "CONFIG_SAMPLE_KALLMODSYMS_RUST=m",
    ),
    (
        "kallmodsyms_sample_caller",
        "CONFIG_SAMPLE_KALLMODSYMS_CALLER=m",
    ),
];

/// Builds the samples without BTF. The BTF of the Rust sample has only the type of the function in
/// who_calls_export.c, and resolve_btfids of Linux 7.3 refuses such BTF: "FAILED: btf permute: Invalid argument".
const NO_BTF: &str = "CONFIG_DEBUG_INFO_BTF_MODULES=";

/// Builds the modules for the guest's tests of this kernel.
pub fn build(kernel: &Kernel) -> Result<Vec<PathBuf>> {
    let config = fs::read_to_string(kernel.objtree.join(".config"))?;
    let repository = options::repository()?;
    let mut modules =
        vec![Directory::with_copy_of(kernel, &repository.join("tests/module"))?.build(LOOKUP)?];
    if config.contains("CONFIG_KUNIT=y") {
        let directory = Directory::new(kernel, "kunit")?;
        let source = fs::read(repository.join(KUNIT_SOURCE)).context(KUNIT_SOURCE)?;
        directory.write(&format!("{KUNIT}.c"), &source)?;
        directory.write("Kbuild", format!("obj-m := {KUNIT}.o\n").as_bytes())?;
        modules.push(directory.build(KUNIT)?);
    }
    // A kernel whose samples are built in or loadable has this option set to y or m.
    if !config.contains("CONFIG_SAMPLE_KALLMODSYMS_C=") {
        modules.extend(build_samples(kernel, &ALL_SAMPLES)?);
    }
    Ok(modules)
}

/// Builds the module that prints addresses. It calls no function of kallmodsyms, so the kernel may lack
/// `CONFIG_KALLMODSYMS`.
pub fn build_printer(kernel: &Kernel) -> Result<PathBuf> {
    Directory::with_copy_of(kernel, &options::repository()?.join("tests/printed"))?.build(PRINTER)
}

/// Builds all modules of a directory, and returns their files, sorted by name.
pub fn build_all(kernel: &Kernel, sources: &Path) -> Result<Vec<PathBuf>> {
    let directory = Directory::with_copy_of(kernel, sources)?;
    directory.make()?;
    let entries = fs::read_dir(&directory.path)?.map(|entry| Ok(entry?.path()));
    let mut modules = entries.collect::<Result<Vec<_>>>()?;
    modules.retain(|path| path.extension().is_some_and(|extension| extension == "ko"));
    modules.sort();
    Ok(modules)
}

/// Builds only the C sample, which needs no Rust.
pub fn build_sample_in_c(kernel: &Kernel) -> Result<PathBuf> {
    let [in_c, ..] = ALL_SAMPLES;
    let mut modules = build_samples(kernel, &[in_c])?;
    modules.pop().context("no module")
}

fn build_samples(kernel: &Kernel, samples: &[(&str, &str)]) -> Result<Vec<PathBuf>> {
    let mut directory = Directory::with_copy_of(kernel, &options::repository()?.join(SAMPLES))?;
    directory.options = samples
        .iter()
        .map(|(_, option)| option.to_string())
        .chain([NO_BTF.to_owned()])
        .collect();
    directory.make()?;
    let files = samples.iter().map(|(name, _)| directory.file(name));
    Ok(files.collect())
}

/// A directory for the sources of modules. kbuild writes a module next to its sources.
struct Directory<'a> {
    kernel: &'a Kernel<'a>,
    path: PathBuf,
    /// Options of the kernel, on the command line of make.
    options: Vec<String>,
}

impl<'a> Directory<'a> {
    fn new(kernel: &'a Kernel<'a>, name: &str) -> Result<Self> {
        let path = kernel.objtree.join("guest").join(name);
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Self {
            kernel,
            path,
            options: Vec::new(),
        })
    }

    /// A directory with a copy of the files in `sources`.
    fn with_copy_of(kernel: &'a Kernel<'a>, sources: &Path) -> Result<Self> {
        let name = sources.file_name().unwrap_or_default();
        let directory = Self::new(kernel, &name.to_string_lossy())?;
        for entry in fs::read_dir(sources).with_context(|| sources.display().to_string())? {
            let source = entry?.path();
            let text = fs::read(&source).with_context(|| source.display().to_string())?;
            let name = source.file_name().unwrap_or_default();
            directory.write(&name.to_string_lossy(), &text)?;
        }
        Ok(directory)
    }

    /// Writes a file if its content differs. A new time would make kbuild compile an unchanged source.
    fn write(&self, name: &str, text: &[u8]) -> Result<()> {
        let file = self.path.join(name);
        if !fs::read(&file).is_ok_and(|old| old == text) {
            fs::write(&file, text).with_context(|| file.display().to_string())?;
        }
        Ok(())
    }

    /// Builds all modules of the directory, and returns the file of the module `name`.
    fn build(&self, name: &str) -> Result<PathBuf> {
        self.make()?;
        Ok(self.file(name))
    }

    /// The file of the module `name`.
    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name).with_extension("ko")
    }

    fn make(&self) -> Result<()> {
        let mut make = self.kernel.make()?;
        make.arg(format!("M={}", self.path.display()))
            .args(&self.options)
            .arg("modules");
        command::logged(&mut make, &self.path.join("build.log"))
    }
}
