// SPDX-License-Identifier: GPL-2.0

//! Dumps the memory of a running guest in each form that QEMU has, and has makedumpfile convert the ELF dump to
//! other forms. Compares the output of `kallmodsyms show` for each dump, and for `/proc/kcore` in the guest, with
//! the lines of the kernel's own symbols in `/proc/kallmodsyms` of that boot.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};

use super::debuggers;
use super::offline::{own_symbols, same};
use super::report::Report;
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::guest;
use crate::lab::options::Options;
use crate::lab::qemu;
use crate::tool;

/// The dumps that makedumpfile makes: the form and the option. makedumpfile of Debian 12 has neither snappy nor
/// zstd; the tests of the tool make such dumps.
const MADE: [(&str, &str); 3] = [("zlib", "-c"), ("lzo", "-l"), ("ELF", "-E")];

/// With this option, makedumpfile leaves out free pages, pages of zeros, the page cache and the memory of
/// processes.
const LEVEL: [&str; 2] = ["-d", "31"];

pub fn run(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<()> {
    if !kernel.has("CONFIG_FW_CFG_SYSFS")? {
        return Ok(());
    }
    let directory = kernel.objtree.join("guest/dumps");
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
    // The tool runs on the host and in the guest.
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
    if has("makedumpfile") {
        move_program_headers(&elf.path)?;
        for (form, option) in MADE {
            let shown = || {
                let dump = directory.join(form);
                let mut makedumpfile = Command::new("makedumpfile");
                makedumpfile.arg(option).args(LEVEL).arg(&elf.path);
                command::output(makedumpfile.arg(&dump))?;
                same(&show(&tool, &dump)?, &lines)
            };
            let what = format!("a dump that makedumpfile wrote in the form {form}");
            report.check(&name(&what), shown());
        }
    }
    debuggers::drgn(report, kernel, &tool, &elf.path, &lines)?;
    if has("gdb") {
        debuggers::gdb(report, kernel, &tool)?;
    }
    // A dump in ELF form has the size of the guest's memory.
    fs::remove_dir_all(&directory).with_context(|| directory.display().to_string())
}

/// Return: true if the program is installed. `make test` alone does not install it; `make test ALL=1` does.
fn has(program: &str) -> bool {
    let is_installed = !command::in_path(program).is_empty();
    if !is_installed {
        println!("# {program} is not installed, so its tests do not run");
    }
    is_installed
}

fn show(tool: &Path, dump: &Path) -> Result<String> {
    command::output(Command::new(tool).arg("show").arg(dump))
}

/// Moves the program headers of a dump to the end of the ELF header, and removes the section headers.
/// makedumpfile 1.7.2 looks only there for program headers; QEMU 7.2 writes section headers there.
fn move_program_headers(dump: &Path) -> Result<()> {
    const HEADER: usize = 64;
    const PROGRAM_HEADER: usize = 56;
    let file = File::options().read(true).write(true).open(dump)?;
    let mut bytes = [0; 4096];
    file.read_exact_at(&mut bytes, 0)?;
    let start = u64::from_le_bytes(bytes[32..40].try_into()?) as usize;
    let count = usize::from(u16::from_le_bytes([bytes[56], bytes[57]]));
    let headers = start..start + count * PROGRAM_HEADER;
    ensure!(headers.end <= bytes.len(), "{count} program headers");
    bytes.copy_within(headers.clone(), HEADER);
    // e_phoff and e_shoff, e_ehsize, e_shnum and e_shstrndx
    bytes[32..48].copy_from_slice(&[HEADER.to_le_bytes(), [0; 8]].concat());
    bytes[52..54].copy_from_slice(&[HEADER as u8, 0]);
    bytes[60..64].fill(0);
    Ok(file.write_all_at(&bytes[..headers.end], 0)?)
}
