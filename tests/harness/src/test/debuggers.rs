// SPDX-License-Identifier: GPL-2.0

//! Compares the output of the scripts in `tools/drgn` and `tools/gdb` with the output of the command
//! `kallmodsyms`, and the symbols of drgn with `/proc/kallmodsyms`. The scripts have a decoder of
//! their own, in Python.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, ensure, Context, Result};

use super::offline::same;
use super::report::Report;
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::options;
use crate::lab::python;

/// The scripts look up every `STEP`th symbol by its name. If the symbol has more than `BEHIND` bytes, they
/// also look up the address `BEHIND` bytes after its start.
const STEP: usize = 500;
const BEHIND: u64 = 2;

/// Runs drgn on a dump of a boot. `lines` are the lines of the kernel's own symbols in `/proc/kallmodsyms`
/// of that boot. `tool` is the path of the command `kallmodsyms`.
pub fn drgn(
    report: &mut Report,
    kernel: &Kernel,
    tool: &Path,
    dump: &Path,
    lines: &str,
) -> Result<()> {
    let drgn = match python::drgn(&kernel.options.cache) {
        Ok(drgn) => drgn,
        Err(error) => {
            println!("# drgn cannot be installed, so its script is not tried: {error:#}");
            return Ok(());
        }
    };
    let directory = options::repository()?.join("tools/drgn");
    let name = |what: &str| format!("{}: drgn, on a dump, prints {what}", kernel.config);
    let run = |arguments: &[&str]| {
        let mut drgn = Command::new(&drgn);
        drgn.args(["--no-default-symbols", "--core"]).arg(dump);
        command::output(drgn.args(arguments))
    };
    let script = format!(
        "import sys; sys.path.insert(0, {directory:?}); import kallmodsyms; \
         print(*kallmodsyms.tables(prog).symbols, sep='\\n')"
    );
    let symbols = || same(&run(&["-e", &script])?, lines);
    report.check(&name("the file of that boot"), symbols());
    let script = directory.join("kallmodsyms.py");
    let script = script.to_str().context("the path is not UTF-8")?;
    let modules = || {
        let expected = command::output(Command::new(tool).arg("modules").arg(dump))?;
        same_tables(&run(&[script])?, &expected)
    };
    report.check(&name("the built-in modules"), modules());
    let answers = || {
        let queries = queries(lines)?;
        let mut arguments = vec![script];
        arguments.extend(queries.iter().map(String::as_str));
        same(&run(&arguments)?, &lookup(tool, dump, &queries)?)
    };
    report.check(&name("the modules of symbols and addresses"), answers());
    Ok(())
}

/// Runs gdb on the vmlinux, so at link-time addresses. `tool` is the path of the command `kallmodsyms`.
pub fn gdb(report: &mut Report, kernel: &Kernel, tool: &Path) -> Result<()> {
    let script = options::repository()?.join("tools/gdb/kallmodsyms.py");
    let vmlinux = kernel.linked_vmlinux();
    let name = |what: &str| format!("{}: gdb, on vmlinux, prints {what}", kernel.config);
    let run = |commands: &[String]| {
        let mut gdb = Command::new("gdb");
        gdb.args(["-nx", "-quiet", "-batch"]).arg(&vmlinux);
        gdb.args(["-ex", &format!("source {}", script.display())]);
        for command in commands {
            gdb.args(["-ex", command]);
        }
        command::output(&mut gdb)
    };
    let lines = command::output(Command::new(tool).arg("show").arg(&vmlinux))?;
    let modules = || {
        // The script counts the bytes of symbols. The command does so for a listing; for a vmlinux in its
        // build directory, it counts the bytes of object files.
        let listing = kernel.objtree.join("guest/linked");
        fs::write(&listing, &lines).with_context(|| listing.display().to_string())?;
        let expected = command::output(Command::new(tool).arg("modules").arg(&listing))?;
        same_tables(&run(&["lx-builtin-modules".to_owned()])?, &expected)
    };
    report.check(&name("the built-in modules"), modules());
    let answers = || {
        let queries = queries(&lines)?;
        let said = run(&[format!("lx-kallmodsyms {}", queries.join(" "))])?;
        same(&said, &lookup(tool, &vmlinux, &queries)?)
    };
    report.check(&name("the modules of symbols and addresses"), answers());
    Ok(())
}

/// Names of symbols in `lines`, and addresses in these symbols.
fn queries(lines: &str) -> Result<Vec<String>> {
    let mut queries = Vec::new();
    for line in lines.lines().step_by(STEP) {
        let fields: Vec<&str> = line.split([' ', '\t']).collect();
        let [address, size, _, name, ..] = fields[..] else {
            bail!("this is no line of the file: {line}");
        };
        queries.push(name.to_owned());
        let number = |digits: &str| u64::from_str_radix(digits, 16).context(line.to_owned());
        if number(size)? > BEHIND {
            queries.push(format!("{:#x}", number(address)? + BEHIND));
        }
    }
    ensure!(queries.len() > 100, "there are too few symbols");
    Ok(queries)
}

fn lookup(tool: &Path, kernel: &Path, queries: &[String]) -> Result<String> {
    command::output(Command::new(tool).arg("lookup").arg(kernel).args(queries))
}

/// Compares a script's table with the command's table, in which the second column is the number of object
/// files. The script's table does not have this column.
fn same_tables(said: &str, expected: &str) -> Result<()> {
    let rows = |table: &str| {
        let rows = table.lines().map(|row| {
            let mut fields: Vec<&str> = row.split_whitespace().collect();
            if fields.len() == 4 {
                fields.remove(1);
            }
            fields.join(" ") + "\n"
        });
        rows.collect::<String>()
    };
    same(&rows(said), &rows(expected))
}
