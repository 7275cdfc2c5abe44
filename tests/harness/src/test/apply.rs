// SPDX-License-Identifier: GPL-2.0

//! `make apply` and `make unapply` on a tree that has only the files that these commands need.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{ensure, Context, Result};
use tempfile::TempDir;

use super::{hooks, report::Report};
use crate::lab::command;
use crate::lab::options;
use crate::lab::source::{self, Tree};

/// The files by which apply recognises a kernel tree, and a file so that the directory of [`HEADER`] exists.
const TREE: &[&str] = &[
    "Makefile",
    "Kbuild",
    "init/Kconfig",
    "include/linux/module.h",
];

type Test = fn(&Scratch) -> Result<()>;

pub fn run(report: &mut Report, packaged: &Tree) -> Result<()> {
    let pristine = packaged.pristine.as_ref().context("no untouched tree")?;
    let series = source::series(pristine)?;
    let needed = needed_files(&series)?;
    let tests: &[(&str, Test)] = &[
        (
            "apply links, and unapply restores byte for byte",
            links_and_restores,
        ),
        (
            "apply COPY=1 copies, and unapply restores byte for byte",
            copies_and_restores,
        ),
        ("apply again changes nothing", is_idempotent),
        (
            "apply with changed hooks brings the tree up to date",
            brings_up_to_date,
        ),
        ("apply turns a link into a copy, and back", changes_mode),
        (
            "the user's changes survive apply and unapply",
            keeps_changes_of_the_user,
        ),
        (
            "apply names a hunk that does not apply, and leaves the tree unchanged",
            refuses_a_conflict,
        ),
        (
            "unapply names a file that changed after apply, and leaves the tree unchanged",
            refuses_to_unapply,
        ),
        ("apply refuses a series without hooks", refuses_other_series),
        (
            "apply and unapply refuse a kernel/kallmodsyms that apply did not make",
            refuses_what_is_in_the_way,
        ),
        ("apply.sh explains wrong arguments", explains_wrong_use),
    ];
    for (name, test) in tests {
        report.check(
            name,
            Scratch::new(pristine, &needed, &series).and_then(|scratch| test(&scratch)),
        );
    }
    Ok(())
}

/// The files of a kernel tree that the tests need.
pub fn needed_files(series: &str) -> Result<Vec<PathBuf>> {
    let mut files = hooks::touched_files(series)?;
    files.extend(TREE.iter().map(PathBuf::from));
    files.sort();
    files.dedup();
    Ok(files)
}

/// Checks that each hunk of the hooks has one place in the untouched tree, and that apply and unapply
/// succeed on these files.
pub fn fits(pristine: &Path, series: &str) -> Result<()> {
    hooks::have_one_place(pristine, series)?;
    let scratch = Scratch::new(pristine, &needed_files(series)?, series)?;
    links_and_restores(&scratch)
}

/// Two files of the samples that `apply --copy` must copy.
const SAMPLES: &[&str] = &["samples/modules/Kbuild", "samples/reader-c/Makefile"];

/// The header that apply adds to the tree.
const HEADER: &str = "include/linux/kallmodsyms.h";

/// A few files of a kernel tree, and a copy of parts of the repository. A test may change both.
struct Scratch {
    _directory: TempDir,
    tree: PathBuf,
    repository: PathBuf,
    before: Contents,
    /// The series of the tree, for example `6.12`.
    series: String,
}

/// The content of every file below a directory, by its path. The content of a link is its target.
type Contents = BTreeMap<PathBuf, Vec<u8>>;

impl Scratch {
    fn new(pristine: &Path, needed: &[PathBuf], series: &str) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let (tree, repository) = (
            directory.path().join("tree"),
            directory.path().join("repository"),
        );
        for file in needed {
            let to = tree.join(file);
            fs::create_dir_all(to.parent().context("a file in no directory")?)?;
            fs::copy(pristine.join(file), to)?;
        }
        fs::create_dir_all(&repository)?;
        let mut cp = Command::new("cp");
        let ours = options::repository()?;
        for part in [
            "COPYING", "Kbuild", "Kconfig", "include", "rust", "samples", "scripts", "patches",
        ] {
            cp.arg(ours.join(part));
        }
        command::output(cp.arg("--recursive").arg(&repository))?;
        let before = contents(&tree)?;
        Ok(Self {
            _directory: directory,
            tree,
            repository,
            before,
            series: series.to_owned(),
        })
    }

    fn script(&self, arguments: &[&str]) -> Result<Output> {
        let script = self.repository.join("patches/apply.sh");
        Command::new(script)
            .args(arguments)
            .arg(&self.tree)
            .output()
            .context("apply.sh")
    }

    fn apply(&self, arguments: &[&str]) -> Result<()> {
        let result = self.script(&[&["apply"], arguments].concat())?;
        ensure!(
            result.status.success(),
            "apply: {}",
            String::from_utf8_lossy(&result.stderr)
        );
        Ok(())
    }

    fn unapply(&self) -> Result<()> {
        let result = self.script(&["unapply"])?;
        ensure!(
            result.status.success(),
            "unapply: {}",
            String::from_utf8_lossy(&result.stderr)
        );
        Ok(())
    }

    /// Checks that the command fails, prints these words, and does not change the tree.
    fn refuses(&self, action: &str, words: &[&str]) -> Result<()> {
        let before = contents(&self.tree)?;
        let result = self.script(&[action])?;
        let said = String::from_utf8_lossy(&result.stderr);
        ensure!(
            result.status.code() == Some(1),
            "exit code {:?}: {said}",
            result.status.code()
        );
        for word in words {
            ensure!(said.contains(word), "no {word:?} in the message: {said}");
        }
        ensure!(contents(&self.tree)? == before, "the tree has changed");
        Ok(())
    }

    fn is_as_before(&self) -> Result<()> {
        ensure!(
            contents(&self.tree)? == self.before,
            "the tree differs from the tree before apply"
        );
        Ok(())
    }

    fn edit(&self, file: &str, from: &str, to: &str) -> Result<()> {
        let path = self.tree.join(file);
        let text = fs::read_to_string(&path)?;
        ensure!(text.contains(from), "{file} has no {from:?}");
        Ok(fs::write(path, text.replacen(from, to, 1))?)
    }

    fn link(&self) -> PathBuf {
        self.tree.join("kernel/kallmodsyms")
    }
}

fn contents(directory: &Path) -> Result<Contents> {
    let mut all = Contents::new();
    for entry in fs::read_dir(directory)? {
        let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        if kind.is_dir() {
            all.extend(contents(&path)?);
        } else if kind.is_symlink() {
            let target = fs::read_link(&path)?;
            all.insert(path, target.into_os_string().into_encoded_bytes());
        } else {
            let bytes = fs::read(&path)?;
            all.insert(path, bytes);
        }
    }
    Ok(all)
}

fn links_and_restores(scratch: &Scratch) -> Result<()> {
    scratch.apply(&[])?;
    ensure!(
        fs::read_link(scratch.link())? == scratch.repository.canonicalize()?,
        "no link to the repository"
    );
    let kconfig = fs::read_to_string(scratch.tree.join("init/Kconfig"))?;
    ensure!(
        kconfig.contains("kernel/kallmodsyms/Kconfig"),
        "init/Kconfig has no hook"
    );
    ensure!(
        fs::read(scratch.tree.join(HEADER))? == fs::read(scratch.repository.join(HEADER))?,
        "{HEADER} differs from the repository's"
    );
    scratch.unapply()?;
    scratch.is_as_before()
}

fn copies_and_restores(scratch: &Scratch) -> Result<()> {
    scratch.apply(&["--copy"])?;
    ensure!(!scratch.link().is_symlink(), "a link, not a copy");
    let parts = ["COPYING", "Kbuild", "Kconfig", "rust", "scripts"];
    for part in parts.iter().chain(SAMPLES) {
        ensure!(scratch.link().join(part).exists(), "{part} was not copied");
    }
    ensure!(
        !scratch.link().join("patches").exists(),
        "patches was copied, but the kernel does not need it"
    );
    scratch.unapply()?;
    scratch.is_as_before()
}

fn is_idempotent(scratch: &Scratch) -> Result<()> {
    let touched = scratch.tree.join("init/Kconfig");
    for mode in [&[][..], &["--copy"]] {
        scratch.apply(mode)?;
        let (first, time) = (contents(&scratch.tree)?, touched.metadata()?.modified()?);
        scratch.apply(mode)?;
        ensure!(
            contents(&scratch.tree)? == first,
            "the second apply changed the tree"
        );
        ensure!(
            touched.metadata()?.modified()? == time,
            "init/Kconfig has a new time, so make would build again"
        );
    }
    scratch.unapply()?;
    scratch.is_as_before()?;
    scratch.unapply()
}

fn brings_up_to_date(scratch: &Scratch) -> Result<()> {
    scratch.apply(&["--copy"])?;
    for patch in fs::read_dir(scratch.repository.join("patches").join(&scratch.series))? {
        let path = patch?.path();
        let text = fs::read_to_string(&path)?;
        fs::write(
            &path,
            text.replace(
                "+source \"kernel/kallmodsyms/Kconfig\"",
                "+source \"kernel/kallmodsyms/Kconfig.new\"",
            ),
        )?;
    }
    fs::rename(
        scratch.repository.join("Kconfig"),
        scratch.repository.join("Kconfig.new"),
    )?;
    fs::write(scratch.repository.join("Kbuild"), "# changed\n")?;
    scratch.apply(&["--copy"])?;
    let kconfig = fs::read_to_string(scratch.tree.join("init/Kconfig"))?;
    ensure!(
        kconfig.contains("Kconfig.new\""),
        "init/Kconfig still has the old hook"
    );
    ensure!(
        !kconfig.contains("Kconfig\"\n\nconfig ARCH"),
        "init/Kconfig has the old hook and the new hook"
    );
    ensure!(
        !scratch.link().join("Kconfig").exists(),
        "the tree still has Kconfig, which the repository no longer has"
    );
    ensure!(
        fs::read_to_string(scratch.link().join("Kbuild"))? == "# changed\n",
        "the tree has the old Kbuild"
    );
    scratch.unapply()?;
    scratch.is_as_before()
}

fn changes_mode(scratch: &Scratch) -> Result<()> {
    scratch.apply(&[])?;
    scratch.apply(&["--copy"])?;
    ensure!(
        scratch.link().join("Kbuild").exists() && !scratch.link().is_symlink(),
        "the second apply made no copy"
    );
    scratch.apply(&[])?;
    ensure!(scratch.link().is_symlink(), "the third apply made no link");
    ensure!(
        scratch.repository.join("Kbuild").exists(),
        "the repository has lost its files"
    );
    scratch.unapply()?;
    scratch.is_as_before()
}

fn keeps_changes_of_the_user(scratch: &Scratch) -> Result<()> {
    let (from, to) = ("\nPATCHLEVEL", "\n# mine\nPATCHLEVEL");
    scratch.edit("Makefile", from, to)?;
    scratch.edit("init/Kconfig", "# SPDX", "# mine\n# SPDX")?;
    scratch.apply(&[])?;
    scratch.unapply()?;
    scratch.edit("Makefile", to, from)?;
    scratch.edit("init/Kconfig", "# mine\n# SPDX", "# SPDX")?;
    scratch.is_as_before()
}

fn refuses_a_conflict(scratch: &Scratch) -> Result<()> {
    let kernel_makefile = scratch.tree.join("kernel/Makefile");
    fs::write(kernel_makefile, "# another\n")?;
    scratch.refuses("apply", &["kernel/Makefile", "Hunk #1", &scratch.series])
}

fn refuses_to_unapply(scratch: &Scratch) -> Result<()> {
    scratch.apply(&[])?;
    fs::write(scratch.tree.join("kernel/Makefile"), "# another\n")?;
    scratch.refuses("unapply", &["kernel/Makefile", "Hunk #1"])?;
    scratch.refuses("apply", &["kernel/Makefile", "Hunk #1"])
}

fn refuses_other_series(scratch: &Scratch) -> Result<()> {
    let (version, patchlevel) = scratch.series.split_once('.').context("no series")?;
    let from = format!("PATCHLEVEL = {patchlevel}\n");
    scratch.edit("Makefile", &from, "PATCHLEVEL = 1\n")?;
    let other = format!("Linux {version}.1.");
    scratch.refuses("apply", &[&other, &scratch.series])
}

fn refuses_what_is_in_the_way(scratch: &Scratch) -> Result<()> {
    fs::create_dir(scratch.link())?;
    fs::write(scratch.link().join("file"), "of another\n")?;
    scratch.refuses("apply", &["kernel/kallmodsyms", "in the way"])?;
    scratch.refuses("unapply", &["not put there by apply"])
}

fn explains_wrong_use(scratch: &Scratch) -> Result<()> {
    let script = scratch.repository.join("patches/apply.sh");
    let said = |arguments: &[&str]| -> Result<(Option<i32>, String)> {
        let result = Command::new(&script).args(arguments).output()?;
        let text = [result.stdout, result.stderr].concat();
        Ok((
            result.status.code(),
            String::from_utf8_lossy(&text).into_owned(),
        ))
    };
    for (arguments, code, word) in [
        (&["--help"][..], 0, "usage:"),
        (&[], 2, "apply or unapply"),
        (&["apply"], 2, "make apply KDIR="),
        (&["apply", "/nonexistent"], 1, "no such directory"),
        (&["apply", "/"], 1, "not the top of a Linux tree"),
        (&["apply", "--wrong", "/"], 2, "--wrong"),
    ] {
        let (status, text) = said(arguments)?;
        ensure!(
            status == Some(code) && text.contains(word),
            "{arguments:?}: exit code {status:?}: {text}"
        );
    }
    Ok(())
}
