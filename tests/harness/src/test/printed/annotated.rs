// SPDX-License-Identifier: GPL-2.0

//! Compares the marks that `kallmodsyms annotate` adds to a kernel's output with the modules in
//! `/proc/kallmodsyms` of that kernel.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};

use super::faddr2line::FRAMES;
use super::{Printed, MAX_PRINTED};
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::line::symbol_and_modules;
use crate::test::report::Report;
use crate::tool;

/// Separates the modules of two places, if a name can mean several places.
const PLACE_SEPARATOR: char = '|';

/// The mark of a place in no module, if the name can mean several places.
const NO_MODULE: &str = "[vmlinux]";

/// A symbol in `/proc/kallmodsyms`, with its modules in brackets.
struct Listed<'t> {
    address: u64,
    size: u64,
    modules: &'t str,
}

pub fn run(report: &mut Report, kernel: &Kernel, printed: &Printed) -> Result<()> {
    let tool = tool::build()?;
    let file = printed.files.read("kallmodsyms")?;
    let listed = by_name(&file);
    let annotated = |text: &Path| {
        let mut annotate = Command::new(&tool);
        annotate.current_dir(&kernel.objtree);
        command::output(annotate.args(["annotate", "vmlinux"]).arg(text))
    };

    // The first column is %pS.
    let names = printed.tested_lines().map(|(tested, line)| {
        let name = line.split('\t').next().unwrap_or(line);
        (tested.address, name)
    });
    let names: Vec<(u64, &str)> = names.collect();
    let text: Vec<&str> = names.iter().flat_map(|(_, name)| [*name, "\n"]).collect();
    let path = kernel.objtree.join("guest/names");
    fs::write(&path, text.concat()).with_context(|| path.display().to_string())?;
    let marked = annotated(&path)?;
    let result = compare_addresses(&listed, &names, &marked);
    let counts = result
        .as_ref()
        .map_or_else(|_| String::new(), Counts::to_string);
    let name = format!(
        "{}: annotate marks the output of %pS {counts}",
        kernel.config
    );
    report.check(&name, result.map(drop));

    for (file, fewest) in FRAMES {
        let path = printed.files.directory.join(file);
        if !path.exists() {
            continue;
        }
        let text = printed.files.read(file)?;
        let name = format!("{}: annotate marks the frames of the {file}", kernel.config);
        let marked =
            annotated(&path).and_then(|marked| compare_frames(&listed, &text, &marked, fewest));
        report.check(&name, marked);
    }
    Ok(())
}

/// The symbols in `/proc/kallmodsyms`, by name.
fn by_name(file: &str) -> HashMap<&str, Vec<Listed<'_>>> {
    let mut listed = HashMap::<_, Vec<_>>::new();
    for line in file.lines() {
        let (symbol, modules) = symbol_and_modules(line);
        let mut words = symbol.splitn(4, ' ');
        let mut number = || u64::from_str_radix(words.next()?, 16).ok();
        if let (Some(address), Some(size)) = (number(), number()) {
            let name = words.nth(1).unwrap_or_default();
            listed.entry(name).or_default().push(Listed {
                address,
                size,
                modules,
            });
        }
    }
    listed
}

/// The numbers of correct marks.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    /// The number of marks that have only the modules of the address.
    exact: usize,
    /// The number of marks that also have other modules, because several symbols have the name.
    ambiguous: usize,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { exact, ambiguous } = self;
        write!(
            f,
            "for {exact} addresses, and for {ambiguous} addresses with ambiguous names"
        )
    }
}

/// Compares the marks behind the printed names of addresses with the modules of these addresses. Skips
/// addresses in padding, because `/proc/kallmodsyms` has no modules of padding.
fn compare_addresses(
    listed: &HashMap<&str, Vec<Listed<'_>>>,
    names: &[(u64, &str)],
    marked: &str,
) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    ensure!(
        marked.lines().count() == names.len(),
        "{} lines became {}",
        names.len(),
        marked.lines().count()
    );
    for ((address, printed), line) in names.iter().zip(marked.lines()) {
        let name = printed.split('+').next().unwrap_or(printed);
        let symbols = listed.get(name).map_or(&[][..], Vec::as_slice);
        let is_in = |symbol: &&Listed<'_>| {
            let offset = address.wrapping_sub(symbol.address);
            offset < symbol.size || offset == 0
        };
        let Some(symbol) = symbols.iter().find(is_in) else {
            continue;
        };
        match places(printed, line) {
            Some(places) if places == BTreeSet::from([symbol.modules]) => counts.exact += 1,
            Some(places) if places.len() > 1 && places.contains(symbol.modules) => {
                counts.ambiguous += 1;
            }
            _ => wrong.push(format!("'{line}' is in '{}'", symbol.modules)),
        }
    }
    wrong.truncate(MAX_PRINTED);
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(counts.exact > 0, "no address was compared");
    Ok(counts)
}

/// Parses the mark behind `printed` to the modules of each place, in brackets. Returns `None` if `line` does
/// not begin with `printed`.
fn places<'t>(printed: &str, line: &'t str) -> Option<BTreeSet<&'t str>> {
    let mark = line.strip_prefix(printed)?.trim_start_matches(' ');
    let modules = |place: &'t str| if place == NO_MODULE { "" } else { place };
    Some(mark.split(PLACE_SEPARATOR).map(modules).collect())
}

/// Checks that the mark of each frame has only modules of symbols with the printed name. Fails if `text` has
/// fewer than `fewest` frames.
fn compare_frames(
    listed: &HashMap<&str, Vec<Listed<'_>>>,
    text: &str,
    marked: &str,
    fewest: usize,
) -> Result<()> {
    let mut frames = 0;
    for (line, marked) in text.lines().zip(marked.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let last = words.last().copied().unwrap_or_default();
        if !(last.contains("+0x") && last.contains("/0x")) {
            // The line has no frame, or the kernel printed the frame's module. annotate can mark an address, for
            // example of a register.
            let is_same = line == marked || line.contains("ffffffff");
            ensure!(is_same, "'{line}' became '{marked}'");
            continue;
        }
        frames += 1;
        let name = last.rsplit(':').next().unwrap_or(last);
        let name = name.split('+').next().unwrap_or(name);
        let symbols = listed.get(name).map_or(&[][..], Vec::as_slice);
        let modules: BTreeSet<&str> = symbols.iter().map(|symbol| symbol.modules).collect();
        let places = places(line, marked).with_context(|| format!("'{line}' became '{marked}'"))?;
        ensure!(
            !places.is_empty() && places.is_subset(&modules),
            "'{marked}', but {name} is in {modules:?}"
        );
    }
    ensure!(frames >= fewest, "only {frames} frames");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "f0 10 t a\t[m]\nf100 10 t b\nf200 10 t c\t[m] [n]\nf300 8 t c\t[o]\n";

    #[test]
    fn marks_are_compared_with_the_modules_of_addresses() {
        let listed = by_name(FILE);
        let names = [
            (0xf8, "a+0x8/0x10"),
            (0xf100, "b+0x0/0x10"),
            (0xf200, "c+0x0/0x8"),
        ];
        let text = "a+0x8/0x10 [m]\nb+0x0/0x10\nc+0x0/0x8 [m] [n]|[o]\n";
        let counts = Counts {
            exact: 2,
            ambiguous: 1,
        };
        assert_eq!(compare_addresses(&listed, &names, text).unwrap(), counts);
        for wrong in [
            text.replace("0x10 [m]", "0x10"),
            text.replace("b+0x0/0x10", "b+0x0/0x10 [m]"),
            text.replace("[m] [n]|", "[m]|"),
            text.replace("a+", "b+"),
            text.replace("a+0x8/0x10 [m]\n", ""),
        ] {
            compare_addresses(&listed, &names, &wrong).unwrap_err();
        }
    }

    #[test]
    fn marks_are_compared_with_the_modules_of_names() {
        let listed = by_name(FILE);
        let text =
            "Call Trace:\n ? a+0x8/0x10\n b+0x0/0x10\n x+0x0/0x8 [loaded]\nRIP: 0010:c+0x0/0x8\n";
        let marked = text.replace("a+0x8/0x10", "a+0x8/0x10 [m]");
        let marked = marked.replace("c+0x0/0x8", "c+0x0/0x8 [m] [n]|[o]");
        compare_frames(&listed, text, &marked, 3).unwrap();
        compare_frames(&listed, text, &marked, 4).unwrap_err();
        compare_frames(&listed, text, text, 3).unwrap_err();
        compare_frames(
            &listed,
            text,
            &marked.replace("[loaded]", "[loaded] [m]"),
            3,
        )
        .unwrap_err();
    }
}
