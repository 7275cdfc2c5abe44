// SPDX-License-Identifier: GPL-2.0

//! Compares the addresses of the tables in VMCOREINFO with their addresses in vmlinux plus the offset of the
//! running kernel. The guest's `/proc/kcore` has VMCOREINFO as a note.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{bail, ensure, Context, Result};
use object::elf::FileHeader64;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{LittleEndian, Object, ObjectSymbol};

use super::report::Report;
use crate::lab::configure::Kernel;
use crate::lab::qemu::Files;

/// The tables that VMCOREINFO names in each kernel with the option.
const TABLES: &[&str] = &[
    "kallsyms_num_modules",
    "kallsyms_module_base",
    "kallsyms_module_offsets",
    "kallsyms_modules",
    "kallsyms_num_module_exceptions",
    "kallsyms_module_exceptions",
    "kallsyms_exception_modules",
    "kallsyms_module_names_len",
    "kallsyms_module_names",
];

/// The table that VMCOREINFO also names if the kernel stores sizes. The other size tables follow this table.
const SIZES: &str = "kallsyms_size_counts";

/// The first table of object files, which VMCOREINFO also names if the kernel stores object files.
const OBJECTS: &str = "kallsyms_object_counts";

/// The number of tables in VMCOREINFO that the kernel itself names, and whose names begin with `kallsyms_`.
/// Only Linux 6.12 has `kallsyms_relative_base`.
fn others(kernel: &Kernel) -> usize {
    5 + usize::from(kernel.series == "6.12")
}

pub fn run(report: &mut Report, kernel: &Kernel, files: &Files) -> Result<()> {
    if !kernel.has("CONFIG_PROC_KCORE")? {
        return Ok(());
    }
    let mut tables = TABLES.to_vec();
    if kernel.has("CONFIG_KALLMODSYMS_SIZES")? {
        tables.push(SIZES);
    }
    if kernel.has("CONFIG_KALLMODSYMS_OBJECTS")? {
        tables.push(OBJECTS);
    }
    let kcore = files.directory.join("kcore");
    let kcore = fs::read(&kcore).with_context(|| kcore.display().to_string())?;
    let vmlinux = kernel.objtree.join("vmlinux");
    let vmlinux = fs::read(&vmlinux).with_context(|| vmlinux.display().to_string())?;
    let name = format!("{}: VMCOREINFO names the tables", kernel.config);
    report.check(&name, compare(&kcore, &vmlinux, &tables, others(kernel)));
    Ok(())
}

fn compare(kcore: &[u8], vmlinux: &[u8], tables: &[&str], others: usize) -> Result<()> {
    let note = vmcoreinfo(kcore)?;
    println!("# VMCOREINFO: {} bytes of 4096", note.len());
    let said: BTreeMap<&str, &str> = note
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let number = |key: &str| {
        let text = said
            .get(key)
            .with_context(|| format!("VMCOREINFO has no {key}"))?;
        u64::from_str_radix(text, 16).with_context(|| format!("{key}={text}"))
    };
    let moved = number("KERNELOFFSET")?;
    let defined: BTreeMap<_, _> = object::File::parse(vmlinux)?
        .symbols()
        .filter_map(|symbol| Some((symbol.name().ok()?.to_owned(), symbol.address())))
        .collect();
    // kallsyms_names, which the kernel itself names, tests the comparison.
    for table in tables.iter().chain(&["kallsyms_names"]) {
        let linked = defined.get(*table);
        let linked = linked.with_context(|| format!("vmlinux has no {table}"))?;
        let says = number(&format!("SYMBOL({table})"))?;
        ensure!(
            says == linked.wrapping_add(moved),
            "{table} is at {linked:#x}, moved by {moved:#x}, and not at {says:#x}"
        );
    }
    let named = said
        .keys()
        .filter(|key| key.starts_with("SYMBOL(kallsyms_"));
    ensure!(
        named.count() == tables.len() + others,
        "VMCOREINFO names another number of tables"
    );
    Ok(())
}

/// The text of the note VMCOREINFO in `/proc/kcore`.
fn vmcoreinfo(kcore: &[u8]) -> Result<String> {
    let header = FileHeader64::<LittleEndian>::parse(kcore)?;
    for segment in header.program_headers(LittleEndian, kcore)? {
        let Some(mut notes) = segment.notes(LittleEndian, kcore)? else {
            continue;
        };
        while let Some(note) = notes.next()? {
            if note.name() == b"VMCOREINFO" {
                return Ok(String::from_utf8(note.desc().to_vec())?);
            }
        }
    }
    bail!("/proc/kcore has no note VMCOREINFO")
}
