// SPDX-License-Identifier: GPL-2.0

//! Measures subcommands of `kallmodsyms` and, for comparison, `nm`, `size` and `addr2line` of binutils.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::programs::{measured, Row, Words};
use super::text::{Document, Table};
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::tool;

/// The number of lines in the text for `annotate` and `count`. Each line names a symbol.
const LINES: usize = 200_000;

/// The number of addresses for `lookup` and `addr2line`.
const ADDRESSES: usize = 100;

/// The path of the text, in the build directory.
const TEXT: &str = "bench/text";

pub fn write(document: &mut Document, kernel: &Kernel) -> Result<()> {
    let commands = commands(&kernel.objtree)?;
    let rows = measured("tool", &kernel.objtree, &commands)?;
    let image = fs::metadata(kernel.objtree.join("vmlinux"))?.len() / 1024;
    let first = rows.first().map(|row| row.times.wall.as_secs_f64());
    let first = first.context("no program ran")?;
    let [ms, cpu, peak] = Row::COLUMNS;
    let mut table = Table::new(&[
        "Programs on vmlinux",
        ms,
        cpu,
        peak,
        "to nm",
        "peak to the file",
    ]);
    for row in &rows {
        let seconds = row.times.wall.as_secs_f64();
        let shares = [
            format!("{:.3}", seconds / first),
            format!("{:.3}", row.peak_kib as f64 / image as f64),
        ];
        table.row(row.cells().into_iter().chain(shares));
    }
    document.table(&table);
    Ok(())
}

/// The programs of binutils, beginning with `nm`, and then subcommands of `kallmodsyms`.
fn commands(objtree: &Path) -> Result<Vec<(&'static str, Words)>> {
    let tool = tool::build()?.display().to_string();
    let mut show = Command::new(&tool);
    let listing = command::output(show.current_dir(objtree).args(["show", "vmlinux"]))?;
    let functions = functions(&listing);
    let lines: Vec<String> = functions
        .iter()
        .cycle()
        .take(LINES)
        .map(|function| {
            format!(
                "[   12.345678]  ? {}+0x0/0x{:x}\n",
                function.name, function.size
            )
        })
        .collect();
    let file = objtree.join(TEXT);
    file.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(&file, lines.concat()).with_context(|| file.display().to_string())?;

    let step = (functions.len() / ADDRESSES).max(1);
    let addresses = functions.iter().step_by(step).take(ADDRESSES);
    let addresses: Words = addresses
        .map(|function| format!("0x{}", function.address))
        .collect();
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Words>()
    };
    let ours = |arguments: &[&str]| [words(&[&tool]), words(arguments)].concat();
    Ok(vec![
        (
            "nm --size-sort vmlinux",
            words(&["nm", "--size-sort", "vmlinux"]),
        ),
        ("size -A vmlinux", words(&["size", "-A", "vmlinux"])),
        (
            "addr2line -f, 100 addresses",
            [
                words(&["addr2line", "-f", "-e", "vmlinux"]),
                addresses.clone(),
            ]
            .concat(),
        ),
        ("kallmodsyms show vmlinux", ours(&["show", "vmlinux"])),
        (
            "kallmodsyms lookup, 100 addresses",
            [ours(&["lookup", "vmlinux"]), addresses].concat(),
        ),
        ("kallmodsyms modules vmlinux", ours(&["modules", "vmlinux"])),
        ("kallmodsyms sizes vmlinux", ours(&["sizes", "vmlinux"])),
        ("kallmodsyms sizes of the build", ours(&["sizes", "."])),
        (
            "kallmodsyms annotate, 200,000 lines",
            ours(&["annotate", "vmlinux", TEXT]),
        ),
        (
            "kallmodsyms count, 200,000 lines",
            ours(&["count", "vmlinux", TEXT]),
        ),
    ])
}

/// A function with a size.
struct Function<'t> {
    address: &'t str,
    size: u64,
    name: &'t str,
}

/// The functions in a listing that have a size.
fn functions(listing: &str) -> Vec<Function<'_>> {
    let function = |line| {
        let line: &str = line;
        let mut words = line.split(['\t', ' ']);
        let (address, size) = (words.next()?, words.next()?);
        let size = u64::from_str_radix(size, 16)
            .ok()
            .filter(|size| *size > 0)?;
        let is_text = words.next()?.eq_ignore_ascii_case("t");
        let name = words.next()?;
        is_text.then_some(Function {
            address,
            size,
            name,
        })
    };
    listing.lines().filter_map(function).collect()
}

#[cfg(test)]
mod tests {
    use super::functions;

    #[test]
    fn functions_have_a_size() {
        let listing = "ffff0 2 t a\t[m]\nffff2 1f T b\nffff4 0 T c\nffff5 8 d e\n";
        let functions = functions(listing);
        let names: Vec<_> = functions.iter().map(|function| function.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(functions[1].size, 0x1f);
    }
}
