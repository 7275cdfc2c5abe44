// SPDX-License-Identifier: GPL-2.0

//! The kernel tree: the user's tree, or the source of the package, unpacked once into the cache. A
//! package that this host's apt does not offer is downloaded.
//!
//! The package's source exists twice, with shared blocks on the disk: an untouched tree for
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
    /// The same tree untouched, where there is one.
    pub pristine: Option<PathBuf>,
}

pub fn tree(options: &Options, cache: &Cache) -> Result<Tree> {
    if let Some(path) = options.kdir() {
        return Ok(Tree {
            path: path.to_owned(),
            pristine: None,
        });
    }
    packaged(options, cache)
}

/// The package's tree, of the version that is installed now, or else of the one that was fetched.
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
        whole(&pristine, |partial| {
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
    whole(&patched, |partial| {
        command::output(cp.arg(partial)).map(drop)
    })?;
    phase.done(&format!("in {}", directory.display()));
    Ok(Tree {
        path: patched,
        pristine: Some(pristine),
    })
}

/// A tree of its own beside a packaged one, `name`, without what earlier builds left in it.
pub fn copy(tree: &Tree, name: &str) -> Result<Tree> {
    let pristine = tree.pristine.as_ref().context("no packaged tree")?;
    let path = pristine.with_file_name(name);
    if path.exists() {
        fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
    }
    let mut cp = Command::new("cp");
    cp.arg("-al").arg(pristine);
    whole(&path, |partial| command::output(cp.arg(partial)).map(drop))?;
    Ok(Tree {
        path,
        pristine: Some(pristine.clone()),
    })
}

/// Unpacks the archive of the package that is installed below `root`: these files, or if there are none,
/// all of it.
fn unpack(root: &Path, package: &str, into: &Path, files: &[PathBuf]) -> Result<()> {
    let archive = root.join("usr/src").join(format!("{package}.tar.xz"));
    let mut tar = Command::new("tar");
    tar.args(["--strip-components=1", "-xf"]).arg(archive);
    tar.arg("-C").arg(into);
    // linux-source-6.12/init/Kconfig
    tar.args(files.iter().map(|file| Path::new(package).join(file)));
    command::output(tar.env("XZ_OPT", "--threads=0")).map(drop)
}

/// The same of a package that is not installed.
pub fn unpack_package(deb: &Path, package: &str, into: &Path, files: &[PathBuf]) -> Result<()> {
    let root = into.with_extension("root");
    let mut dpkg = Command::new("dpkg-deb");
    command::output(dpkg.arg("--extract").arg(deb).arg(&root))?;
    let unpacked = unpack(&root, package, into, files);
    fs::remove_dir_all(&root).with_context(|| root.display().to_string())?;
    unpacked
}

/// The series of a tree: what its Makefile says of VERSION and PATCHLEVEL.
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

/// Makes a directory that is there whole or not at all.
fn whole(path: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let partial = path.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).with_context(|| partial.display().to_string())?;
    }
    make(&partial)?;
    fs::rename(&partial, path).with_context(|| path.display().to_string())
}

/// Makes the tree have the component, as `make apply` does.
pub fn apply(options: &Options, tree: &Tree) -> Result<()> {
    let script = options::repository()?.join("patches/apply.sh");
    let mut apply = Command::new(script);
    apply.arg("apply").arg(&tree.path);
    // A copy in the cache: clones of this repository share it, and only files
    // whose content differs get a new time, which is what make goes by.
    if tree.pristine.is_some() || options.copy() {
        apply.arg("--copy");
    }
    let result = apply.output().context("patches/apply.sh")?;
    if !result.status.success() {
        let message = String::from_utf8_lossy(&result.stderr);
        // Ours begin with the same word.
        bail!("{}", message.trim_start_matches("kallmodsyms: ").trim_end());
    }
    if tree.pristine.is_none() {
        eprint!("{}", String::from_utf8_lossy(&result.stdout));
    }
    Ok(())
}
