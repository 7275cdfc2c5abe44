// SPDX-License-Identifier: GPL-2.0

//! Two kernels of one configuration, with the option and without, and all that they say of their
//! symbols. Addresses differ, so a symbol is known by its name and its number among those of its name.
//!
//! Each kernel is also compared with [`Listing`], by itself. Documentation/core-api/differences.rst lists
//! what may differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{ensure, Context, Result};

use super::listing::Listing;
use super::questions::Which;
use super::{faddr2line, Printed, MAX_PRINTED};
use crate::bench;
use crate::lab::build;
use crate::lab::configure::Kernel;
use crate::lab::options::Options;
use crate::lab::source::Tree;
use crate::lab::workshop::Workshop;
use crate::test::lists::{self, WITH, WITHOUT};
use crate::test::{order, report::Report, speed};

/// The limit of lookups, relative to a lookup without the option.
const SIZE_OFFSET_LIMIT: f64 = 1.1;
const SIZE_LIMIT: f64 = 1.0;

/// The number of addresses to resolve.
const SAMPLED: usize = 1000;

/// Files of the build that must be the same.
const BUILT: [&str; 2] = ["modules.builtin", "modules.builtin.modinfo"];

/// What the option adds to the kernel's symbols: the tables, the component, and structures in the kernel's
/// Rust bindings, whose other names it numbers anew.
fn is_ours(name: &str) -> bool {
    const TABLES: [&str; 5] = [
        "kallsyms_exception_modules",
        "kallsyms_module",
        "kallsyms_num_module",
        "kallsyms_object",
        "kallsyms_size",
    ];
    // An inline function, which gcc compiles by itself where the walk of BPF symbols calls it, too.
    name == "bpf_jit_kallsyms_enabled"
        // The hooks change these, and with them the middles of these functions.
        || matches!(name, "bpf_get_kallsym" | "get_symbol_pos" | "kallsyms_lookup_size_offset")
        || name.contains("kallmodsyms")
        || name.contains("12bindings_raw")
        || TABLES.iter().any(|table| name.starts_with(table))
}

/// A kernel, and what it said.
struct Side<'a> {
    /// In the order of an untouched tree.
    listing: &'a Listing,
    /// In its own order.
    own: Listing,
    printed: Printed<'a>,
    /// The number of symbols of each name.
    counts: BTreeMap<&'a str, usize>,
}

impl<'a> Side<'a> {
    fn of(options: &Options, kernel: &Kernel, listing: &'a Listing) -> Result<Self> {
        let printed = Printed::of(options, kernel, listing)?;
        let own = Listing::of(kernel, &printed.files.read("kallsyms")?)?;
        let mut counts = BTreeMap::new();
        for symbol in &listing.symbols {
            *counts.entry(&*symbol.name).or_default() += 1;
        }
        Ok(Self {
            listing,
            own,
            printed,
            counts,
        })
    }

    /// The names of all symbols at the place of the address, and of the byte before it. The linker may move
    /// a label to where another symbol is.
    fn neighbours(&self, address: u64) -> BTreeSet<&str> {
        let symbols = &self.listing.symbols;
        let places = [address - 1, address].map(|address| self.listing.place(address));
        let at = |start: u64| {
            let first = symbols.partition_point(|symbol| symbol.address < start);
            let rest = symbols.get(first..).unwrap_or_default().iter();
            rest.take_while(move |symbol| symbol.address == start)
        };
        let symbols = places.into_iter().flatten();
        let symbols = symbols.flat_map(|place| at(place.symbol.address));
        symbols.map(|symbol| &*symbol.name).collect()
    }

    /// True if the kernel names the address, or the byte before it, after another symbol than in the order
    /// of an untouched tree.
    fn is_renamed(&self, address: u64) -> bool {
        let name = |listing: &Listing, address| {
            let place = listing.place(address);
            place.map(|place| place.symbol.name.clone())
        };
        let differs = |address: &u64| name(&self.own, *address) != name(self.listing, *address);
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
            &format!("{name} is that of a kernel without the option"),
            same_file(name, &with, &without),
        );
    }
    let listings = [
        Listing::untouched(&with, untouched)?,
        Listing::untouched(&without, untouched)?,
    ];
    let with_side = Side::of(options, &with, &listings[0])?;
    let without_side = Side::of(options, &without, &listings[1])?;
    with_side.printed.check(report, &with, &listings[0])?;
    without_side.printed.check(report, &without, &listings[1])?;
    report.check(
        "both kernels print the same for an address in a symbol",
        same_answers(&with_side, &without_side),
    );
    for (file, what, take) in LISTS {
        let name = format!("{what}: the same with the option and without");
        let lists = || {
            let of = |side: &Side| take(side.listing, &side.printed.files.read(file)?);
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

/// What `kallsyms_lookup_size_offset()` takes with the option, and `kallmodsyms_lookup_size()`, of the
/// instructions that `kallsyms_lookup_size_offset()` takes without it.
fn lookups(report: &mut Report, options: &Options, with: &Kernel, without: &Kernel) -> Result<()> {
    let (with, without) = (
        bench::lookups(options, with)?,
        bench::lookups(options, without)?,
    );
    for (function, instructions, limit) in [
        (
            "kallsyms_lookup_size_offset",
            with.size_offset,
            SIZE_OFFSET_LIMIT,
        ),
        ("kallmodsyms_lookup_size", with.size, SIZE_LIMIT),
    ] {
        let share = bench::ratio_of(instructions, without.size_offset);
        let of = "of kallsyms_lookup_size_offset() without the option";
        speed::bound(report, &format!("{function}()"), of, share, limit);
    }
    Ok(())
}

/// The lines of a file that are compared, without addresses and without what is ours.
type Take = fn(&Listing, &str) -> Result<Vec<String>>;

const LISTS: [(&str, &str, Take); 4] = [
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
    let lines = text.lines().filter(|line| !is_ours(line));
    Ok(lines.map(str::to_owned).collect())
}

/// ```text
/// ffffffff81000000 T _text
/// ffffffffc0000000 t oops_show\t[print_addresses]
/// ```
fn kallsyms(_: &Listing, text: &str) -> Result<Vec<String>> {
    let own = text.lines().take_while(|line| !line.contains('\t'));
    let labels = own.filter_map(|line| line.split_once(' '));
    let labels = labels.map(|(_, label)| label);
    let mut labels: Vec<_> = labels
        .filter(|label| !is_ours(label.get(2..).unwrap_or_default()))
        .map(str::to_owned)
        .collect();
    // The order has a test of its own.
    labels.sort_unstable();
    Ok(labels)
}

/// The name, and whether the extent is the symbol's up to the next one, which the linker may move.
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
    let lines = text.lines().filter(|line| !is_ours(line));
    lines
        .map(|text| line(text).with_context(|| text.to_owned()))
        .collect()
}

fn same_file(name: &str, with: &Kernel, without: &Kernel) -> Result<()> {
    let read = |kernel: &Kernel| {
        let path = kernel.objtree.join(name);
        let text = fs::read(&path).with_context(|| path.display().to_string())?;
        // The one with modinfo separates its fields by NUL.
        let text = String::from_utf8_lossy(&text).into_owned();
        anyhow::Ok(
            text.split(['\n', '\0'])
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    };
    lists::same(name, &read(with)?, &read(without)?)
}

/// A question to both kernels: the name and the number of a symbol, and the address in it.
type Key<'a> = (&'a str, usize, Which);

/// The results of the questions.
#[derive(Default)]
struct Answers {
    same: usize,
    /// The linker moved a symbol to another place, relative to this one.
    moved: usize,
    /// One of ours is next to it, or is what is asked for.
    ours: usize,
    /// Another name stands first at the address, which the test of the order allows.
    renamed: usize,
    /// The kernels have not as many symbols of this name.
    unequal: BTreeSet<String>,
    differing: Vec<String>,
}

fn same_answers(with: &Side, without: &Side) -> Result<()> {
    let answers = |side: &Side<'_>| -> BTreeMap<(String, usize, Which), (u64, String)> {
        let answers = side.printed.answers().map(|(question, line)| {
            let symbol = question.symbol;
            let key = (symbol.name.clone(), symbol.number, question.which);
            (key, (question.address, line.to_owned()))
        });
        answers.collect()
    };
    let (ours, theirs) = (answers(with), answers(without));
    let mut found = Answers::default();
    for (key, (address, line)) in &ours {
        let (name, number, which) = key;
        if is_ours(name) {
            found.ours += 1;
            continue;
        }
        if with.counts.get(&**name) != without.counts.get(&**name) {
            found.unequal.insert(name.clone());
            continue;
        }
        let Some((other_address, other)) = theirs.get(key) else {
            // A symbol that padding follows in one kernel only.
            found.moved += 1;
            continue;
        };
        if line == other {
            found.same += 1;
        } else if next_to_ours(with.listing, *address) {
            found.ours += 1;
        } else if with.is_renamed(*address) {
            found.renamed += 1;
        } else if with.neighbours(*address) != without.neighbours(*other_address)
            || without_extents(line, *which) == without_extents(other, *which)
        {
            found.moved += 1;
        } else {
            let at: Key = (name, *number, *which);
            found.differing.push(format!(
                "{at:?}: {line}, without {other} ({other_address:x})"
            ));
        }
    }
    println!(
        "# {} answers: {} the same, {} but for where the next symbol is, {} at symbols of ours, \
         {} where a larger symbol is named; {} names that one kernel has more often; {} others",
        ours.len(),
        found.same,
        found.moved,
        found.ours,
        found.renamed,
        found.unequal.len(),
        found.differing.len()
    );
    println!("# had more often: {:?}", found.unequal);
    ensure!(found.same > 0, "nothing to compare");
    ensure!(
        found.differing.is_empty(),
        "{} answers differ, such as\n{}",
        found.differing.len(),
        found.differing[..found.differing.len().min(MAX_PRINTED)].join("\n")
    );
    Ok(())
}

/// True if the symbol that an address, or the byte before it, is named after is ours, or the next one.
fn next_to_ours(listing: &Listing, address: u64) -> bool {
    let around = [address - 1, address, listing.next(address)];
    let places = around
        .into_iter()
        .filter_map(|address| listing.place(address));
    places.into_iter().any(|place| is_ours(&place.symbol.name))
}

/// Without the distances to the next symbols, and without the offsets that count from another symbol.
///
/// ```text
/// vfs_read+0x10/0x160\tvfs_read\tvfs_read+0x10/0x160\tvfs_read\tvfs_read
/// ```
fn without_extents(line: &str, which: Which) -> Vec<&str> {
    let end_of = |column: usize| match (column, which) {
        // The padding in front belongs to the symbol before, and %pB of a start is of the byte before.
        (_, Which::Before) | (2, Which::Start) => '+',
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
    fn offsets_count_but_not_what_the_linker_moves() {
        let line = |pad: u32| format!("f+0x4/{pad:#x}\tf\te+{pad:#x}/{pad:#x}\tf\tf");
        let same = |which| without_extents(&line(16), which) == without_extents(&line(32), which);
        assert!(same(Which::Start) && same(Which::Before));
        assert!(!same(Which::Inner) && !same(Which::Padding));
        let other = "f+0x5/0x10\tf\te+0x10/0x10\tf\tf";
        assert_ne!(
            without_extents(&line(16), Which::Start),
            without_extents(other, Which::Start)
        );
    }

    #[test]
    fn names_of_ours() {
        assert!(is_ours("kallsyms_size_pages") && is_ours("_RNvNtCs_kallmodsyms3foo"));
        assert!(is_ours("kallsyms_num_modules") && is_ours("kallsyms_num_module_exceptions"));
        assert!(!is_ours("kallsyms_names") && !is_ours("vfs_read"));
    }
}
