// SPDX-License-Identifier: GPL-2.0

//! Provides the kernel tree: the user's tree, or the source of the package, unpacked once into the cache.
//! If this host's apt does not offer the package, the harness downloads the package.
//!
//! The package's source exists twice, as hard links to the same files: an untouched tree for
//! comparisons, and a tree for the hooks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context, Result};

use crate::lab::apt;
use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::fetch;
use crate::lab::options::{self, Options};
use crate::lab::progress::Phase;

pub struct Tree {
    pub path: PathBuf,
    /// The untouched tree of the package; `None` for a tree of the user.
    pub pristine: Option<PathBuf>,
}

/// The user's tree, or else the package's.
pub fn tree(options: &Options, cache: &Cache) -> Result<Tree> {
    if let Some(path) = options.kdir() {
        return Ok(Tree {
            path: path.to_owned(),
            pristine: None,
        });
    }
    packaged(options, cache)
}

/// The package's tree. The version is the installed version of the package, or else the downloaded one.
pub fn packaged(options: &Options, cache: &Cache) -> Result<Tree> {
    let package = options.source_package();
    let (version, deb) = match apt::installed_version(&package) {
        Some(version) => (version, None),
        None => {
            let fetched = fetch::package(cache, &package)?;
            (fetched.version, Some(fetched.file))
        }
    };

    let directory = cache
        .path
        .join("src")
        .join(format!("{package}_{}", version.replace([':', '~'], "-")));
    let pristine = directory.join("pristine");
    let patched = directory.join("patched");
    if patched.exists() {
        return Ok(Tree {
            path: patched,
            pristine: Some(pristine),
        });
    }

    let mut phase = Phase::start("source");
    if !pristine.exists() {
        phase.announce(&format!("unpacking {package} {version}"));
        make_directory(&pristine, |partial| {
            fs::create_dir_all(partial)?;
            match &deb {
                Some(deb) => unpack_package(deb, &package, partial, &[]),
                None => unpack(Path::new("/"), &package, partial, &[]),
            }
        })?;
    }
    phase.update("linking a second tree");
    let mut cp = Command::new("cp");
    cp.arg("-al").arg(&pristine);
    make_directory(&patched, |partial| {
        command::output(cp.arg(partial)).map(drop)
    })?;
    phase.done(&format!("in {}", directory.display()));
    Ok(Tree {
        path: patched,
        pristine: Some(pristine),
    })
}

/// A new untouched tree `name` beside a packaged tree. An older tree of this name is removed first.
pub fn copy(tree: &Tree, name: &str) -> Result<Tree> {
    let pristine = tree.pristine.as_ref().context("no packaged tree")?;
    let path = pristine.with_file_name(name);
    if path.exists() {
        fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
    }
    let mut cp = Command::new("cp");
    cp.arg("-al").arg(pristine);
    make_directory(&path, |partial| command::output(cp.arg(partial)).map(drop))?;
    Ok(Tree {
        path,
        pristine: Some(pristine.clone()),
    })
}

/// Unpacks `files`, or all files if `files` is empty, from the archive of a package that is installed
/// below `root`.
fn unpack(root: &Path, package: &str, into: &Path, files: &[PathBuf]) -> Result<()> {
    let archive = root.join("usr/src").join(format!("{package}.tar.xz"));
    let mut tar = Command::new("tar");
    tar.args(["--strip-components=1", "-xf"]).arg(archive);
    tar.arg("-C").arg(into);
    // linux-source-6.12/init/Kconfig
    tar.args(files.iter().map(|file| Path::new(package).join(file)));
    command::output(tar.env("XZ_OPT", "--threads=0")).map(drop)
}

/// Unpacks `files`, or all files if `files` is empty, from the archive in the package file `deb`.
pub fn unpack_package(deb: &Path, package: &str, into: &Path, files: &[PathBuf]) -> Result<()> {
    let root = into.with_extension("root");
    let mut dpkg = Command::new("dpkg-deb");
    command::output(dpkg.arg("--extract").arg(deb).arg(&root))?;
    let unpacked = unpack(&root, package, into, files);
    fs::remove_dir_all(&root).with_context(|| root.display().to_string())?;
    unpacked
}

/// The series of a tree: VERSION and PATCHLEVEL in its Makefile, as `6.12`.
pub fn series(tree: &Path) -> Result<String> {
    let makefile = tree.join("Makefile");
    let context = || makefile.display().to_string();
    let text = fs::read_to_string(&makefile).with_context(context)?;
    // VERSION = 6
    let part = |name: &str| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .find_map(|(key, value)| (key.trim() == name).then_some(value.trim()))
            .with_context(|| format!("{}: no {name}", makefile.display()))
    };
    Ok(format!("{}.{}", part("VERSION")?, part("PATCHLEVEL")?))
}

/// Makes a directory under another name, and renames it when it is complete.
fn make_directory(path: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let partial = path.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).with_context(|| partial.display().to_string())?;
    }
    make(&partial)?;
    fs::rename(&partial, path).with_context(|| path.display().to_string())
}

/// Adds the component and the hooks to the tree, as `make apply` does.
pub fn apply(options: &Options, tree: &Tree) -> Result<()> {
    let script = options::repository()?.join("patches/apply.sh");
    let mut apply = Command::new(script);
    apply.arg("apply").arg(&tree.path);
    // Clones of this repository share the tree in the cache, so the tree has a copy. The script gives a
    // new time only to files whose content changed: make rebuilds only those.
    if tree.pristine.is_some() || options.copy() {
        apply.arg("--copy");
    }
    let result = apply.output().context("patches/apply.sh")?;
    if !result.status.success() {
        let message = String::from_utf8_lossy(&result.stderr);
        // The harness adds this prefix to all of its errors.
        bail!("{}", message.trim_start_matches("kallmodsyms: ").trim_end());
    }
    if tree.pristine.is_none() {
        eprint!("{}", String::from_utf8_lossy(&result.stdout));
    }
    Ok(())
}
