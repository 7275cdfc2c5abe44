// SPDX-License-Identifier: GPL-2.0

//! Builds a kernel with the kernel's own make, and shows the progress.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::thread;

use anyhow::{bail, Context, Result};

use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::progress::Phase;
use crate::lab::stopwatch::{Stopwatch, Times};

/// The result of a build.
pub struct Built {
    /// The steps that kbuild printed, as `CC init/main.o`.
    pub steps: Vec<String>,
}

/// Builds the kernel and its modules. Fails if the assembler warns about the tables.
pub fn build(kernel: &Kernel) -> Result<Built> {
    let log_name = kernel.objtree.join("build.log");
    fs::write(&log_name, "").with_context(|| log_name.display().to_string())?;
    let mut log = File::options().append(true).open(&log_name)?;
    let from_nothing = !kernel.objtree.join("vmlinux").exists();
    let expected = kernel.steps.filter(|_| from_nothing);
    // kbuild makes this file early, so an interrupted build has it too.
    let begun = kernel.objtree.join("include/generated/bounds.h").exists();
    let watch = Stopwatch::start()?;

    let mut phase = Phase::start("build");
    let mut built = Built { steps: Vec::new() };
    for targets in targets(kernel)? {
        let succeeded = make(kernel, &targets, &mut log, |step| {
            built.steps.push(step);
            phase.update(&progress(&kernel.config, &built.steps, expected));
        })?;
        if !succeeded {
            bail!(
                "the build of {} failed:\n{}\nall of its output: {}",
                kernel.config,
                errors(&log_name),
                log_name.display()
            );
        }
    }
    let log = fs::read_to_string(&log_name).with_context(|| log_name.display().to_string())?;
    if let Some(warning) = warning_of_tables(&log) {
        bail!("{}: {warning}", log_name.display());
    }
    if let Some(modules) = &kernel.modules {
        // `make modules_install` reads this list. A build of named modules leaves no list.
        let order = modules.iter().map(|module| format!("{module}.o\n"));
        fs::write(
            kernel.objtree.join("modules.order"),
            order.collect::<String>(),
        )?;
    }
    if !begun {
        watch.times()?.write(&kernel.objtree.join(TIMES))?;
    }
    phase.done(&format!("{}: {} steps", kernel.config, built.steps.len()));
    Ok(built)
}

/// The targets of the kernel's make, one list for each run of make.
fn targets(kernel: &Kernel) -> Result<Vec<Vec<String>>> {
    let Some(modules) = &kernel.modules else {
        return Ok(vec![vec!["all".to_owned()]]);
    };
    // arch/x86/boot/bzImage
    let image = Path::new(kernel.options.arch()?.image).file_name();
    let image = image.context("no image")?.to_string_lossy().into_owned();
    let modules = modules.iter().map(|module| format!("{module}.ko"));
    // In a run with named modules and other targets, kbuild makes one target after the other.
    Ok(vec![vec![image], modules.collect()])
}

/// Runs the kernel's make with its output in the log, and passes each step to `take`. Returns true if
/// make succeeded.
fn make(
    kernel: &Kernel,
    targets: &[String],
    log: &mut File,
    mut take: impl FnMut(String),
) -> Result<bool> {
    let mut make = kernel.make()?;
    make.arg(format!("-j{}", thread::available_parallelism()?))
        .args(targets);
    make.stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log.try_clone()?);
    let mut child = make.spawn().context("make")?;
    let stdout = child.stdout.take().context("make has no output")?;
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line?;
        log.write_all(&line)?;
        log.write_all(b"\n")?;
        if let Some(step) = step(&String::from_utf8_lossy(&line)) {
            take(step);
        }
    }
    Ok(child.wait()?.success())
}

/// The time of this kernel's build from nothing; `None` if that build was interrupted.
pub fn time_from_nothing(kernel: &Kernel) -> Option<Times> {
    Times::read(&kernel.objtree.join(TIMES))
}

/// The file in the build directory with the times of the build from nothing.
const TIMES: &str = "build.times";

/// Parses a step of kbuild: `  CC [M]  fs/romfs/super.o` or `  DESCEND objtool`.
fn step(line: &str) -> Option<String> {
    let rest = line.strip_prefix("  ")?;
    let mut words = rest.split_whitespace();
    let verb = words.next()?;
    if rest.starts_with(' ')
        || !verb
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    {
        return None;
    }
    Some(words.fold(verb.to_owned(), |text, word| text + " " + word))
}

/// Formats the progress: `tiny: 720 of about 1950  CC init/main.o`.
fn progress(config: &str, steps: &[String], expected: Option<u32>) -> String {
    let done = steps.len();
    let last = steps.last().map_or("", String::as_str);
    match expected {
        Some(expected) if done <= expected as usize => {
            format!("{config}: {done} of about {expected}  {last}")
        }
        _ => format!("{config}: {done}  {last}"),
    }
}

/// The first warning of the assembler about the source of the tables. A user cannot fix the cause.
///
/// ```text
/// .tmp_vmlinux2.kallsyms.S:194396: Warning: .space repeat count is zero, ignored
/// ```
fn warning_of_tables(log: &str) -> Option<&str> {
    let mut lines = log.lines();
    lines.find(|line| line.contains(".kallsyms.S:") && line.to_lowercase().contains("warning:"))
}

/// Up to 30 lines of the log of a failed build, from the first error on and without the steps. Without an
/// error, the last lines of the log.
fn errors(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let is_error = |line: &str| {
        ["error", "***", "undefined reference", "kallmodsyms:"]
            .iter()
            .any(|word| line.contains(word))
    };
    let lines: Vec<_> = text
        .lines()
        .filter(|line| step(line).is_none())
        .skip_while(|line| !is_error(line))
        .take(30)
        .collect();
    if lines.is_empty() {
        command::last_lines(log)
    } else {
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::warning_of_tables;

    #[test]
    fn warnings_of_tables_are_found() {
        let warning = ".tmp_vmlinux2.kallsyms.S:7: Warning: .space repeat count is zero, ignored";
        let log = format!("  AS      .tmp_vmlinux2.kallsyms.o\n{warning}\n  LD      vmlinux\n");
        assert_eq!(warning_of_tables(&log), Some(warning));
        let others = "ld: warning: x.o\n  KMSYMS  .tmp_vmlinux2.kallsyms.S\na.c:1: warning: b\n";
        assert_eq!(warning_of_tables(others), None);
    }
}
