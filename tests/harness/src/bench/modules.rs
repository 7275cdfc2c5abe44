// SPDX-License-Identifier: GPL-2.0

//! Builds the loadable modules of `tests/bench/module`, and copies one of them, under other names.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};

use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::options;

/// The number of copies of the filler module, the original included.
const FILLERS: u32 = 100;
const LOOKUP: &str = "bench_lookup";

/// Builds the module that looks up addresses.
pub fn lookup(kernel: &Kernel) -> Result<PathBuf> {
    Ok(compile(kernel)?.join(LOOKUP).with_extension("ko"))
}

/// Compiles the modules, and returns their directory.
fn compile(kernel: &Kernel) -> Result<PathBuf> {
    // kbuild writes a module next to its source, so the sources are copied.
    let directory = kernel.objtree.join("bench/module");
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
    for entry in fs::read_dir(options::repository()?.join("tests/bench/module"))? {
        let entry = entry?;
        fs::copy(entry.path(), directory.join(entry.file_name()))?;
    }
    let mut make = kernel.make()?;
    make.arg(format!("M={}", directory.display()))
        .arg("modules");
    command::logged(&mut make, &directory.join("build.log"))?;
    Ok(directory)
}

/// Builds all modules for the guest: the lookup module, and [`FILLERS`] fillers.
pub fn build(kernel: &Kernel) -> Result<Vec<PathBuf>> {
    let directory = compile(kernel)?;
    let mut modules = vec![directory.join(LOOKUP).with_extension("ko")];
    let first = name(0);
    let filler = fs::read(directory.join(&first).with_extension("ko"))?;
    let copies = directory.join("copies");
    fs::create_dir_all(&copies)?;
    for number in 0..FILLERS {
        let copy = copies.join(name(number)).with_extension("ko");
        let renamed = replace(&filler, first.as_bytes(), name(number).as_bytes());
        write(&copy, &renamed)?;
        modules.push(copy);
    }
    Ok(modules)
}

/// `bench_filler_007`
fn name(number: u32) -> String {
    format!("bench_filler_{number:03}")
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    ensure!(!bytes.is_empty(), "{} would be empty", path.display());
    fs::write(path, bytes).with_context(|| path.display().to_string())
}

/// Replaces each `old` by `new`. Both have the same length, so nothing in an object file moves.
fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut result = bytes.to_owned();
    let mut at = 0;
    while let Some(rest) = result.get_mut(at..at + old.len()) {
        if rest == old {
            rest.copy_from_slice(new);
        }
        at += 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_occurrence_of_a_name_is_replaced() {
        assert_eq!(replace(b"a_0, a_0a_0", b"a_0", b"a_7"), b"a_7, a_7a_7");
    }
}
