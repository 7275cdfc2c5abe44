// SPDX-License-Identifier: GPL-2.0

//! Compares the generator with `scripts/kallsyms` and upstream's `generate_builtin_ranges.awk`, on the
//! inputs of the last link of the kernel.

use std::path::Path;

use anyhow::{Context, Result};

use super::programs::{measured, Row, Words};
use super::space;
use super::text::{Document, Table};
use crate::lab::configure::{Kernel, GENERATOR};

pub fn write(document: &mut Document, kernel: &Kernel) -> Result<()> {
    let rows = run(&kernel.objtree, &kernel.tree)?;
    let [ms, cpu, peak] = Row::COLUMNS;
    let mut table = Table::new(&[
        "While vmlinux is linked",
        ms,
        cpu,
        peak,
        "to kallsyms",
        "to awk",
    ]);
    let time = |index: usize| {
        rows.get(index)
            .map_or(1.0, |row: &Row| row.times.wall.as_secs_f64())
    };
    for row in &rows {
        let seconds = row.times.wall.as_secs_f64();
        let shares = [
            format!("{:.3}", seconds / time(0)),
            format!("{:.3}", seconds / time(1)),
        ];
        table.row(row.cells().into_iter().chain(shares));
    }
    document.table(&table);
    Ok(())
}

/// Measures `scripts/kallsyms`, the awk script and the generator's two commands, in this order.
fn run(objtree: &Path, srctree: &Path) -> Result<Vec<Row>> {
    measured("generator", objtree, &commands(objtree, srctree)?)
}

/// Measures only the generator's two commands.
pub fn own_programs(objtree: &Path, srctree: &Path) -> Result<Vec<Row>> {
    let [_, _, link, sort_symbols] = commands(objtree, srctree)?;
    measured("generator", objtree, &[link, sort_symbols])
}

fn commands(objtree: &Path, srctree: &Path) -> Result<[(&'static str, Words); 4]> {
    // .tmp_vmlinux2
    let stem = space::last_pass(objtree)?;
    let config = std::fs::read_to_string(objtree.join(".config"))?;
    let has = |option: &str| {
        config
            .lines()
            .any(|line| line == format!("CONFIG_{option}=y"))
    };

    let mut kallsyms = vec!["scripts/kallsyms".to_owned()];
    if has("KALLSYMS_ALL") {
        kallsyms.push("--all-symbols".to_owned());
    }
    if has("KALLSYMS_ABSOLUTE_PERCPU") {
        kallsyms.push("--absolute-percpu".to_owned());
    }
    // If scripts/kallsyms knows --pc-relative, scripts/link-vmlinux.sh passes it for 64-bit kernels.
    let source = srctree.join("scripts/kallsyms.c");
    let source = std::fs::read_to_string(&source).with_context(|| source.display().to_string())?;
    if source.contains("\"pc-relative\"") {
        kallsyms.push("--pc-relative".to_owned());
    }
    kallsyms.push(format!("{stem}.syms"));

    let script = srctree.join("scripts/generate_builtin_ranges.awk");
    let mut awk = vec!["gawk".to_owned(), "-f".to_owned()];
    awk.push(script.display().to_string());
    awk.push("modules.builtin".to_owned());
    awk.push(format!("{stem}.map"));
    awk.push("vmlinux.o.map".to_owned());

    let ours = GENERATOR.to_owned();
    let link = vec![ours.clone(), "link".to_owned(), stem.clone()];
    let syms = format!("{stem}.syms");
    let sort_symbols = vec![ours, "sort-symbols".to_owned(), stem, syms];
    Ok([
        ("scripts/kallsyms", kallsyms),
        ("generate_builtin_ranges.awk", awk),
        ("kallmodsyms link", link),
        ("kallmodsyms sort-symbols", sort_symbols),
    ])
}
