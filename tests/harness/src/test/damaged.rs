// SPDX-License-Identifier: GPL-2.0

//! Boots kernels with damaged tables. A kernel that detects the damage prints one message. Its file
//! still shows the data of the undamaged tables. If a table of kallsyms itself is damaged, the kernel
//! has no file.
//!
//! QEMU boots a copy of vmlinux with changed bytes in one table. Such a kernel runs at its link address.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{ensure, Context, Result};

use super::damages::{Damage, Outcome};
use super::listing::Texts;
use super::{report::Report, tables};
use crate::lab::configure::Kernel;
use crate::lab::guest::{self, Guest};
use crate::lab::options::Options;
use crate::lab::qemu::{self, Files};
use crate::reports;

/// Boots the kernel once with each damage.
pub fn run(
    report: &mut Report,
    options: &Options,
    kernel: &Kernel,
    damages: &[Damage],
) -> Result<()> {
    let image = Image::read(kernel)?;
    let undamaged = guest::pack(options, kernel)?;
    let directory = undamaged.directory.join("damaged");
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
    let guest = Guest {
        image: directory.join("vmlinux"),
        directory,
        ..undamaged
    };
    let mut booted = 0;
    for damage in damages {
        if !image.tables.contains_key(damage.table) {
            println!("# {} has no table {}", kernel.config, damage.table);
            continue;
        }
        booted += 1;
        let name = format!(
            "{}: {}: {}",
            kernel.config, damage.description, damage.outcome
        );
        report.check(
            &name,
            image.damage(damage, &guest.image).and_then(|()| {
                let files = qemu::show(options, &guest)?;
                check(damage, &files, &console(&guest)?)
            }),
        );
    }
    report.count(format!("{}: {booted} damaged kernels", kernel.config));
    // A later test could take the damaged vmlinux for the kernel's own.
    fs::remove_file(&guest.image).with_context(|| guest.image.display().to_string())
}

/// The lines that the guest's console printed.
fn console(guest: &Guest) -> Result<Vec<String>> {
    let path = guest.directory.join("console.log");
    let text = fs::read(&path).with_context(|| path.display().to_string())?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().map(str::to_owned).collect())
}

/// The contents of a vmlinux, and the offsets of its tables.
struct Image {
    path: PathBuf,
    bytes: Vec<u8>,
    /// The offset of each table in the file, by name.
    tables: BTreeMap<String, usize>,
}

impl Image {
    fn read(kernel: &Kernel) -> Result<Self> {
        let path = kernel.objtree.join("vmlinux");
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        let tables = tables::offsets(&bytes)?;
        Ok(Self {
            path,
            bytes,
            tables,
        })
    }

    /// Writes a copy of vmlinux with the damage.
    fn damage(&self, damage: &Damage, copy: &PathBuf) -> Result<()> {
        let mut bytes = self.bytes.clone();
        let no_table = || format!("{}: no {}", self.path.display(), damage.table);
        let start = *self.tables.get(damage.table).with_context(no_table)?;
        let table = bytes.get_mut(start..).with_context(no_table)?;
        (damage.change)(table);
        ensure!(
            bytes != self.bytes,
            "the damage did not change {}",
            damage.table
        );
        fs::write(copy, bytes).with_context(|| copy.display().to_string())
    }
}

fn lines_of(console: &[String], wanted: fn(&str) -> bool) -> Vec<&str> {
    let lines = console.iter().map(String::as_str);
    lines.filter(|line| wanted(line)).collect()
}

fn check(damage: &Damage, files: &Files, console: &[String]) -> Result<()> {
    let complaints = lines_of(console, |line| {
        reports::is_report(line) || reports::is_trace(line)
    });
    ensure!(
        complaints.is_empty(),
        "the kernel reports errors:\n{}",
        complaints.join("\n")
    );

    let messages = lines_of(console, reports::is_from_component);
    match damage.outcome.message() {
        Some(message) => ensure!(
            messages.len() == 1 && messages.iter().all(|line| line.contains(message)),
            "expected one message '{message}', but found: {messages:#?}"
        ),
        None => ensure!(
            messages.is_empty(),
            "expected no message, but found: {messages:#?}"
        ),
    }

    if damage.outcome == Outcome::NoFile {
        // With such tables, /proc/kallsyms can have any bytes, so the test does not compare the files.
        let sent = files.directory.join("kallmodsyms");
        let sent = sent
            .metadata()
            .with_context(|| sent.display().to_string())?;
        ensure!(sent.len() == 0, "the kernel has a /proc/kallmodsyms");
        return Ok(());
    }
    let texts = Texts::read(files)?;
    let symbols = texts.symbols()?;
    let in_modules = symbols.iter().filter(|symbol| !symbol.modules.is_empty());
    let (count, in_modules) = (symbols.len(), in_modules.count());
    let loaded = texts.kallmodsyms.lines().count() - count;
    println!("# {count} symbols, {in_modules} of these in modules, and {loaded} of loaded modules");
    ensure!(
        count > 1000 && loaded > 0,
        "{count} symbols of the kernel and {loaded} of loaded modules are too few"
    );
    match damage.outcome {
        Outcome::NoModules => ensure!(in_modules == 0, "{in_modules} symbols are in modules"),
        _ => ensure!(
            in_modules > 1000,
            "only {in_modules} symbols are in modules"
        ),
    }
    let braces = texts.kallmodsyms.contains('{');
    ensure!(
        !(braces && damage.outcome == Outcome::NoObjects),
        "lines have braces"
    );
    if damage.outcome == Outcome::NoSizes {
        let is_distance = |pair: &[super::listing::Symbol]| match pair {
            [one, next] => one.size == next.address.wrapping_sub(one.address),
            _ => true,
        };
        // Several symbols may be at one address. In Linux 6.12 on x86_64, per-cpu symbols are in the
        // lower half of addresses. The last per-cpu symbols have the size 0, not a distance.
        let image = symbols.iter().position(|symbol| symbol.address >> 63 != 0);
        let apart = symbols[image.unwrap_or(0)..]
            .windows(2)
            .filter(|pair| pair[0].address < pair[1].address);
        let other = apart.filter(|pair| !is_distance(pair)).count();
        ensure!(other == 0, "{other} sizes are not distances");
    }
    Ok(())
}
