// SPDX-License-Identifier: GPL-2.0

//! `make htmldocs`: makes the pages of `Documentation/` with the kernel's own documentation build. A
//! warning is a failure.
//!
//! The pages are part of `kernel/kallmodsyms`, and `make apply` does not change the tree's
//! `Documentation/`. The documentation build reads only files below that directory, so the command
//! adds a link to the pages for the time of the build.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::options::Options;
use crate::lab::packages;
use crate::lab::progress::Phase;
use crate::lab::source;

/// The link to the pages, in the tree's `Documentation`.
const DIRECTORY: &str = "kallmodsyms";

pub fn run(options: &Options) -> Result<()> {
    let cache = Cache::lock(options)?;
    packages::install(options, packages::For::Docs)?;
    let tree = source::tree(options, &cache)?;
    source::apply(options, &tree)?;
    let pages = build(&cache, &tree.path)?;
    println!("the pages: {}", pages.join("index.html").display());
    Ok(())
}

/// Makes the pages of a tree with the component, and returns their directory.
pub fn build(cache: &Cache, tree: &Path) -> Result<PathBuf> {
    let output = cache.path.join("build/htmldocs");
    fs::create_dir_all(&output).with_context(|| output.display().to_string())?;
    let pages = output.join("Documentation/output").join(DIRECTORY);
    // Sphinx would skip pages that are already made, and print none of their warnings.
    for old in [
        pages.clone(),
        output
            .join("Documentation/output/.doctrees")
            .join(DIRECTORY),
    ] {
        if old.exists() {
            fs::remove_dir_all(&old).with_context(|| old.display().to_string())?;
        }
    }

    let mut phase = Phase::start("htmldocs");
    phase.announce("make htmldocs");
    let log = output.join("htmldocs.log");
    let _link = Link::make(tree)?;
    let mut make = Command::new("make");
    make.arg("-C").arg(tree);
    make.arg(format!("O={}", output.display()));
    make.arg(format!("SPHINXDIRS={DIRECTORY}"));
    // In Linux 6.12, the default of this variable makes the build write the pages of netlink into the tree.
    make.arg("YNL_INDEX=");
    make.arg("htmldocs");
    for variable in ["MAKEFLAGS", "MAKELEVEL", "KDIR", "O", "ARCH", "LLVM"] {
        make.env_remove(variable);
    }
    command::logged(make.env("LC_ALL", "C.UTF-8"), &log)?;
    phase.done("made");

    let text = fs::read_to_string(&log).with_context(|| log.display().to_string())?;
    let warnings: Vec<_> = text.lines().filter(|line| is_warning(line)).collect();
    ensure!(
        warnings.is_empty(),
        "{}\nall of the output: {}",
        warnings.join("\n"),
        log.display()
    );
    ensure!(
        pages.join("index.html").exists(),
        "no page was made; see {}",
        log.display()
    );
    Ok(pages)
}

/// `…/index.rst:42: WARNING: toctree contains reference to nonexisting document 'history'`
fn is_warning(line: &str) -> bool {
    let words = ["WARNING", "ERROR", "Error", "warning:", "SKIP"];
    words.iter().any(|word| line.contains(word))
}

/// The link in the tree's `Documentation`. Dropping the value removes the link.
struct Link(PathBuf);

impl Link {
    fn make(tree: &Path) -> Result<Self> {
        let link = Self(tree.join("Documentation").join(DIRECTORY));
        // An interrupted run leaves its link.
        if link.0.is_symlink() {
            fs::remove_file(&link.0).with_context(|| link.0.display().to_string())?;
        }
        let pages = Path::new("../kernel/kallmodsyms/Documentation");
        symlink(pages, &link.0).with_context(|| link.0.display().to_string())?;
        Ok(link)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // A link that stays does no harm: the next run replaces it.
        let _ = fs::remove_file(&self.0);
    }
}
