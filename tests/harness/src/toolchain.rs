// SPDX-License-Identifier: GPL-2.0

//! The Rust toolchain that the kernel is built with: a rustc that has the core
//! library's source beside it, and bindgen.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt;
use crate::cache::Cache;
use crate::command;
use crate::options::Options;
use crate::progress::Phase;

/// What is compiled where no package is new enough.
const BINDGEN: &str = "0.73.2";

/// The oldest bindgen that all kernel series accept: 7.3 asks for this one, and 6.12 for 0.65.1.
pub const OLDEST_BINDGEN: apt::Version = [0, 71, 1];

/// What the kernel's make may see of our environment. Cargo's and rustup's own
/// variables, and those of the make that started us, would change what it does.
const KEEP: &[&str] = &["HOME", "LOGNAME", "PATH", "TERM", "TMPDIR", "USER"];

pub struct Toolchain {
    rustc: PathBuf,
    bindgen: PathBuf,
    libclang: Option<PathBuf>,
}

impl Toolchain {
    pub fn find(cache: &Cache) -> Result<Self> {
        Ok(Self {
            rustc: rustc().context(
                "no rustc here has the core library's source; install one with\n  \
                 apt-get install rustc rust-src (on Debian 12: rustc-web rust-web-src)\nor\n  \
                 rustup component add rust-src",
            )?,
            bindgen: bindgen(cache)?,
            libclang: libclang(),
        })
    }

    pub fn rustc(&self) -> &Path {
        &self.rustc
    }

    /// The kernel's own make, for the tree built in `objtree`.
    pub fn make(&self, options: &Options, tree: &Path, objtree: &Path) -> Result<Command> {
        let mut make = Command::new("make");
        make.env_clear();
        for name in KEEP {
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
            make.arg(format!("LLVM={}", llvm(options)));
        }
        make.arg(format!("RUSTC={}", self.rustc.display()));
        make.arg(format!("HOSTRUSTC={}", self.rustc.display()));
        make.arg(format!("BINDGEN={}", self.bindgen.display()));
        Ok(make)
    }

    /// The versions of the C compiler and the linker, in the words of each.
    pub fn describe_c(options: &Options) -> Result<String> {
        let prefix = options.arch()?.cross_prefix();
        let programs = match options.llvm.is_empty() {
            true => ["gcc", "ld"].map(|name| format!("{prefix}{name}")),
            false => ["clang", "ld.lld"].map(|name| format!("{name}{}", llvm(options))),
        };
        let versions = programs.map(|name| command::output(Command::new(name).arg("--version")));
        let versions: Result<Vec<String>> = versions.into_iter().collect();
        Ok(versions?.concat())
    }

    /// Everything that decides what is generated, as text.
    pub fn describe(&self) -> Result<String> {
        let version = command::output(Command::new(&self.rustc).arg("-vV"))?;
        let bindgen = command::output(Command::new(&self.bindgen).arg("--version"))?;
        Ok(format!("{}\n{version}{bindgen}", self.rustc.display()))
    }
}

/// What stands behind the names of the programs. LLVM=1 wants clang in PATH, and Debian names it
/// clang-19.
fn llvm(options: &Options) -> &str {
    match &*options.llvm {
        "1" => "-19",
        suffix => suffix,
    }
}

/// The first rustc that has the core library's source.
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
        .find_map(|rustc| with_core_source(&rustc))
}

/// The compiler itself, which may stand behind rustup's proxy, if it has core.
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

/// The first bindgen that is new enough, or else one that cargo compiles.
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

/// Whether there is a bindgen without a package or the network.
pub fn has_bindgen(cache: &Path) -> bool {
    tool(cache, "bindgen", BINDGEN).join("bin/bindgen").exists() || new_enough_bindgen().is_some()
}

/// Where cargo installs the programs of a crate.
fn tool(cache: &Path, name: &str, version: &str) -> PathBuf {
    cache.join(format!("tools/{name}-{version}"))
}

/// The directory where cargo has installed the programs of a crate, which it compiles once.
pub fn installed(
    cache: &Cache,
    name: &'static str,
    package: &str,
    version: &str,
) -> Result<PathBuf> {
    let root = tool(&cache.path, name, version);
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

/// The directory of Debian's newest libclang, which bindgen may not find by itself.
fn libclang() -> Option<PathBuf> {
    if let Some(chosen) = env::var_os("LIBCLANG_PATH") {
        return Some(chosen.into());
    }
    let version = |path: &Path| -> Option<u32> {
        path.file_name()?
            .to_str()?
            .strip_prefix("llvm-")?
            .parse()
            .ok()
    };
    fs::read_dir("/usr/lib")
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.join("lib/libclang.so.1").exists() || path.join("lib/libclang.so").exists()
        })
        .max_by_key(|path| version(path))
        .map(|path| path.join("lib"))
}
