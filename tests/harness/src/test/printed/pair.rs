// SPDX-License-Identifier: GPL-2.0

//! Boots two kernels, with the option and without it, and compares the names and lists of their symbols. Addresses
//! differ, so the test identifies a symbol by its name and its position among the symbols with that name.
//!
//! The test also compares each kernel with its [`Listing`]. differences.rst lists the allowed differences.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{ensure, Context, Result};

use super::listing::Listing;
use super::test_addresses::Position;
use super::{faddr2line, Printed, MAX_PRINTED};
use crate::bench;
use crate::lab::build;
use crate::lab::configure::Kernel;
use crate::lab::options::Options;
use crate::lab::source::Tree;
use crate::lab::workshop::Workshop;
use crate::test::lists::{self, WITH, WITHOUT};
use crate::test::{order, report::Report, speed};

/// The limits of the instructions of lookups, relative to a lookup without the option.
const SIZE_OFFSET_LIMIT: f64 = 1.1;
const SIZE_LIMIT: f64 = 1.0;

/// The number of addresses that faddr2line resolves.
const SAMPLED: usize = 1000;

/// The files of the build that the option must not change.
const BUILT: [&str; 2] = ["modules.builtin", "modules.builtin.modinfo"];

/// True if the option adds or changes the symbol: a table, a symbol of the component or of the kernel's Rust
/// bindings, or a changed function. (New structures in the bindings change the numbers in the names of others.)
fn is_from_option(name: &str) -> bool {
    const TABLES: [&str; 5] = [
        "kallsyms_exception_modules",
        "kallsyms_module",
        "kallsyms_num_module",
        "kallsyms_object",
        "kallsyms_size",
    ];
    // gcc emits this inline function as a symbol if the component's walk of BPF symbols also calls it.
    name == "bpf_jit_kallsyms_enabled"
        // The hooks change the last two of these functions. The first function calls the inline function above.
        // So their sizes, and the addresses in their middle, differ with the option.
        || matches!(name, "bpf_get_kallsym" | "get_symbol_pos" | "kallsyms_lookup_size_offset")
        || name.contains("kallmodsyms")
        || name.contains("12bindings_raw")
        || TABLES.iter().any(|table| name.starts_with(table))
}

/// One of the two kernels.
struct Side<'a> {
    /// The symbols in the order of an untouched tree.
    untouched_order: &'a Listing,
    /// The symbols in the order of the kernel.
    own_order: Listing,
    printed: Printed<'a>,
    /// The number of symbols of each name.
    counts: BTreeMap<&'a str, usize>,
}

impl<'a> Side<'a> {
    fn boot(options: &Options, kernel: &Kernel, untouched_order: &'a Listing) -> Result<Self> {
        let printed = Printed::boot(options, kernel, untouched_order)?;
        let own_order = Listing::of_boot(kernel, &printed.files.read("kallsyms")?)?;
        let mut counts = BTreeMap::new();
        for symbol in &untouched_order.symbols {
            *counts.entry(&*symbol.name).or_default() += 1;
        }
        Ok(Self {
            untouched_order,
            own_order,
            printed,
            counts,
        })
    }

    /// The names that the kernel may print for `address` or for the byte before it: the names of all symbols at
    /// the highest start not above that byte. The linker can move a label to the address of another symbol.
    fn neighbours(&self, address: u64) -> BTreeSet<&str> {
        let symbols = &self.untouched_order.symbols;
        let places = [address - 1, address].map(|address| self.untouched_order.place(address));
        let at = |start: u64| {
            let first = symbols.partition_point(|symbol| symbol.address < start);
            let rest = symbols.get(first..).unwrap_or_default().iter();
            rest.take_while(move |symbol| symbol.address == start)
        };
        let symbols = places.into_iter().flatten();
        let symbols = symbols.flat_map(|place| at(place.symbol.address));
        symbols.map(|symbol| &*symbol.name).collect()
    }

    /// True if the kernel's own order gives the address, or the byte before it, another name than the order of
    /// an untouched tree.
    fn is_renamed(&self, address: u64) -> bool {
        let name = |listing: &Listing, address| {
            let place = listing.place(address);
            place.map(|place| place.symbol.name.clone())
        };
        let differs =
            |address: &u64| name(&self.own_order, *address) != name(self.untouched_order, *address);
        [address - 1, address].iter().any(differs)
    }
}

pub fn run(
    report: &mut Report,
    options: &Options,
    workshop: &Workshop,
    packaged: &Tree,
) -> Result<()> {
    let untouched = packaged.pristine.as_ref().context("no untouched tree")?;
    let with = workshop.configured(options, WITH)?;
    let without = workshop.configured(options, WITHOUT)?;
    for kernel in [&with, &without] {
        build::build(kernel)?;
        order::run(report, kernel, untouched)?;
    }
    for name in BUILT {
        report.check(
            &format!("{name} is the same with the option and without"),
            same_file(name, &with, &without),
        );
    }
    let listings = [
        Listing::untouched(&with, untouched)?,
        Listing::untouched(&without, untouched)?,
    ];
    let with_side = Side::boot(options, &with, &listings[0])?;
    let without_side = Side::boot(options, &without, &listings[1])?;
    with_side.printed.check(report, &with, &listings[0])?;
    without_side.printed.check(report, &without, &listings[1])?;
    report.check(
        "both kernels print the same line for the same address in a symbol",
        same_lines(&with_side, &without_side),
    );
    for (file, what, select) in LISTS {
        let name = format!("{what}: the same with the option and without");
        let lists = || {
            let of = |side: &Side| select(side.untouched_order, &side.printed.files.read(file)?);
            lists::same(what, &of(&with_side)?, &of(&without_side)?)
        };
        report.check(&name, lists());
    }
    faddr2line::run(
        report,
        options,
        &with,
        untouched,
        &with_side.printed,
        SAMPLED,
    )?;
    lookups(report, options, &with, &without)
}

/// Limits the instructions of `kallsyms_lookup_size_offset()` and `kallmodsyms_lookup_size()` with the option,
/// relative to `kallsyms_lookup_size_offset()` without it.
fn lookups(report: &mut Report, options: &Options, with: &Kernel, without: &Kernel) -> Result<()> {
    let (with, without) = (
        bench::lookups(options, with)?,
        bench::lookups(options, without)?,
    );
    const BASE: &str = "kallsyms_lookup_size_offset()";
    let base = without.instructions(BASE)?;
    for (function, limit) in [
        (BASE, SIZE_OFFSET_LIMIT),
        ("kallmodsyms_lookup_size()", SIZE_LIMIT),
    ] {
        let share = bench::ratio_of(with.instructions(function)?, base);
        let of = format!("of {BASE} without the option");
        speed::bound(report, function, &of, share, limit);
    }
    Ok(())
}

/// Selects the lines of a file to compare, without addresses and without symbols from the option.
type Select = fn(&Listing, &str) -> Result<Vec<String>>;

/// The files to compare: the name, the description, and the function that selects the lines.
const LISTS: [(&str, &str, Select); 4] = [
    ("kallsyms", "letters and names of /proc/kallsyms", kallsyms),
    ("blacklist", "kprobes/blacklist", blacklist),
    (
        "available_filter_functions",
        "available_filter_functions",
        plain,
    ),
    ("modules", "/sys/module", plain),
];

fn plain(_: &Listing, text: &str) -> Result<Vec<String>> {
    let lines = text.lines().filter(|line| !is_from_option(line));
    Ok(lines.map(str::to_owned).collect())
}

/// The type letters and the names of the kernel's own symbols.
///
/// ```text
/// ffffffff81000000 T _text
/// ffffffffc0000000 t oops_show\t[print_addresses]
/// ```
fn kallsyms(_: &Listing, text: &str) -> Result<Vec<String>> {
    let own = text.lines().take_while(|line| !line.contains('\t'));
    let labels = own.filter_map(|line| Some(line.split_once(' ')?.1));
    let mut labels: Vec<_> = labels
        .filter(|label| !is_from_option(label.get(2..).unwrap_or_default()))
        .map(str::to_owned)
        .collect();
    // order.rs tests the order.
    labels.sort_unstable();
    Ok(labels)
}

/// The name and the extent of each range. The extent is `whole` if the range goes from the start of the named
/// symbol to the next symbol: the linker can move the next symbol.
///
/// ```text
/// 0xffffffff81000010-0xffffffff81000040\tdo_int3
/// ```
fn blacklist(listing: &Listing, text: &str) -> Result<Vec<String>> {
    let line = |line: &str| {
        let (range, name) = line.split_once('\t')?;
        let (start, end) = range.split_once('-')?;
        let number = |text: &str| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok();
        let (start, end) = (number(start)?, number(end)?);
        let place = listing.place(start)?;
        let whole = place.symbol.name == name && place.offset == 0 && end - start == place.extent;
        let extent = match whole {
            true => "whole".to_owned(),
            false => format!("{:#x} bytes at {:#x}", end - start, place.offset),
        };
        Some(format!("{name}\t{extent}"))
    };
    let lines = text.lines().filter(|line| !is_from_option(line));
    lines
        .map(|text| line(text).with_context(|| text.to_owned()))
        .collect()
}

fn same_file(name: &str, with: &Kernel, without: &Kernel) -> Result<()> {
    let read = |kernel: &Kernel| {
        let path = kernel.objtree.join(name);
        let text = fs::read(&path).with_context(|| path.display().to_string())?;
        // modules.builtin.modinfo separates its fields by NUL.
        let text = String::from_utf8_lossy(&text).into_owned();
        anyhow::Ok(
            text.split(['\n', '\0'])
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    };
    lists::same(name, &read(with)?, &read(without)?)
}

/// The numbers of test addresses, by the result of the comparison.
#[derive(Default)]
struct Comparison {
    /// Both kernels print the same line.
    same: usize,
    /// The linker moved a neighbour, relative to the symbol.
    moved: usize,
    /// The symbol or a neighbour is from the option.
    from_option: usize,
    /// The kernel with the option has another symbol first at the address, in an order that order.rs allows.
    renamed: usize,
    /// The names with different numbers of symbols in the two kernels.
    unequal: BTreeSet<String>,
    /// The lines with other differences.
    differing: Vec<String>,
}

fn same_lines(with: &Side, without: &Side) -> Result<()> {
    let lines = |side: &Side<'_>| -> BTreeMap<(String, usize, Position), (u64, String)> {
        let lines = side.printed.tested_lines().map(|(tested, line)| {
            let symbol = tested.symbol;
            let key = (symbol.name.clone(), symbol.number, tested.position);
            (key, (tested.address, line.to_owned()))
        });
        lines.collect()
    };
    let (with_lines, without_lines) = (lines(with), lines(without));
    let mut found = Comparison::default();
    for (key, (address, line)) in &with_lines {
        let (name, _, position) = key;
        if is_from_option(name) {
            found.from_option += 1;
            continue;
        }
        if with.counts.get(&**name) != without.counts.get(&**name) {
            found.unequal.insert(name.clone());
            continue;
        }
        let Some((other_address, other)) = without_lines.get(key) else {
            // Padding follows the symbol in only one of the kernels.
            found.moved += 1;
            continue;
        };
        if line == other {
            found.same += 1;
        } else if is_beside_option(with.untouched_order, *address) {
            found.from_option += 1;
        } else if with.is_renamed(*address) {
            found.renamed += 1;
        } else if with.neighbours(*address) != without.neighbours(*other_address)
            || without_extents(line, *position) == without_extents(other, *position)
        {
            found.moved += 1;
        } else {
            found.differing.push(format!(
                "{key:?}: {line}, without {other} ({other_address:x})"
            ));
        }
    }
    println!(
        "# {} addresses: {} with the same line, {} with a moved neighbour, {} at symbols from the option, \
         {} with a larger symbol first; {} names with unequal counts; {} differences",
        with_lines.len(),
        found.same,
        found.moved,
        found.from_option,
        found.renamed,
        found.unequal.len(),
        found.differing.len()
    );
    println!("# names with unequal counts: {:?}", found.unequal);
    ensure!(found.same > 0, "no address has the same line");
    ensure!(
        found.differing.is_empty(),
        "{} lines differ, such as\n{}",
        found.differing.len(),
        found.differing[..found.differing.len().min(MAX_PRINTED)].join("\n")
    );
    Ok(())
}

/// True if a symbol from the option gives its name to the address, to the byte before it, or to the address
/// of the next symbol.
fn is_beside_option(listing: &Listing, address: u64) -> bool {
    let around = [address - 1, address, listing.next(address)];
    let places = around
        .into_iter()
        .filter_map(|address| listing.place(address));
    places
        .into_iter()
        .any(|place| is_from_option(&place.symbol.name))
}

/// The columns of a line without distances to next symbols, and without offsets from a previous symbol.
///
/// ```text
/// vfs_read+0x10/0x160\tvfs_read\tvfs_read+0x10/0x160\tvfs_read\tvfs_read
/// ```
fn without_extents(line: &str, position: Position) -> Vec<&str> {
    let end_of = |column: usize| match (column, position) {
        // The byte before a start is in the previous symbol. %pB of a start looks up that byte.
        (_, Position::Before) | (2, Position::Start) => '+',
        _ => '/',
    };
    let columns = line.split('\t').enumerate();
    columns
        .map(|(at, column)| column.split(end_of(at)).next().unwrap_or(column))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_neighbours_are_ignored_but_not_offsets() {
        let line = |pad: u32| format!("f+0x4/{pad:#x}\tf\te+{pad:#x}/{pad:#x}\tf\tf");
        let same =
            |position| without_extents(&line(16), position) == without_extents(&line(32), position);
        assert!(same(Position::Start) && same(Position::Before));
        assert!(!same(Position::Inner) && !same(Position::Padding));
        let other = "f+0x5/0x10\tf\te+0x10/0x10\tf\tf";
        assert_ne!(
            without_extents(&line(16), Position::Start),
            without_extents(other, Position::Start)
        );
    }

    #[test]
    fn symbols_from_the_option() {
        assert!(
            is_from_option("kallsyms_size_pages") && is_from_option("_RNvNtCs_kallmodsyms3foo")
        );
        assert!(
            is_from_option("kallsyms_num_modules")
                && is_from_option("kallsyms_num_module_exceptions")
        );
        assert!(!is_from_option("kallsyms_names") && !is_from_option("vfs_read"));
    }
}
