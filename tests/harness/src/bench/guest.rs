// SPDX-License-Identifier: GPL-2.0

//! Makes the tables of the guest's measurements, except those of `dynamic.rs`.

use anyhow::Result;

use super::figures::{ratio, Figure, Figures};
use super::text::{self, number, Document, Table};

pub fn write(document: &mut Document, figures: &Figures) -> Result<()> {
    reads(document, figures)?;
    beginnings(document, figures)?;
    preads(document, figures)?;
    modules(document, figures)?;
    lookups(document, figures)
}

/// The ratio to `base`, as `0.357` or `0.00014`; empty without a base.
fn compared(instructions: u64, base: Option<u64>) -> String {
    match base.map(|base| ratio(instructions, base)) {
        Some(ratio) if ratio < 0.01 => format!("{ratio:.5}"),
        Some(ratio) => format!("{ratio:.3}"),
        None => String::new(),
    }
}

fn file(figure: &Figure) -> &str {
    match figure.word("file") {
        "kallsyms" => "/proc/kallsyms",
        "kallmodsyms" => "/proc/kallmodsyms",
        "tmpfs-kallmodsyms" => "its bytes in tmpfs",
        other => other,
    }
}

fn reads(document: &mut Document, figures: &Figures) -> Result<()> {
    let mut table = Table::new(&[
        "Reading the whole file",
        "opened by",
        "buffer",
        "instructions",
        "reads",
        "a line",
        "to kallsyms",
    ]);
    for figure in figures.of_kind("read") {
        let counterpart = figures.counterpart(figure, &["user", "buffer"]);
        let instructions = figure.instructions();
        table.row([
            file(figure).to_owned(),
            figure.word("user").to_owned(),
            text::size(figure.number("buffer")?),
            number(instructions),
            number(figure.number("reads")?),
            number(instructions / figure.number("lines")?.max(1)),
            compared(instructions, counterpart.map(Figure::instructions)),
        ]);
    }
    document.table(&table);
    Ok(())
}

fn beginnings(document: &mut Document, figures: &Figures) -> Result<()> {
    let mut table = Table::new(&[
        "The first 128 bytes: open, read, close",
        "opened by",
        "instructions",
        "to kallsyms",
    ]);
    for figure in figures.of_kind("first-line") {
        let counterpart = figures.counterpart(figure, &["user"]);
        let instructions = figure.instructions();
        table.row([
            file(figure).to_owned(),
            figure.word("user").to_owned(),
            number(instructions / figure.number("count")?.max(1)),
            compared(instructions, counterpart.map(Figure::instructions)),
        ]);
    }
    document.table(&table);
    Ok(())
}

/// A budget of instructions can end the preads of /proc/kallsyms early. The guest therefore also measures
/// /proc/kallmodsyms with that number of preads, and a ratio compares equal counts.
fn preads(document: &mut Document, figures: &Figures) -> Result<()> {
    let mut table = Table::new(&[
        "128 bytes each at random offsets: pread",
        "preads",
        "instructions for each",
        "for 10,000",
        "to kallsyms",
    ]);
    for figure in figures.of_kind("pread") {
        let count = figure.number("count")?.max(1);
        let instructions = figure.instructions();
        let counterpart = figures.counterpart(figure, &["count"]);
        let all = match count {
            10_000 => number(instructions),
            _ => format!("about {} million", number(instructions / count / 100)),
        };
        table.row([
            file(figure).to_owned(),
            number(count),
            number(instructions / count),
            all,
            compared(instructions, counterpart.map(Figure::instructions)),
        ]);
    }
    document.table(&table);
    Ok(())
}

fn modules(document: &mut Document, figures: &Figures) -> Result<()> {
    let mut table = Table::new(&[
        "Lines of loaded modules, beyond the kernel's own",
        "modules",
        "lines",
        "instructions",
        "a line",
        "to kallsyms",
    ]);
    for figure in figures.of_kind("modules") {
        let counterpart = figures.counterpart(figure, &["count"]);
        let (lines, instructions) = (figure.number("lines")?, figure.instructions());
        table.row([
            file(figure).to_owned(),
            figure.word("count").to_owned(),
            number(lines),
            number(instructions),
            number(instructions / lines.max(1)),
            compared(instructions, counterpart.map(Figure::instructions)),
        ]);
    }
    document.table(&table);
    Ok(())
}

/// The lookups of addresses, compared with a plain binary search among all symbols; and the lookups of names,
/// compared with `kallsyms_lookup_name()`.
fn lookups(document: &mut Document, figures: &Figures) -> Result<()> {
    let of_addresses = [
        "In the kernel: an address looked up",
        "addresses",
        "instructions for each",
        "to a plain search",
    ];
    let of_names = [
        "In the kernel: a name looked up",
        "names",
        "instructions for each",
        "to the first",
    ];
    lookup_table(document, figures, "lookup", &of_addresses)?;
    lookup_table(document, figures, "find", &of_names)
}

/// The figures of one kind, compared with the first of them.
fn lookup_table(
    document: &mut Document,
    figures: &Figures,
    kind: &str,
    head: &[&str],
) -> Result<()> {
    let mut table = Table::new(head);
    let mut first = None;
    for figure in figures.of_kind(kind) {
        let instructions = figure.instructions();
        let base = *first.get_or_insert(instructions);
        let count = figure.number("count")?;
        table.row([
            figure.word("function").to_owned(),
            number(count),
            number(instructions / count.max(1)),
            compared(instructions, Some(base)),
        ]);
    }
    document.table(&table);
    Ok(())
}
