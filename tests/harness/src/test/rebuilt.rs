// SPDX-License-Identifier: GPL-2.0

//! Builds a kernel a second time from nothing: in another directory, with another number of jobs, in
//! another language, and with interruptions. The test takes minutes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{bail, ensure, Context, Result};
use rustix::process::{kill_process_group, Pid, Signal};

use super::{report::Report, reproduce, tables};
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::progress::Phase;

/// The interruptions of the second build, in order. When make prints the step, the test sends the signal to
/// the process group of make.
const INTERRUPTIONS: [(&str, Signal); 5] = [
    ("  CC      mm/slub.o", Signal::TERM),
    ("  KMSYMS  .tmp_vmlinux1", Signal::TERM),
    ("  AS      .tmp_vmlinux1", Signal::KILL),
    ("  KMSYMS  .tmp_vmlinux2", Signal::KILL),
    ("  LD      vmlinux", Signal::TERM),
];

/// The language of the second build. If the host has the linker's translations, the link map is in this language.
const LANGUAGE: &str = "de_DE.UTF-8";

pub fn run(report: &mut Report, kernel: &Kernel) -> Result<()> {
    let beside = kernel.objtree.parent().context("no directory")?;
    let directory = tempfile::Builder::new()
        .prefix("rebuilt")
        .tempdir_in(beside)?;
    let second = SecondBuild {
        kernel,
        objtree: directory.path().join("o"),
        locales: directory.path().join("locales"),
    };
    second.prepare()?;
    let mut phase = Phase::start("rebuild");
    let mut interrupted = 0;
    for (step, signal) in INTERRUPTIONS {
        phase.announce(&format!("until make prints '{}'", step.trim()));
        interrupted += usize::from(second.build(Some((step, signal)))?);
    }
    phase.announce("to the end");
    second.build(None)?;
    phase.done(&format!("interrupted {interrupted} times"));

    report.check(
        &format!(
            "{}: a build can be interrupted {interrupted} times",
            kernel.config
        ),
        often_enough(interrupted),
    );
    let same = compare(&kernel.objtree, &second.objtree);
    if let Ok(tables) = same {
        report.count(format!(
            "{}: {tables} tables are the same in a second build",
            kernel.config
        ));
    }
    report.check(
        &format!(
            "{}: a second build of the same tree has the same tables",
            kernel.config
        ),
        same.map(drop),
    );
    Ok(())
}

fn often_enough(interrupted: usize) -> Result<()> {
    ensure!(
        interrupted == INTERRUPTIONS.len(),
        "the build should have been interrupted {} times",
        INTERRUPTIONS.len()
    );
    Ok(())
}

/// Checks that two build directories have equal tables and equal reports. Returns the number of tables.
fn compare(first: &Path, second: &Path) -> Result<usize> {
    let (first_tables, second_tables) = (
        tables::contents(&first.join("vmlinux"))?,
        tables::contents(&second.join("vmlinux"))?,
    );
    ensure!(
        first_tables.len() > 10,
        "only {} tables",
        first_tables.len()
    );
    let differing: Vec<&str> = first_tables
        .iter()
        .filter(|(name, bytes)| second_tables.get(*name) != Some(bytes))
        .map(|(name, _)| name.as_str())
        .collect();
    ensure!(
        differing.is_empty() && first_tables.len() == second_tables.len(),
        "these tables differ: {}",
        differing.join(" ")
    );
    reproduce::same_reports(first, second)?;
    Ok(first_tables.len())
}

/// The second build of `kernel`.
struct SecondBuild<'a> {
    kernel: &'a Kernel<'a>,
    objtree: PathBuf,
    locales: PathBuf,
}

impl SecondBuild<'_> {
    fn make(&self) -> Result<Command> {
        let kernel = self.kernel;
        let mut make = kernel
            .toolchain
            .make(kernel.options, &kernel.tree, &self.objtree)?;
        make.env("LC_ALL", LANGUAGE).env("LOCPATH", &self.locales);
        Ok(make)
    }

    fn prepare(&self) -> Result<()> {
        fs::create_dir_all(&self.objtree)?;
        fs::create_dir_all(&self.locales)?;
        let config = self.kernel.objtree.join(".config");
        fs::copy(&config, self.objtree.join(".config"))
            .with_context(|| config.display().to_string())?;
        // If localedef fails, the test continues with a second build in English.
        let mut localedef = Command::new("localedef");
        localedef.args(["-i", "de_DE", "-f", "UTF-8"]);
        let made = command::output(localedef.arg(self.locales.join(LANGUAGE)));
        if let Err(error) = made {
            println!("# the second build is in English: {error:#}");
        }
        command::output(self.make()?.arg("olddefconfig")).map(drop)
    }

    /// Runs make until it prints the step in `until`, or to the end. Returns true if make was interrupted.
    fn build(&self, until: Option<(&str, Signal)>) -> Result<bool> {
        let path = self.objtree.join("build.log");
        let log = fs::File::options().create(true).append(true).open(&path)?;
        let mut make = self.make()?;
        // The first build has one job less.
        let jobs = 1 + std::thread::available_parallelism()?.get();
        make.arg(format!("-j{jobs}")).arg("vmlinux");
        make.stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0);
        let mut child = make.spawn().context("make")?;
        let group = Pid::from_child(&child);
        let stdout = child.stdout.take().context("make has no output")?;
        let mut stopped = false;
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line?;
            match until {
                Some((step, signal)) if !stopped && line.starts_with(step.as_bytes()) => {
                    kill_process_group(group, signal)?;
                    stopped = true;
                }
                _ => {}
            }
        }
        let status = child.wait()?;
        if !stopped && !status.success() {
            // The build directory is temporary, so the error has the end of its log.
            bail!(
                "{}: {status}\n{}",
                self.objtree.display(),
                command::last_lines(&path)
            );
        }
        // make ignores SIGTERM if the process that started the harness ignores it.
        Ok(stopped && !status.success())
    }
}
