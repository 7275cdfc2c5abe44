// SPDX-License-Identifier: GPL-2.0

//! Compares the names that a kernel prints for addresses with the names that a kernel without the option
//! prints.
//!
//! [`listing`] computes the names of a kernel without the option from the symbols of the tested vmlinux.
//! [`test_addresses`] chooses the addresses. [`pair`] compares two booted kernels, and so also tests
//! [`listing`]. [`faddr2line`] resolves the printed names with the kernel's script. [`annotated`] adds
//! modules to the printed names with the command `kallmodsyms annotate`.

mod annotated;
mod faddr2line;
mod listing;
pub mod pair;
mod test_addresses;

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
use test_addresses::TestAddress;

/// The most differences to print in an error.
const MAX_PRINTED: usize = 10;

/// The number of addresses that faddr2line resolves in `make test`.
const SAMPLED: usize = 10;

/// The columns of a printed line.
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
    let printed = Printed::boot(options, kernel, &listing)?;
    printed.check(report, kernel, &listing)?;
    annotated::run(report, kernel, &printed)?;
    faddr2line::run(report, options, kernel, untouched, &printed, SAMPLED)
}

/// The test addresses of a booted kernel, and the lines that the module in tests/printed prints for them.
struct Printed<'a> {
    addresses: Vec<TestAddress<'a>>,
    /// The files that the guest sent.
    files: Files,
    /// A line for each test address, in the same order.
    lines: String,
}

impl<'a> Printed<'a> {
    /// Boots the kernel with `nokaslr`, so at the addresses of vmlinux, and has the guest print the test
    /// addresses of `listing`.
    fn boot(options: &Options, kernel: &Kernel, listing: &'a Listing) -> Result<Self> {
        let tested = test_addresses::all(listing);
        let module = modules::build_printer(kernel)?;
        let addresses = kernel.objtree.join("guest/addresses");
        fs::write(&addresses, test_addresses::machine_words(&tested))
            .with_context(|| addresses.display().to_string())?;
        let files = [("etc/addresses", &*addresses)];
        let guest = guest::pack_files(options, kernel, &[module], &files)?;
        let files = qemu::printed(options, &guest)?;
        let lines = files.read("printed")?;
        ensure!(
            lines.lines().count() == tested.len() && !tested.is_empty(),
            "{} addresses, {} lines",
            tested.len(),
            lines.lines().count()
        );
        Ok(Self {
            addresses: tested,
            files,
            lines,
        })
    }

    /// Each test address, and its line.
    fn tested_lines(&self) -> impl Iterator<Item = (&TestAddress<'a>, &str)> {
        self.addresses.iter().zip(self.lines.lines())
    }

    /// Checks that each line is the line of a kernel without the option. The symbols may have the order of an
    /// untouched tree or the order of the tested kernel: [`super::order`] checks which orders are allowed.
    fn check(&self, report: &mut Report, kernel: &Kernel, untouched: &Listing) -> Result<()> {
        let listed = Listing::of_boot(kernel, &self.files.read("kallsyms")?)?;
        let name = format!(
            "{}: the kernel prints {} addresses at, before, in and after {} symbols as without the option",
            kernel.config,
            self.addresses.len(),
            untouched.symbols.len()
        );
        report.check(&name, self.compare(kernel, untouched, &listed));
        Ok(())
    }

    fn compare(&self, kernel: &Kernel, untouched: &Listing, listed: &Listing) -> Result<()> {
        let mut differing = [0; COLUMNS.len()];
        let mut shown = Vec::new();
        let mut renamed = BTreeSet::new();
        for (tested, line) in self.tested_lines() {
            let address = tested.address;
            let expected = untouched.printed_line(address);
            if line == expected {
                continue;
            }
            if line == listed.printed_line(address) {
                renamed.extend(renamed_in(&expected, line));
                continue;
            }
            let columns = line.split('\t').zip(expected.split('\t')).enumerate();
            for (column, (with, without)) in columns {
                if with != without {
                    differing[column] += 1;
                    shown.push(format!(
                        "{address:x} {} ({}): {} is {with}, without the option {without}",
                        tested.symbol.name, tested.position, COLUMNS[column]
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
            "differences in {}; such as\n{}",
            counts.join(", "),
            shown[..shown.len().min(MAX_PRINTED)].join("\n")
        );
        Ok(())
    }
}

/// The names that differ between two lines: each name without the option, and the name with the option.
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
    fn differing_names_are_found() {
        let without = "f+0x0/0x10\tf\tjiffies+0x8/0x8\tf\tf";
        let with = "f+0x0/0x10\tf\tjiffies_64+0x8/0x8\tf\tf";
        let renamed: Vec<_> = renamed_in(without, with).collect();
        assert_eq!(renamed, [("jiffies".to_owned(), "jiffies_64".to_owned())]);
        assert_eq!(renamed_in(with, with).count(), 0);
    }
}
