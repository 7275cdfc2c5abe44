// SPDX-License-Identifier: GPL-2.0

//! Runs other programs, with errors that name the failed command and the reason.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{bail, Context, Result};

/// The number of lines of a log that an error repeats.
const LAST_LINES: usize = 20;

/// Runs the command to its end. Returns its standard output, which must be UTF-8.
pub fn output(command: &mut Command) -> Result<String> {
    let name = name_of(command);
    let bytes = bytes(command)?;
    String::from_utf8(bytes).with_context(|| format!("{name} printed no UTF-8"))
}

/// Runs the command to its end. Returns its standard output, of any bytes.
pub fn bytes(command: &mut Command) -> Result<Vec<u8>> {
    let name = name_of(command);
    let result = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| name.clone())?;
    if !result.status.success() {
        bail!(
            "{name} failed:\n{}",
            String::from_utf8_lossy(&result.stderr).trim_end()
        );
    }
    Ok(result.stdout)
}

/// Runs the command to its end, with all output in the file `log`. An error repeats the last lines of
/// the log.
pub fn logged(command: &mut Command, log: &Path) -> Result<()> {
    let file = File::create(log).with_context(|| log.display().to_string())?;
    let name = name_of(command);
    let status = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| name.clone())?;
    if !status.success() {
        bail!(
            "{name} failed:\n{}\nall of its output: {}",
            last_lines(log),
            log.display()
        );
    }
    Ok(())
}

/// The last [`LAST_LINES`] lines of a file, for an error.
pub fn last_lines(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

/// All files named `name` in the directories of `PATH`.
pub fn in_path(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .filter(|file| file.is_file())
        .collect()
}

/// The program and the first argument, for an error.
fn name_of(command: &Command) -> String {
    let mut name = command.get_program().to_string_lossy().into_owned();
    if let Some(first) = command.get_args().next() {
        name = format!("{name} {}", first.to_string_lossy());
    }
    name
}
