// SPDX-License-Identifier: GPL-2.0

//! The tables of the guest's measurements.

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

/// `0.357` or `0.00014`, or nothing where there is nothing to compare with.
fn compared(of: u64, with: Option<u64>) -> String {
    match with.map(|with| ratio(of, with)) {
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
        let taken = figure.instructions();
        table.row([
            file(figure).to_owned(),
            figure.word("user").to_owned(),
            text::size(figure.number("buffer")?),
            number(taken),
            number(figure.number("reads")?),
            number(taken / figure.number("lines")?.max(1)),
            compared(taken, counterpart.map(Figure::instructions)),
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
        let taken = figure.instructions();
        table.row([
            file(figure).to_owned(),
            figure.word("user").to_owned(),
            number(taken / figure.number("count")?.max(1)),
            compared(taken, counterpart.map(Figure::instructions)),
        ]);
    }
    document.table(&table);
    Ok(())
}

/// The slower file cannot have as many of them, so that the same ones are compared.
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
        let taken = figure.instructions();
        let counterpart = figures.counterpart(figure, &["count"]);
        let all = match count {
            10_000 => number(taken),
            _ => format!("about {} million", number(taken / count / 100)),
        };
        table.row([
            file(figure).to_owned(),
            number(count),
            number(taken / count),
            all,
            compared(taken, counterpart.map(Figure::instructions)),
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
        let (lines, taken) = (figure.number("lines")?, figure.instructions());
        table.row([
            file(figure).to_owned(),
            figure.word("count").to_owned(),
            number(lines),
            number(taken),
            number(taken / lines.max(1)),
            compared(taken, counterpart.map(Figure::instructions)),
        ]);
    }
    document.table(&table);
    Ok(())
}

fn lookups(document: &mut Document, figures: &Figures) -> Result<()> {
    let mut table = Table::new(&[
        "In the kernel: an address looked up",
        "addresses",
        "instructions for each",
        "to a plain search",
    ]);
    let mut plain = None;
    for figure in figures.of_kind("lookup") {
        let taken = figure.instructions();
        // The first one is a search among all symbols, as in a kernel without the option.
        let with = *plain.get_or_insert(taken);
        let count = figure.number("count")?;
        table.row([
            figure.word("function").to_owned(),
            number(count),
            number(taken / count.max(1)),
            compared(taken, Some(with)),
        ]);
    }
    document.table(&table);
    Ok(())
}
