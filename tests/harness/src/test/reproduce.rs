// SPDX-License-Identifier: GPL-2.0

//! The generator's output depends only on the linked files. The directory, the language and the number of
//! processors do not change it.

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

/// Runs the generator again on the files of the last link: in a copy of the build directory, in another
/// language, and on one processor. Its output must equal the output of that link.
pub fn run(report: &mut Report, kernel: &Kernel) -> Result<()> {
    let moved = Moved::of(&kernel.objtree)?;
    let pass = bench::last_pass(&kernel.objtree)?;
    let first_processor = first_processor()?;
    for (circumstances, wrapper) in [
        ("in another directory", &[][..]),
        (
            "in another language",
            &["env", "LC_ALL=tr_TR.UTF-8", "LANGUAGE=tr", "TZ=Asia/Tokyo"],
        ),
        ("on one processor", &["taskset", "-c", &first_processor]),
    ] {
        let name = format!(
            "{}: the generator's output is the same {circumstances}",
            kernel.config
        );
        report.check(&name, moved.compare(&kernel.objtree, &pass, wrapper));
    }
    Ok(())
}

/// A copy of a build directory. Its files are hard links to the files of the build directory.
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

    /// Runs the generator in the copy, and compares its output with the output in `objtree`. If `wrapper` is
    /// not empty, it is the beginning of the command line, before the generator.
    fn compare(&self, objtree: &Path, pass: &str, wrapper: &[&str]) -> Result<()> {
        for file in REPORTS {
            let path = self.0.path().join(file);
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
        let syms = format!("{pass}.syms");
        let sorted = objtree.join(format!("{syms}.sorted"));
        if sorted.exists() {
            let again = self.generate(wrapper, &["sort-symbols", pass, &syms])?;
            ensure!(
                again == read(&sorted)?,
                "the generator now prints another {}",
                sorted.display()
            );
        }
        let tables = self.generate(wrapper, &["link", pass])?;
        let listing = objtree.join(format!("{pass}.kallsyms.S"));
        ensure!(
            tables.len() > 1000 && read(&listing)?.ends_with(&tables),
            "{} ends with other tables",
            listing.display()
        );
        same_reports(objtree, self.0.path())
    }

    /// Runs the generator in the copy, and returns its standard output.
    fn generate(&self, wrapper: &[&str], arguments: &[&str]) -> Result<Vec<u8>> {
        let path = self.0.path().join(GENERATOR);
        let program = wrapper.iter().map(OsStr::new).chain([path.as_os_str()]);
        let mut command_line = program.chain(arguments.iter().map(OsStr::new));
        let program = command_line.next().context("no program")?;
        let mut generator = Command::new(program);
        generator.args(command_line).current_dir(self.0.path());
        let output = generator
            .output()
            .with_context(|| program.to_string_lossy().into_owned())?;
        let message = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{message}");
        Ok(output.stdout)
    }
}

/// The first processor that this process may use, from a line like `Cpus_allowed_list: 0-1`. (The line has a
/// tab instead of the space.)
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

/// Checks that the [`REPORTS`] in two build directories are equal.
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
