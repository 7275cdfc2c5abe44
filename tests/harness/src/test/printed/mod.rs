// SPDX-License-Identifier: GPL-2.0

//! What a kernel prints for addresses, against what a kernel without the option prints.
//!
//! [`listing`] works out what an untouched kernel/kallsyms.c would answer for the symbols of the tested
//! vmlinux; [`questions`] are the addresses. [`pair`] compares two kernels, which also shows that
//! [`listing`] is right. [`faddr2line`] has the kernel's own script resolve what is printed, and
//! [`annotated`] has our own command add modules to it.

mod annotated;
mod faddr2line;
mod listing;
pub mod pair;
mod questions;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{ensure, Context, Result};

use super::report::Report;
use crate::lab::configure::Kernel;
use crate::lab::guest;
use crate::lab::modules;
use crate::lab::options::Options;
use crate::lab::qemu::{self, Files};
use listing::Listing;
use questions::Question;

/// The most differences to print.
const MAX_PRINTED: usize = 10;

/// The most addresses to print in `make test`.
const FEW: usize = 10;

/// The columns of a line.
const COLUMNS: [&str; 5] = [
    "%pS",
    "%ps",
    "%pB",
    "sprint_symbol_no_offset()",
    "lookup_symbol_name()",
];

pub fn run(
    report: &mut Report,
    options: &Options,
    kernel: &Kernel,
    untouched: &Path,
) -> Result<()> {
    let listing = Listing::untouched(kernel, untouched)?;
    let printed = Printed::of(options, kernel, &listing)?;
    printed.check(report, kernel, &listing)?;
    annotated::run(report, kernel, &printed)?;
    faddr2line::run(report, options, kernel, untouched, &printed, FEW)
}

/// The output of a kernel.
struct Printed<'a> {
    questions: Vec<Question<'a>>,
    files: Files,
    /// A line for each question.
    lines: String,
}

impl<'a> Printed<'a> {
    /// Boots the kernel with `nokaslr`, at the addresses that it was linked for, and has it answer.
    fn of(options: &Options, kernel: &Kernel, listing: &'a Listing) -> Result<Self> {
        let questions = questions::all(listing);
        let module = modules::build_printer(kernel)?;
        let addresses = kernel.objtree.join("guest/addresses");
        fs::write(&addresses, questions::words(&questions))
            .with_context(|| addresses.display().to_string())?;
        let files = [("etc/addresses", &*addresses)];
        let guest = guest::pack_files(options, kernel, &[module], &files)?;
        let files = qemu::printed(options, &guest)?;
        let lines = files.read("printed")?;
        ensure!(
            lines.lines().count() == questions.len() && !questions.is_empty(),
            "{} addresses, {} lines",
            questions.len(),
            lines.lines().count()
        );
        Ok(Self {
            questions,
            files,
            lines,
        })
    }

    fn answers(&self) -> impl Iterator<Item = (&Question<'a>, &str)> {
        self.questions.iter().zip(self.lines.lines())
    }

    /// Checks that each line is what untouched code prints: for the symbols in the order of an untouched tree,
    /// or else in the order of the tested kernel. [`super::order`] checks which orders are allowed.
    fn check(&self, report: &mut Report, kernel: &Kernel, untouched: &Listing) -> Result<()> {
        let listed = Listing::of(kernel, &self.files.read("kallsyms")?)?;
        let name = format!(
            "{}: {} addresses, at, before, in and behind {} symbols, are printed as without the option",
            kernel.config,
            self.questions.len(),
            untouched.symbols.len()
        );
        report.check(&name, self.compare(kernel, untouched, &listed));
        Ok(())
    }

    fn compare(&self, kernel: &Kernel, untouched: &Listing, listed: &Listing) -> Result<()> {
        let mut differing = [0; COLUMNS.len()];
        let mut shown = Vec::new();
        let mut renamed = BTreeSet::new();
        for (question, line) in self.answers() {
            let address = question.address;
            let expected = untouched.printed(address);
            if line == expected {
                continue;
            }
            if line == listed.printed(address) {
                renamed.extend(renamed_in(&expected, line));
                continue;
            }
            let columns = line.split('\t').zip(expected.split('\t')).enumerate();
            for (column, (with, without)) in columns {
                if with != without {
                    differing[column] += 1;
                    shown.push(format!(
                        "{address:x} {} ({}): {} is {with}, without the option {without}",
                        question.symbol.name, question.which, COLUMNS[column]
                    ));
                }
            }
        }
        println!(
            "# {}: for {} symbols, the kernel prints another symbol at the same address, because size decides their order",
            kernel.config,
            renamed.len()
        );
        for (without, with) in renamed {
            println!("# {without} -> {with}");
        }
        let counts = differing.iter().zip(COLUMNS);
        let counts: Vec<_> = counts
            .map(|(count, name)| format!("{name}: {count}"))
            .collect();
        ensure!(
            shown.is_empty(),
            "differences of {}; such as\n{}",
            counts.join(", "),
            shown[..shown.len().min(MAX_PRINTED)].join("\n")
        );
        Ok(())
    }
}

/// The names that differ, the one without the option first.
fn renamed_in<'a>(without: &'a str, with: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
    let name = |column: &str| column.split('+').next().unwrap_or(column).to_owned();
    let columns = without.split('\t').zip(with.split('\t'));
    columns
        .map(move |(without, with)| (name(without), name(with)))
        .filter(|(without, with)| without != with)
}

#[cfg(test)]
mod tests {
    use super::renamed_in;

    #[test]
    fn names_that_differ() {
        let without = "f+0x0/0x10\tf\tjiffies+0x8/0x8\tf\tf";
        let with = "f+0x0/0x10\tf\tjiffies_64+0x8/0x8\tf\tf";
        let renamed: Vec<_> = renamed_in(without, with).collect();
        assert_eq!(renamed, [("jiffies".to_owned(), "jiffies_64".to_owned())]);
        assert_eq!(renamed_in(with, with).count(), 0);
    }
}
