// SPDX-License-Identifier: GPL-2.0

//! Writes the verdict and the lengths of the tables.

use std::cmp::Reverse;
use std::io::{Result, Write};

use crate::image::{Image, Section};
use crate::object_tables::ObjectTables;
use crate::program::Program;
use crate::tables::Tables;
use crate::unattributed::Unattributed;
use crate::verdict::{Fault, Finding, Verdict};

/// Writes the counts, and a line for each finding.
pub fn write(
    out: &mut impl Write,
    image: &Image,
    program: &Program,
    tables: &Tables,
    objects: Option<&ObjectTables>,
    verdict: &Verdict,
    unattributed: &Unattributed,
) -> Result<()> {
    write_program(out, program)?;
    write_tables(out, image, tables)?;
    if let Some(objects) = objects {
        let (files, bytes) = (objects.len(), objects.bytes);
        writeln!(out, "object files of symbols: {files}, in {bytes} bytes")?;
    }
    write_numbers(out, verdict)?;
    if let Some(objects) = &verdict.objects {
        objects.write(out)?;
    }
    for finding in &verdict.findings {
        write_finding(out, finding)?;
    }
    unattributed.write(out)?;
    out.flush()
}

fn write_program(out: &mut impl Write, program: &Program) -> Result<()> {
    let objects = program.objects();
    let with_modules = objects.iter().filter(|object| !object.modules.is_empty());
    writeln!(
        out,
        "objects: {}, of modules: {}, without a known module file: {}",
        objects.len(),
        with_modules.count(),
        program.without_module_file
    )?;
    writeln!(
        out,
        "objects with unknown modules: {}",
        program.unknown.len()
    )?;
    for (path, why) in &program.unknown {
        writeln!(out, "modules unknown: {}: {why}", path.display())?;
    }
    writeln!(out, "modules built in: {}", program.built_in)
}

/// The report lists this many sections, those with the most ranges, and has one line for all others. If the
/// linker script does not combine the sections of the object files, vmlinux has thousands of sections.
const MOST_SECTIONS: usize = 20;

fn write_tables(out: &mut impl Write, image: &Image, tables: &Tables) -> Result<()> {
    let ranges = tables.starts.len();
    let exceptions = tables.exceptions();
    for (table, entries, size) in [
        ("kallsyms_module_offsets", ranges, 4),
        ("kallsyms_modules", ranges, 4),
        ("kallsyms_module_exceptions", exceptions, 4),
        ("kallsyms_exception_modules", exceptions, 4),
        ("kallsyms_module_names", tables.names_len(), 1),
    ] {
        let bytes = entries * size;
        writeln!(out, "{table}: {entries} entries, {bytes} bytes")?;
    }
    let counts = ranges_in(&image.sections, tables.start_addresses());
    let mut most: Vec<_> = image.sections.iter().zip(&counts).collect();
    most.retain(|(_, count)| **count != 0);
    most.sort_by_key(|(_, count)| Reverse(**count));
    let others = most.split_off(most.len().min(MOST_SECTIONS));
    for (section, count) in most {
        writeln!(out, "ranges in {}: {count}", section.name)?;
    }
    if !others.is_empty() {
        let count: usize = others.iter().map(|(_, count)| **count).sum();
        writeln!(out, "ranges in {} other sections: {count}", others.len())?;
    }
    let outside = ranges - counts.iter().sum::<usize>();
    writeln!(out, "ranges outside all sections: {outside}")
}

/// The number of ranges that begin in each of `sections`.
fn ranges_in(sections: &[Section], starts: impl Iterator<Item = u64>) -> Vec<usize> {
    let mut counts = vec![0; sections.len()];
    let mut by_address: Vec<usize> = (0..sections.len())
        .filter(|&index| sections[index].size != 0)
        .collect();
    by_address.sort_by_key(|&index| sections[index].address);
    for start in starts {
        let behind = by_address.partition_point(|&index| sections[index].address <= start);
        let Some(&index) = behind.checked_sub(1).map(|last| &by_address[last]) else {
            continue;
        };
        let section = &sections[index];
        counts[index] += usize::from(start - section.address < section.size);
    }
    counts
}

fn write_numbers(out: &mut impl Write, verdict: &Verdict) -> Result<()> {
    let of_fault = |fault| move |finding: &&Finding| finding.fault == fault;
    let count = |fault| verdict.findings.iter().filter(of_fault(fault)).count();
    let wrong = verdict.findings.iter().filter(of_fault(Fault::Wrong));
    let wrong_with_size = wrong.filter(|finding| finding.size != 0).count();

    writeln!(
        out,
        "symbols: {}, made by the link: {}, by objtool: {}, of an unclear object, but of clear modules: {}",
        verdict.lines, verdict.of_link, verdict.prefixes, verdict.tied
    )?;
    writeln!(
        out,
        "symbols of modules: {}, shown with their modules: {} ({:.3} %)",
        verdict.members,
        verdict.right,
        verdict.recall()
    )?;
    writeln!(
        out,
        "symbols shown with a module: {}, not wrong: {:.3} %",
        verdict.labelled,
        verdict.precision()
    )?;
    writeln!(out, "wrong, with a size: {wrong_with_size}")?;
    let without_size = count(Fault::Wrong) - wrong_with_size;
    writeln!(out, "wrong, without a size: {without_size}")?;
    writeln!(out, "missing: {}", count(Fault::Missing))?;
    writeln!(out, "unclear: {}", count(Fault::Unclear))
}

/// ```text
/// wrong: ffffffff814e8670 10 t cmac_exit: shown [rapl], expected [cmac]: defined by crypto/cmac.o
/// ```
fn write_finding(out: &mut impl Write, finding: &Finding) -> Result<()> {
    let word = match finding.fault {
        Fault::Wrong => "wrong",
        Fault::Missing => "missing",
        Fault::Unclear => "unclear",
    };
    let expected: Vec<String> = finding.expected.iter().map(|set| list(set)).collect();
    writeln!(
        out,
        "{word}: {:016x} {:x} {} {}: shown {}, expected {}: {}",
        finding.address,
        finding.size,
        finding.kind,
        finding.name,
        list(&finding.shown),
        expected.join(" or "),
        finding.why
    )
}

fn list(modules: &[String]) -> String {
    match modules {
        [] => "no module".into(),
        modules => format!("[{}]", modules.join("] [")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_counted_by_section() {
        let section = |address, size| Section {
            name: String::new(),
            address,
            size,
            bytes: None,
        };
        let sections = [section(0x30, 8), section(0x10, 0x10), section(0x10, 0)];
        let starts = [0, 0x10, 0x1f, 0x20, 0x30, 0x37, 0x38];
        assert_eq!(ranges_in(&sections, starts.into_iter()), [2, 2, 0]);
    }
}
