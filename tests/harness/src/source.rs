// SPDX-License-Identifier: GPL-2.0

//! The kernel tree: the one the user names, or the package's, unpacked once
//! into the cache.
//!
//! Of the package's there are two, which share their files' blocks: one as it
//! was unpacked, for the tests that compare, and one that the hooks go into.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context, Result};

use crate::cache::Cache;
use crate::command;
use crate::options::{self, Options};
use crate::progress::Phase;

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

/// The package's tree, of the version that is installed now.
pub fn packaged(options: &Options, cache: &Cache) -> Result<Tree> {
    let package = format!("linux-source-{}", options.kernel);
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${Version}", &package]);
    let version = command::output(&mut query)?;

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
        let archive = format!("/usr/src/{package}.tar.xz");
        let mut tar = Command::new("tar");
        tar.args(["--strip-components=1", "-xf", &archive]);
        whole(&pristine, |partial| {
            fs::create_dir_all(partial)?;
            command::output(tar.arg("-C").arg(partial)).map(drop)
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
