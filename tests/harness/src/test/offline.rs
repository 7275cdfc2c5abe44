// SPDX-License-Identifier: GPL-2.0

//! Compares the lines that `kallmodsyms show` prints for a vmlinux with the lines of the kernel's own symbols
//! in the running kernel.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

use super::report::Report;
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::guest::Guest;
use crate::lab::options::Options;
use crate::lab::qemu::{self, Files};
use crate::tool;

/// The end of the line of `_text`. The address of `_text` in the running kernel minus the address in vmlinux is
/// the value for `--offset`.
const TEXT_LINE_END: &str = " T _text";

/// Runs the tests. `files` come from a boot without `nokaslr`.
pub fn run(
    report: &mut Report,
    options: &Options,
    kernel: &Kernel,
    guest: &Guest,
    files: &Files,
) -> Result<()> {
    let name = |what: &str| format!("{}: {what}", kernel.config);
    let (random, _) = own_symbols(files)?;
    let tool = tool::build()?;
    let show = |arguments: &[&OsStr]| show(&tool, kernel, arguments);
    let linked = show(&["vmlinux".as_ref()])?;
    let offset = address(&random, TEXT_LINE_END)?.wrapping_sub(address(&linked, TEXT_LINE_END)?);
    let moved = || {
        let moved = format!("--offset={offset:x}");
        same(&show(&["vmlinux".as_ref(), moved.as_ref()])?, &random)
    };
    report.check(
        &name("show --offset prints the file of a kernel at random addresses"),
        moved(),
    );

    let files = qemu::show_with(options, guest, "nokaslr")?;
    let (kallmodsyms, kallsyms) = own_symbols(&files)?;
    let lines = kallmodsyms.lines().count();
    report.check(
        &name(&format!(
            "show prints the file of a kernel with nokaslr, {lines} lines"
        )),
        same(&linked, &kallmodsyms),
    );
    let as_kallsyms = || {
        let format = "--format=kallsyms";
        same(&show(&["vmlinux".as_ref(), format.as_ref()])?, &kallsyms)
    };
    report.check(
        &name("show --format=kallsyms prints /proc/kallsyms of a kernel with nokaslr"),
        as_kallsyms(),
    );
    let (image, what) = without_symbols(options, kernel)?;
    let stripped = || same(&show(&[image.as_ref()])?, &kallmodsyms);
    report.check(
        &name(&format!(
            "show needs no symbol table: it prints the same lines for {what}"
        )),
        stripped(),
    );
    Ok(())
}

/// The path and the description of a file with the tables, but without a symbol table. For x86, the file is
/// the bzImage, which contains a stripped vmlinux. For other architectures, this function strips a vmlinux.
fn without_symbols(options: &Options, kernel: &Kernel) -> Result<(PathBuf, &'static str)> {
    let arch = options.arch()?;
    let image = PathBuf::from(arch.image);
    if image.ends_with("bzImage") {
        return Ok((image, "the bootable image"));
    }
    let stripped = kernel.objtree.join("guest/vmlinux.stripped");
    let mut strip = Command::new(format!("{}strip", arch.cross_prefix()));
    strip.arg("-o").arg(&stripped).arg(kernel.linked_vmlinux());
    command::output(&mut strip)?;
    Ok((stripped, "a stripped vmlinux"))
}

/// The lines of the kernel's own symbols in `/proc/kallmodsyms` and `/proc/kallsyms`. In
/// `/proc/kallsyms`, these lines have no brackets, and the lines of loaded modules follow.
pub fn own_symbols(files: &Files) -> Result<(String, String)> {
    let (kallmodsyms, kallsyms) = (files.read("kallmodsyms")?, files.read("kallsyms")?);
    let count = kallsyms.lines().position(|line| line.contains('\t'));
    let count = count.context("no module is loaded in the guest")?;
    let first = |text: &str| text.split_inclusive('\n').take(count).collect();
    Ok((first(&kallmodsyms), first(&kallsyms)))
}

fn show(tool: &Path, kernel: &Kernel, arguments: &[&OsStr]) -> Result<String> {
    let mut tool = Command::new(tool);
    tool.current_dir(&kernel.objtree);
    command::output(tool.arg("show").args(arguments))
}

/// The address in the line that ends with `end`.
fn address(lines: &str, end: &str) -> Result<u64> {
    let mut lines = lines.lines();
    let line = lines.find(|line| line.ends_with(end));
    let line = line.with_context(|| format!("no line ends in '{end}'"))?;
    let digits = line.split(' ').next().unwrap_or_default();
    u64::from_str_radix(digits, 16).with_context(|| line.to_owned())
}

/// Checks that the two texts are equal and not empty.
pub fn same(offline: &str, booted: &str) -> Result<()> {
    ensure!(!booted.is_empty(), "the running kernel's file is empty");
    if offline == booted {
        return Ok(());
    }
    let numbered = (1..).zip(offline.lines().zip(booted.lines()));
    let mut differing = numbered.filter(|(_, (offline, booted))| offline != booted);
    let (count, of) = (offline.lines().count(), booted.lines().count());
    match differing.next() {
        Some((number, (offline, booted))) => anyhow::bail!(
            "line {number} differs: '{offline}', in the kernel '{booted}'; {count} lines, in the kernel {of}"
        ),
        None => anyhow::bail!("{count} lines, in the kernel {of}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{address, same};

    #[test]
    fn differences_are_errors() {
        same("a\nb\n", "a\nb\n").unwrap();
        for (offline, problem) in [
            ("a\nc\n", "line 2 differs: 'c', in the kernel 'b'"),
            ("a\n", "1 lines, in the kernel 2"),
            ("a\nb", "2 lines, in the kernel 2"),
        ] {
            let error = same(offline, "a\nb\n").unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        same("", "").unwrap_err();
        assert_eq!(
            address("0f 1 T a\n1f 0 T _text\n", " T _text").unwrap(),
            0x1f
        );
    }
}
