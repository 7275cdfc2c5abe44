// SPDX-License-Identifier: GPL-2.0

//! Dumps the memory of a running guest in each form that QEMU has, and compares what `kallmodsyms show` says of
//! each dump, and of `/proc/kcore` in the guest, with the lines of the kernel's own symbols in
//! `/proc/kallmodsyms` of that boot.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::debuggers;
use super::offline::{own_symbols, same};
use super::report::Report;
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::guest;
use crate::lab::options::Options;
use crate::lab::qemu;
use crate::tool;

pub fn run(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<()> {
    if !kernel.has("CONFIG_FW_CFG_SYSFS")? {
        return Ok(());
    }
    let directory = kernel.objtree.join("guest/dumps");
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
    // It runs on the host and in the guest.
    let tool = directory.join("kallmodsyms");
    tool::build_static(&tool)?;
    let files = [("bin/kallmodsyms", tool.as_path())];
    let guest = guest::pack_files(options, kernel, &[], &files)?;
    let (files, dumps) = qemu::dumps(options, &guest, &directory)?;
    let (lines, _) = own_symbols(&files)?;
    let count = lines.lines().count();
    let name = |what: &str| {
        format!(
            "{}: show prints the file of a boot, {count} lines, for {what}",
            kernel.config
        )
    };
    let kcore = || same(&files.read("kcore")?, &lines);
    report.check(&name("its /proc/kcore"), kcore());
    for dump in &dumps {
        let shown = || same(&show(&tool, &dump.path)?, &lines);
        report.check(&name(&format!("a dump of the form {}", dump.form)), shown());
    }
    let elf = dumps.iter().find(|dump| dump.form == "elf");
    let elf = elf.context("QEMU makes no dump in ELF form")?;
    debuggers::drgn(report, kernel, &tool, &elf.path, &lines)?;
    debuggers::gdb(report, kernel, &tool)?;
    // A dump in ELF form has the size of the guest's memory.
    fs::remove_dir_all(&directory).with_context(|| directory.display().to_string())
}

fn show(tool: &Path, dump: &Path) -> Result<String> {
    command::output(Command::new(tool).arg("show").arg(dump))
}
