// SPDX-License-Identifier: GPL-2.0

//! Makes the initramfs of the guest for measurements: one program, and the modules that the program
//! loads.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::lab::configure::Kernel;
use crate::lab::guest::{self, Files, Guest};
use crate::lab::options::{self, Options};

pub fn make(options: &Options, kernel: &Kernel, modules: &[PathBuf]) -> Result<Guest> {
    let directory = kernel.objtree.join("bench");
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
    let program = directory.join("kallmodsyms-bench");
    let sources = options::repository()?.join("tests/bench");
    guest::compile(options.arch()?, &sources, &[], &program)?;

    let mut list = Files::new();
    list.file("init", &program, 0o755);
    list.directory(Path::new("bench"));
    for module in modules {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        list.file(&format!("bench/{name}"), module, 0o644);
    }
    Guest::of(kernel, &list, directory)
}
