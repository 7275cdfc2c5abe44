// SPDX-License-Identifier: GPL-2.0

//! Compares the rows of `kallmodsyms sizes` for a built kernel with the section headers of vmlinux and of its
//! object files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};
use object::elf::{SHF_ALLOC, SHF_EXECINSTR};
use object::{Object, ObjectSection, SectionFlags};
use serde_json::Value;

use super::report::Report;
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::tool;

/// The prefixes of the names of executable sections that the kernel frees after boot.
const INIT_PREFIXES: [&str; 3] = [".init.", ".exit.", ".altinstr"];

/// The number of bytes of text for each set of modules.
type Text = BTreeMap<BTreeSet<String>, u64>;

pub fn run(report: &mut Report, kernel: &Kernel) -> Result<()> {
    let name = |what: &str| format!("{}: {what}", kernel.config);
    let tool = tool::build()?;
    let directory = kernel.objtree.as_path();
    let allocated = bytes_of(&directory.join("vmlinux"), |flags, _| {
        has_all(flags, SHF_ALLOC)
    })?;
    for by in ["module", "object", "path"] {
        let adds_up = || {
            let rows = rows(&tool, directory, by)?;
            let sum: u64 = rows.iter().filter_map(|row| row["total"].as_u64()).sum();
            ensure!(
                sum == allocated,
                "the rows have {sum} bytes, vmlinux has {allocated}"
            );
            Ok(())
        };
        let what = format!("sizes --by {by} adds up to the {allocated} bytes of vmlinux");
        report.check(&name(&what), adds_up());
    }
    // On riscv64, the linker makes calls shorter, so an object file has more text than its part of vmlinux.
    if kernel.has("CONFIG_RISCV")? {
        return Ok(());
    }
    let linked = text_of_objects(directory)?;
    let what = format!(
        "each of {} sets of modules has the text of its object files",
        linked.len()
    );
    let shown = rows(&tool, directory, "module").and_then(|rows| text_of_rows(&rows));
    report.check(&name(&what), shown.and_then(|shown| same(&shown, &linked)));
    Ok(())
}

/// The rows that `kallmodsyms sizes --by` prints.
fn rows(tool: &Path, directory: &Path, by: &str) -> Result<Vec<Value>> {
    let mut tool = Command::new(tool);
    tool.arg("sizes").arg(directory);
    let json = command::output(tool.args(["--by", by, "--json"]))?;
    serde_json::from_str(&json).context("the output of sizes --json")
}

fn text_of_rows(rows: &[Value]) -> Result<Text> {
    let mut text = Text::new();
    for row in rows {
        let modules = row["modules"].as_array().context("a row without modules")?;
        let modules: BTreeSet<String> = modules
            .iter()
            .filter_map(|module| module.as_str().map(str::to_owned))
            .collect();
        if !modules.is_empty() {
            text.insert(modules, row["text"].as_u64().context("a row without text")?);
        }
    }
    Ok(text)
}

/// The bytes of text in the object files of modules. `modules_thick.builtin` names these object files.
///
/// ```text
/// fs/fat/msdos.o: fs/fat/namei_msdos.o
/// ```
fn text_of_objects(directory: &Path) -> Result<Text> {
    let path = directory.join("modules_thick.builtin");
    let lines = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut modules = BTreeMap::<&str, BTreeSet<String>>::new();
    for line in lines.lines() {
        let (module, objects) = line.split_once(".o: ").with_context(|| line.to_owned())?;
        let module = module.rsplit('/').next().unwrap_or(module);
        for object in objects.split(' ') {
            let modules = modules.entry(object).or_default();
            modules.insert(module.replace('-', "_"));
        }
    }
    let mut text = Text::new();
    for (object, modules) in modules {
        *text.entry(modules).or_default() += bytes_of(&directory.join(object), |flags, name| {
            let is_init = INIT_PREFIXES.iter().any(|init| name.starts_with(init));
            has_all(flags, SHF_ALLOC | SHF_EXECINSTR) && !is_init
        })?;
    }
    Ok(text)
}

/// The number of bytes in the sections of `path` for which `is_counted` returns true.
fn bytes_of(path: &Path, is_counted: impl Fn(u64, &str) -> bool) -> Result<u64> {
    let file = fs::read(path).with_context(|| path.display().to_string())?;
    let file = object::File::parse(&*file).with_context(|| path.display().to_string())?;
    let mut bytes = 0;
    for section in file.sections() {
        if let SectionFlags::Elf { sh_flags } = section.flags() {
            if is_counted(sh_flags, section.name()?) {
                bytes += section.size();
            }
        }
    }
    Ok(bytes)
}

fn has_all(flags: u64, wanted: u32) -> bool {
    flags & u64::from(wanted) == u64::from(wanted)
}

/// Fails if `shown` and `linked` differ, or if `linked` has no module.
fn same(shown: &Text, linked: &Text) -> Result<()> {
    ensure!(!linked.is_empty(), "no module is built in");
    let all: BTreeSet<_> = shown.keys().chain(linked.keys()).collect();
    for modules in all {
        let (shown, linked) = (shown.get(modules), linked.get(modules));
        ensure!(
            shown == linked,
            "{modules:?}: sizes has {shown:?}, the object files have {linked:?}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{same, Text};

    #[test]
    fn differences_are_errors() {
        let text = |module: &str, bytes| Text::from([([module.to_owned()].into(), bytes)]);
        same(&text("a", 1), &text("a", 1)).unwrap();
        same(&text("a", 1), &text("a", 2)).unwrap_err();
        same(&text("a", 1), &text("b", 1)).unwrap_err();
        same(&Text::new(), &text("a", 1)).unwrap_err();
        same(&Text::new(), &Text::new()).unwrap_err();
    }
}
