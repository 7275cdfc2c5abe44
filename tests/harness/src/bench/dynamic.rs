// SPDX-License-Identifier: GPL-2.0

//! Makes tables of the cost of lines for code that the kernel generates at run time: trampolines of the
//! function tracer, and BPF programs. Each table has rows for few and for many symbols.

use anyhow::{Context, Result};

use super::figures::{self, Figure, Figures};
use super::initramfs;
use super::text::{number, Document, Table};
use crate::lab::configure::Kernel;
use crate::lab::options::Options;
use crate::lab::qemu;

/// The smallest and the largest number of BPF programs in `tests/bench/bpf.c`.
const FEWEST: &str = "100";
const MOST: &str = "10000";

/// Ratios of instructions, for `make test`.
pub struct BpfRatios {
    /// The cost of a line with [`MOST`] programs, divided by the cost with [`FEWEST`] programs.
    pub line: f64,
    /// The cost of the whole file, divided by the cost of the whole `/proc/kallsyms`, both with [`MOST`] programs.
    pub whole_file: f64,
}

/// Pairs of (kind of figure in the guest's output, title of the table).
const KINDS: [(&str, &str); 2] = [
    (TRAMPOLINES, "Lines of the function tracer's trampolines"),
    (BPF, "Lines of BPF programs"),
];
const TRAMPOLINES: &str = "trampolines";
const BPF: &str = "bpf";

/// Writes a table for each kind that the guest measured.
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
        "number",
        "instructions a line",
        "to kallsyms",
        "the whole file",
        "to kallsyms",
    ]);
    for figure in figures.of_kind(kind) {
        let (file, count) = (figure.word("file"), figure.word("count"));
        let kallsyms_line = cost_of_line(find(figures, kind, "kallsyms", count)?)?;
        let whole_file = cost_of_file(figures, kind, file, count)?;
        let whole_kallsyms = cost_of_file(figures, kind, "kallsyms", count)?;
        table.row([
            format!("/proc/{file}"),
            number(figure.number("count")?),
            format!("{:.0}", cost_of_line(figure)?),
            format!("{:.5}", cost_of_line(figure)? / kallsyms_line),
            number(whole_file),
            format!("{:.5}", figures::ratio(whole_file, whole_kallsyms)),
        ]);
    }
    Ok(table)
}

/// Boots a guest that measures only BPF programs, and returns the ratios.
pub fn bpf_ratios(options: &Options, kernel: &Kernel) -> Result<BpfRatios> {
    let guest = initramfs::make(options, kernel, &[])?;
    let mut figures = Figures::new();
    qemu::count(options, &guest, "bpf", |line| {
        figures.add(line);
    })?;
    figures.check()?;
    ratios_of(&figures)
}

fn ratios_of(figures: &Figures) -> Result<BpfRatios> {
    let few = find(figures, BPF, "kallmodsyms", FEWEST)?;
    let many = find(figures, BPF, "kallmodsyms", MOST)?;
    Ok(BpfRatios {
        line: cost_of_line(many)? / cost_of_line(few)?,
        whole_file: figures::ratio(
            cost_of_file(figures, BPF, "kallmodsyms", MOST)?,
            cost_of_file(figures, BPF, "kallsyms", MOST)?,
        ),
    })
}

/// The instructions for one line.
fn cost_of_line(figure: &Figure) -> Result<f64> {
    let lines = figure.number("lines")?;
    Ok(figures::ratio(figure.instructions(), lines.max(1)))
}

/// The instructions for reading the whole file.
fn cost_of_file(figures: &Figures, kind: &str, file: &str, count: &str) -> Result<u64> {
    find(figures, &format!("{kind}-whole"), file, count).map(Figure::instructions)
}

fn find<'a>(figures: &'a Figures, kind: &str, file: &str, count: &str) -> Result<&'a Figure> {
    figures
        .counted(kind, file, count)
        .with_context(|| format!("the guest printed no {kind} figure of {file} with count={count}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_of_a_line_and_of_the_whole_file() {
        let mut figures = Figures::new();
        for line in [
            "bench bpf file=kallsyms count=100 lines=100 instructions=90000",
            "bench bpf file=kallmodsyms count=100 lines=100 instructions=20000",
            "bench bpf file=kallmodsyms count=10000 lines=10000 instructions=3000000",
            "bench bpf-whole file=kallmodsyms count=10000 instructions=5000000",
        ] {
            assert!(figures.add(line));
        }
        assert!(ratios_of(&figures).is_err());
        figures.add("bench bpf-whole file=kallsyms count=10000 instructions=50000000");
        let ratios = ratios_of(&figures).unwrap();
        assert!((ratios.line - 1.5).abs() < 1e-9);
        assert!((ratios.whole_file - 0.1).abs() < 1e-9);
    }
}
