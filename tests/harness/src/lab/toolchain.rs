// SPDX-License-Identifier: GPL-2.0

//! Finds the Rust toolchain for the kernel: a rustc with the source of the core library, and bindgen.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

use crate::lab::apt;
use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::options::{self, Options};
use crate::lab::progress::Phase;
use crate::lab::release::{Release, Unpacked};

/// The version of bindgen that cargo compiles if no installed bindgen is new enough.
const BINDGEN: &str = "0.73.2";

/// The oldest bindgen that all kernel series accept: 7.3 needs 0.71.1, and 6.12 needs 0.65.1.
pub const OLDEST_BINDGEN: apt::Version = [0, 71, 1];

/// The environment variables that the kernel's make inherits. Variables of cargo, of rustup and of the
/// make that started the harness would change the build.
const INHERITED: &[&str] = &["HOME", "LOGNAME", "PATH", "TERM", "TMPDIR", "USER"];

pub struct Toolchain {
    rustc: PathBuf,
    bindgen: PathBuf,
    libclang: Option<PathBuf>,
    /// The release of Debian that has these programs; `None` for programs of the host.
    release: Option<Unpacked>,
}

impl Toolchain {
    pub fn find(options: &Options, cache: &Cache) -> Result<Self> {
        match Release::chosen(options)? {
            None => Self::from_host(cache),
            Some(release) => Self::from_release(release, cache),
        }
    }

    fn from_host(cache: &Cache) -> Result<Self> {
        Ok(Self {
            rustc: rustc().context(
                "no rustc here is new enough and has the core library's source; install rustc with\n  \
                 apt-get install rustc rust-src (on Debian 12: rustc-web rust-web-src)\nor\n  \
                 rustup component add rust-src",
            )?,
            bindgen: bindgen(cache)?,
            libclang: env::var_os("LIBCLANG_PATH")
                .map(PathBuf::from)
                .or_else(|| libclang(Path::new("/usr"))),
            release: None,
        })
    }

    pub fn from_release(release: &Release, cache: &Cache) -> Result<Self> {
        let unpacked = release.unpacked(cache)?;
        let toolchain = Self {
            rustc: PathBuf::from("/usr/bin/rustc"),
            bindgen: PathBuf::from("/usr/bin/bindgen"),
            libclang: libclang(unpacked.usr()),
            release: Some(unpacked),
        };
        let (rustc, oldest) = (toolchain.version()?, oldest_rustc()?);
        ensure!(
            rustc >= oldest && (!release.is_oldest || rustc / 100 == oldest / 100),
            "{} has rustc {rustc}, and Kconfig promises {oldest}: no test would use the oldest rustc; \
             change RELEASES in tests/harness/src/lab/release.rs",
            release.name
        );
        Ok(toolchain)
    }

    /// A command that runs rustc.
    pub fn run_rustc(&self) -> Command {
        self.command(&self.rustc)
    }

    /// A command that runs a program of the toolchain, or a program that the toolchain compiled.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let program = program.as_ref();
        match &self.release {
            Some(release) => release.command(program),
            None => Command::new(program),
        }
    }

    /// The version of rustc, in the form of the kernel's `RUSTC_VERSION`.
    fn version(&self) -> Result<u32> {
        let output = command::output(self.run_rustc().arg("--version"))?;
        rustc_version(&output)
            .with_context(|| format!("rustc --version printed no version: {output}"))
    }

    pub fn rustc(&self) -> &Path {
        &self.rustc
    }

    /// A command that runs the kernel's make for `tree`, with the build directory `objtree`.
    pub fn make(&self, options: &Options, tree: &Path, objtree: &Path) -> Result<Command> {
        let mut make = self.command("make");
        make.env_clear();
        for name in INHERITED {
            if let Some(value) = env::var_os(name) {
                make.env(name, value);
            }
        }
        make.env("LC_ALL", "C")
            .env("KBUILD_BUILD_USER", "kallmodsyms")
            .env("KBUILD_BUILD_HOST", "kallmodsyms")
            .env("KBUILD_BUILD_VERSION", "1")
            .env("KBUILD_BUILD_TIMESTAMP", "Thu Jan  1 00:00:00 UTC 2026");
        if let Some(directory) = &self.libclang {
            make.env("LIBCLANG_PATH", directory);
        }
        make.arg("-C")
            .arg(tree)
            .arg(format!("O={}", objtree.display()));
        let arch = options.arch()?;
        make.arg(format!("ARCH={}", arch.kernel));
        if options.llvm.is_empty() {
            make.arg(format!("CROSS_COMPILE={}", arch.cross_prefix()));
        } else {
            make.arg(format!("LLVM={}", llvm_suffix(options)));
        }
        make.arg(format!("RUSTC={}", self.rustc.display()));
        make.arg(format!("HOSTRUSTC={}", self.rustc.display()));
        make.arg(format!("BINDGEN={}", self.bindgen.display()));
        Ok(make)
    }

    /// The output of the C compiler and of the linker for `--version`.
    pub fn describe_c(&self, options: &Options) -> Result<String> {
        let prefix = options.arch()?.cross_prefix();
        let programs = match options.llvm.is_empty() {
            true => ["gcc", "ld"].map(|name| format!("{prefix}{name}")),
            false => ["clang", "ld.lld"].map(|name| format!("{name}{}", llvm_suffix(options))),
        };
        let versions = programs.map(|name| command::output(self.command(name).arg("--version")));
        let versions: Result<Vec<String>> = versions.into_iter().collect();
        Ok(versions?.concat())
    }

    /// The path of rustc and the versions of rustc and bindgen. If this text changes, the harness configures
    /// the kernel again.
    pub fn describe(&self) -> Result<String> {
        let version = command::output(self.run_rustc().arg("-vV"))?;
        let bindgen = command::output(self.command(&self.bindgen).arg("--version"))?;
        Ok(format!("{}\n{version}{bindgen}", self.rustc.display()))
    }
}

/// The suffix of the names of LLVM's programs. With LLVM=1 alone kbuild would run `clang`, but the
/// program of the package is `clang-19`.
fn llvm_suffix(options: &Options) -> &str {
    match &*options.llvm {
        "1" => "-19",
        suffix => suffix,
    }
}

/// The oldest rustc that Kconfig admits, in the form of the kernel's `RUSTC_VERSION`.
pub fn oldest_rustc() -> Result<u32> {
    let kconfig = options::repository()?.join("Kconfig");
    let text = fs::read_to_string(&kconfig).with_context(|| kconfig.display().to_string())?;
    //	depends on RUSTC_VERSION >= 108500
    let mut lines = text.lines().map(str::trim);
    let version = lines.find_map(|line| line.strip_prefix("depends on RUSTC_VERSION >= "));
    let version = version.and_then(|version| version.parse().ok());
    version.with_context(|| format!("{}: no RUSTC_VERSION", kconfig.display()))
}

/// Parses the output of `rustc --version` to the form of the kernel's `RUSTC_VERSION`: 108501 for
///
/// ```text
/// rustc 1.85.1 (4eb161250 2025-03-15) (built from a source tarball)
/// ```
fn rustc_version(output: &str) -> Option<u32> {
    let release = output.strip_prefix("rustc ")?.split_whitespace().next()?;
    // 1.97.0-nightly
    let mut numbers = release.split(['.', '-']).map(str::parse);
    let mut number = || numbers.next()?.ok();
    let (major, minor, patch): (u32, u32, u32) = (number()?, number()?, number()?);
    Some(100_000 * major + 100 * minor + patch)
}

/// The first rustc that is new enough and has the core library's source. The order is `$RUSTC`, the
/// directories of `PATH`, `/usr/bin`, and Debian's versions in `/usr/lib`, newest name first.
pub fn rustc() -> Option<PathBuf> {
    let chosen = env::var_os("RUSTC").map(PathBuf::from);
    let mut packaged: Vec<_> = fs::read_dir("/usr/lib")
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("rust-"))
        .map(|entry| entry.path().join("bin/rustc"))
        .collect();
    packaged.sort();
    chosen
        .into_iter()
        .chain(command::in_path("rustc"))
        .chain([PathBuf::from("/usr/bin/rustc")])
        .chain(packaged.into_iter().rev())
        .filter(|rustc| is_new_enough(rustc))
        .find_map(|rustc| with_core_source(&rustc))
}

fn is_new_enough(rustc: &Path) -> bool {
    let output = command::output(Command::new(rustc).arg("--version")).ok();
    let version = output.and_then(|output| rustc_version(&output));
    oldest_rustc().is_ok_and(|oldest| version >= Some(oldest))
}

/// The compiler in the sysroot of `rustc`, because `rustc` can be rustup's proxy. `None` if the sysroot lacks
/// the source of core.
fn with_core_source(rustc: &Path) -> Option<PathBuf> {
    let sysroot = command::output(Command::new(rustc).args(["--print", "sysroot"])).ok()?;
    let sysroot = Path::new(sysroot.trim_end());
    if !sysroot
        .join("lib/rustlib/src/rust/library/core/src/lib.rs")
        .exists()
    {
        return None;
    }
    let itself = sysroot.join("bin/rustc");
    Some(if itself.exists() {
        itself
    } else {
        rustc.to_owned()
    })
}

/// The first bindgen that is new enough. If there is none, cargo compiles bindgen.
fn bindgen(cache: &Cache) -> Result<PathBuf> {
    if let Some(bindgen) = new_enough_bindgen() {
        return Ok(bindgen);
    }
    Ok(installed(cache, "bindgen", "bindgen-cli", BINDGEN)?.join("bin/bindgen"))
}

fn new_enough_bindgen() -> Option<PathBuf> {
    command::in_path("bindgen").into_iter().find(|bindgen| {
        let version = command::output(Command::new(bindgen).arg("--version"));
        version.is_ok_and(|version| apt::numbers(version.trim_end()) >= Some(OLDEST_BINDGEN))
    })
}

/// True if bindgen is already installed or compiled.
pub fn has_bindgen(cache: &Path) -> bool {
    let compiled = install_root(cache, "bindgen", BINDGEN).join("bin/bindgen");
    compiled.exists() || new_enough_bindgen().is_some()
}

/// The directory where cargo installs the programs of a crate.
fn install_root(cache: &Path, name: &str, version: &str) -> PathBuf {
    cache.join(format!("tools/{name}-{version}"))
}

/// Compiles and installs the program `name` of the crate `package`, once. Returns the directory above
/// `bin`.
pub fn installed(
    cache: &Cache,
    name: &'static str,
    package: &str,
    version: &str,
) -> Result<PathBuf> {
    let root = install_root(&cache.path, name, version);
    if !root.join("bin").join(name).exists() {
        let mut phase = Phase::start(name);
        phase.announce(&format!("compiling {version}, once"));
        fs::create_dir_all(&root)?;
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo
            .args(["install", package, "--locked", "--version", version])
            .arg("--root")
            .arg(&root)
            .env_remove("CARGO_TARGET_DIR");
        command::logged(&mut cargo, &root.join("install.log"))?;
        phase.done("compiled");
    }
    Ok(root)
}

/// The directory of the newest libclang below `usr`, as a path below `/usr`. bindgen may not find
/// Debian's libclang by itself.
fn libclang(usr: &Path) -> Option<PathBuf> {
    let version = |path: &Path| -> Option<u32> {
        path.file_name()?
            .to_str()?
            .strip_prefix("llvm-")?
            .parse()
            .ok()
    };
    let newest = fs::read_dir(usr.join("lib"))
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.join("lib/libclang.so.1").exists() || path.join("lib/libclang.so").exists()
        })
        .max_by_key(|path| version(path))?;
    let directory = newest.join("lib");
    let directory = directory.strip_prefix(usr).ok()?;
    Some(Path::new("/usr").join(directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rustc_versions_have_the_form_of_the_kernel() {
        let packaged = "rustc 1.85.1 (4eb161250 2025-03-15) (built from a source tarball)\n";
        assert_eq!(rustc_version(packaged), Some(108_501));
        let nightly = "rustc 1.97.0-nightly (abcdef012 2026-05-01)\n";
        assert_eq!(rustc_version(nightly), Some(109_700));
        assert_eq!(rustc_version("rustc\n"), None);
        assert_eq!(rustc_version("clang 19.1.7\n"), None);
    }

    #[test]
    fn kconfig_readme_and_the_crates_name_the_same_rustc() {
        let oldest = oldest_rustc().unwrap();
        assert_eq!(oldest % 100, 0, "README and the crates name no patch level");
        let oldest = format!("{}.{}", oldest / 100_000, oldest / 100 % 1000);
        let read = |name: &str| fs::read_to_string(options::repository().unwrap().join(name));
        let readme = read("README.md").unwrap();
        assert!(readme.contains(&format!("rustc must be {oldest} or newer")));
        for manifest in ["tests/Cargo.toml", crate::tool::MANIFEST] {
            let wanted = format!("\nrust-version = \"{oldest}\"\n");
            assert!(read(manifest).unwrap().contains(&wanted), "{manifest}");
        }
    }
}
