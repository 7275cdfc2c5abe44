// SPDX-License-Identifier: GPL-2.0

//! The tables depend only on the linked files. They do not depend on the directory, the number of jobs,
//! the language, or interruptions of the build.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};

use super::report::Report;
use crate::bench;
use crate::lab::command;
use crate::lab::configure::{Kernel, GENERATOR};

/// The files that the generator writes beside vmlinux.
pub const REPORTS: [&str; 2] = ["modules_thick.builtin", ".tmp_vmlinux.ranges"];

/// Runs the generator again on the files that the last link left, in a copy of the build directory and
/// under other circumstances. The output must equal the files of that link.
pub fn run(report: &mut Report, kernel: &Kernel) -> Result<()> {
    let moved = Moved::of(&kernel.objtree)?;
    let pass = bench::last_pass(&kernel.objtree)?;
    let first_processor = first_processor()?;
    for (circumstances, words) in [
        ("in another directory", &[][..]),
        (
            "in another language",
            &["env", "LC_ALL=tr_TR.UTF-8", "LANGUAGE=tr", "TZ=Asia/Tokyo"],
        ),
        ("with one processor", &["taskset", "-c", &first_processor]),
    ] {
        let name = format!(
            "{}: the generator's output is the same again {circumstances}",
            kernel.config
        );
        report.check(&name, moved.compare(&kernel.objtree, &pass, words));
    }
    Ok(())
}

/// A copy of a build directory at another path. Its files are hard links to the same files.
struct Moved(tempfile::TempDir);

impl Moved {
    fn of(objtree: &Path) -> Result<Self> {
        let beside = objtree.parent().context("no directory")?;
        let directory = tempfile::Builder::new()
            .prefix("moved ")
            .tempdir_in(beside)?;
        let mut cp = Command::new("cp");
        cp.arg("-al").arg(objtree.join("."));
        command::output(cp.arg(directory.path()))?;
        Ok(Self(directory))
    }

    /// Runs the generator, and compares its output. If `words` is not empty, it is a command that runs the
    /// generator.
    fn compare(&self, objtree: &Path, pass: &str, words: &[&str]) -> Result<()> {
        for file in REPORTS {
            let path = self.0.path().join(file);
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
        let syms = format!("{pass}.syms");
        let sorted = objtree.join(format!("{syms}.sorted"));
        if sorted.exists() {
            let again = self.generate(words, &["sort-symbols", pass, &syms])?;
            ensure!(
                again == read(&sorted)?,
                "the generator now prints another {}",
                sorted.display()
            );
        }
        let tables = self.generate(words, &["link", pass])?;
        let listing = objtree.join(format!("{pass}.kallsyms.S"));
        ensure!(
            tables.len() > 1000 && read(&listing)?.ends_with(&tables),
            "{} ends with other tables",
            listing.display()
        );
        same_reports(objtree, self.0.path())
    }

    /// Runs the generator in the copy, and returns its output.
    fn generate(&self, words: &[&str], arguments: &[&str]) -> Result<Vec<u8>> {
        let path = self.0.path().join(GENERATOR);
        let program = words.iter().map(OsStr::new).chain([path.as_os_str()]);
        let mut words = program.chain(arguments.iter().map(OsStr::new));
        let program = words.next().context("no program")?;
        let mut generator = Command::new(program);
        generator.args(words).current_dir(self.0.path());
        let output = generator
            .output()
            .with_context(|| program.to_string_lossy().into_owned())?;
        let message = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{message}");
        Ok(output.stdout)
    }
}

/// The first processor of a line like `Cpus_allowed_list: 0-1`, which has a tab instead of the space.
fn first_processor() -> Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let list = list
        .context("/proc/self/status has no list of processors")?
        .trim();
    let end = list.find(['-', ',']).unwrap_or(list.len());
    Ok(list[..end].to_owned())
}

pub fn same_reports(one: &Path, other: &Path) -> Result<()> {
    for file in REPORTS {
        let same = read(&one.join(file))? == read(&other.join(file))?;
        ensure!(same, "{file} differs");
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}
