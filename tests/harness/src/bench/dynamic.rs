// SPDX-License-Identifier: GPL-2.0

//! The cost of the lines of run-time code, with few symbols and with many.

use anyhow::{Context, Result};

use super::figures::{self, Figure, Figures};
use super::pack;
use super::text::{number, Document, Table};
use crate::lab::configure::Kernel;
use crate::lab::options::Options;
use crate::lab::qemu;

/// The fewest BPF programs and the most, in `tests/bench/bpf.c`.
const FEWEST: &str = "100";
const MOST: &str = "10000";

/// Ratios of instructions, for `make test`.
pub struct Growth {
    /// A line with the most programs, to one with the fewest.
    pub line: f64,
    /// The whole file with the most programs, to `/proc/kallsyms`.
    pub whole: f64,
}

/// A measurement of the guest, and its name in the first column.
const KINDS: [(&str, &str); 2] = [
    (TRAMPOLINES, "Lines of the function tracer's trampolines"),
    (BPF, "Lines of BPF programs"),
];
const TRAMPOLINES: &str = "trampolines";
const BPF: &str = "bpf";

/// A table for each kind that the kernel has.
pub fn write(document: &mut Document, figures: &Figures) -> Result<()> {
    for (kind, title) in KINDS {
        if figures.of_kind(kind).next().is_some() {
            document.table(&table(figures, kind, title)?);
        }
    }
    Ok(())
}

fn table(figures: &Figures, kind: &str, title: &str) -> Result<Table> {
    let mut table = Table::new(&[
        title,
        "made",
        "instructions a line",
        "to kallsyms",
        "the whole file",
        "to kallsyms",
    ]);
    for figure in figures.of_kind(kind) {
        let (file, count) = (figure.word("file"), figure.word("count"));
        let kallsyms = a_line(find(figures, kind, "kallsyms", count)?)?;
        let whole = whole(figures, kind, file, count)?;
        let kallsyms_whole = self::whole(figures, kind, "kallsyms", count)?;
        table.row([
            format!("/proc/{file}"),
            number(figure.number("count")?),
            format!("{:.0}", a_line(figure)?),
            format!("{:.5}", a_line(figure)? / kallsyms),
            number(whole),
            format!("{:.5}", figures::ratio(whole, kallsyms_whole)),
        ]);
    }
    Ok(table)
}

/// Boots a guest that measures this alone.
pub fn growth(options: &Options, kernel: &Kernel) -> Result<Growth> {
    let guest = pack::pack(options, kernel, &[])?;
    let mut figures = Figures::new();
    qemu::count(options, &guest, "bpf", |line| {
        figures.add(line);
    })?;
    figures.check()?;
    growth_of(&figures)
}

fn growth_of(figures: &Figures) -> Result<Growth> {
    let few = find(figures, BPF, "kallmodsyms", FEWEST)?;
    let many = find(figures, BPF, "kallmodsyms", MOST)?;
    Ok(Growth {
        line: a_line(many)? / a_line(few)?,
        whole: figures::ratio(
            whole(figures, BPF, "kallmodsyms", MOST)?,
            whole(figures, BPF, "kallsyms", MOST)?,
        ),
    })
}

fn a_line(figure: &Figure) -> Result<f64> {
    let lines = figure.number("lines")?;
    Ok(figures::ratio(figure.instructions(), lines.max(1)))
}

/// The cost of the whole file.
fn whole(figures: &Figures, kind: &str, file: &str, count: &str) -> Result<u64> {
    find(figures, &format!("{kind}-whole"), file, count).map(Figure::instructions)
}

fn find<'a>(figures: &'a Figures, kind: &str, file: &str, count: &str) -> Result<&'a Figure> {
    figures
        .counted(kind, file, count)
        .with_context(|| format!("the guest did not measure {kind} of {file} with {count} of them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_of_lines_and_of_the_whole() {
        let mut figures = Figures::new();
        for line in [
            "bench bpf file=kallsyms count=100 lines=100 instructions=90000",
            "bench bpf file=kallmodsyms count=100 lines=100 instructions=20000",
            "bench bpf file=kallmodsyms count=10000 lines=10000 instructions=3000000",
            "bench bpf-whole file=kallmodsyms count=10000 instructions=5000000",
        ] {
            assert!(figures.add(line));
        }
        assert!(growth_of(&figures).is_err());
        figures.add("bench bpf-whole file=kallsyms count=10000 instructions=50000000");
        let growth = growth_of(&figures).unwrap();
        assert!((growth.line - 1.5).abs() < 1e-9);
        assert!((growth.whole - 0.1).abs() < 1e-9);
    }
}
