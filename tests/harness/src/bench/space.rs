// SPDX-License-Identifier: GPL-2.0

//! Measures the length of the tables, and the growth of the kernel.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};
use object::{Object, ObjectSection, ObjectSymbol};

use super::figures::ratio;
use super::text::{number, Document, Table};
use crate::lab::command;
use crate::lab::configure::Kernel;

/// A table in the object file that the last pass of the link made.
struct Stored {
    name: String,
    bytes: Vec<u8>,
}

/// The stem of the files of the link's last pass, as `.tmp_vmlinux2`.
pub fn last_pass(objtree: &Path) -> Result<String> {
    let mut passes = Vec::new();
    for entry in fs::read_dir(objtree)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(".kallsyms.o") {
            passes.push((entry.metadata()?.modified()?, stem.to_owned()));
        }
    }
    let last = passes.into_iter().max();
    last.map(|(_, stem)| stem)
        .with_context(|| format!("{}: no .tmp_vmlinux*.kallsyms.o", objtree.display()))
}

/// All tables in .rodata: the tables of kallsyms and of the generator. A table ends where the next begins.
fn stored(objtree: &Path) -> Result<Vec<Stored>> {
    let path = objtree.join(format!("{}.kallsyms.o", last_pass(objtree)?));
    let data = fs::read(&path).with_context(|| path.display().to_string())?;
    let file = object::File::parse(&*data).with_context(|| path.display().to_string())?;
    let section = file
        .section_by_name(".rodata")
        .with_context(|| format!("{}: no .rodata", path.display()))?;
    let bytes = section.data()?;
    let mut labels: Vec<(u64, &str)> = file
        .symbols()
        .filter(|symbol| symbol.section_index() == Some(section.index()))
        .filter_map(|symbol| Some((symbol.address(), symbol.name().ok()?)))
        .filter(|(_, name)| name.starts_with("kallsyms_"))
        .collect();
    labels.sort_unstable();
    let ends = labels.iter().skip(1).map(|&(start, _)| start);
    let ends: Vec<u64> = ends.chain([section.size()]).collect();
    labels
        .iter()
        .zip(ends)
        .map(|(&(start, name), end)| {
            let range = usize::try_from(start)?..usize::try_from(end)?;
            Ok(Stored {
                name: name.to_owned(),
                bytes: bytes.get(range).unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

/// The index in [`GROUPS`] of the group that a table of the kernel belongs to; `None` for a table of kallsyms.
fn group(name: &str) -> Option<usize> {
    let name = name.strip_prefix("kallsyms_")?;
    match name {
        "num_modules" | "module_base" | "module_offsets" | "modules" => Some(0),
        "num_module_exceptions" | "module_exceptions" | "exception_modules" => Some(1),
        _ if name.starts_with("module_names") => Some(2),
        _ if name.starts_with("size") => Some(3),
        _ if name.starts_with("object") => Some(4),
        _ => None,
    }
}

const GROUPS: [&str; 5] = [
    "ranges: starts and modules",
    "exceptions and their modules",
    "names of modules",
    "sizes",
    "object files",
];

/// The length of all tables of the generator, in bytes.
pub fn table_bytes(objtree: &Path) -> Result<u64> {
    let stored = stored(objtree)?;
    let grouped = stored.iter().filter(|table| group(&table.name).is_some());
    Ok(grouped.map(|table| table.bytes.len() as u64).sum())
}

/// Pairs of (name, number): the counts of symbols, ranges and exceptions, and the bytes of each group of
/// tables.
pub fn counts(objtree: &Path) -> Result<Vec<(String, u64)>> {
    let stored = stored(objtree)?;
    let mut counts = Vec::new();
    for (title, name) in [
        ("symbols", "kallsyms_num_syms"),
        ("ranges", "kallsyms_num_modules"),
        ("exceptions", "kallsyms_num_module_exceptions"),
    ] {
        let table = stored.iter().find(|table| table.name == name);
        let word = table.and_then(|table| table.bytes.first_chunk());
        let word = word.with_context(|| format!("the kernel has no table {name}"))?;
        counts.push((title.to_owned(), u64::from(u32::from_le_bytes(*word))));
    }
    for (index, name) in GROUPS.iter().enumerate() {
        let of_group = stored
            .iter()
            .filter(|table| group(&table.name) == Some(index));
        let bytes = of_group.map(|table| table.bytes.len() as u64).sum();
        counts.push((format!("{name}, bytes"), bytes));
    }
    Ok(counts)
}

pub fn write(document: &mut Document, kernel: &Kernel, without: Option<&Kernel>) -> Result<()> {
    let stored = stored(&kernel.objtree)?;
    let bytes_of = |name: &str| -> &[u8] {
        let stored = stored.iter().find(|stored| stored.name == name);
        stored.map_or(&[], |stored| &stored.bytes)
    };
    let first = |name: &str| -> Result<u64> {
        let word = bytes_of(name)
            .first_chunk()
            .with_context(|| format!("the kernel has no table {name}"))?;
        Ok(u64::from(u32::from_le_bytes(*word)))
    };
    let ranges = first("kallsyms_num_modules")?;
    let symbols = first("kallsyms_num_syms")?;
    let vmlinux = Image::read(kernel)?;

    let mut table = Table::new(&[
        "Tables in vmlinux",
        "bytes",
        "per range",
        "per symbol",
        "% of vmlinux",
    ]);
    let mut row = |name: &str, bytes: u64| {
        table.row([
            name.to_owned(),
            number(bytes),
            format!("{:.2}", ratio(bytes, ranges)),
            format!("{:.3}", ratio(bytes, symbols)),
            format!("{:.4}", 100.0 * ratio(bytes, vmlinux.file)),
        ]);
    };
    let sizes: Vec<u64> = (0..GROUPS.len())
        .map(|index| {
            let of_group = stored
                .iter()
                .filter(|table| group(&table.name) == Some(index));
            of_group.map(|table| table.bytes.len() as u64).sum()
        })
        .collect();
    for (name, &bytes) in GROUPS.iter().zip(&sizes) {
        row(name, bytes);
    }
    row("all of these", sizes.iter().sum());
    let names = bytes_of("kallsyms_module_names");
    row("ranges, exceptions and names", sizes.iter().take(3).sum());
    let text_ranges = text_ranges(&kernel.objtree, bytes_of("kallsyms_module_offsets"), ranges)?;
    row(
        "ranges of .text alone, and the names",
        text_ranges * 8 + names.len() as u64,
    );
    document.table(&table);
    document.line(&format!(
        "\n{} ranges, {} of them in .text; {} symbols; vmlinux has {} bytes.",
        number(ranges),
        number(text_ranges),
        number(symbols),
        number(vmlinux.file)
    ));

    let mut table = Table::new(&["The kernel", "with", "without", "growth", "%"]);
    let Some(without) = without else {
        document.line(
            "make bench OFF=1 also builds a kernel without the option, and shows how much larger the \
             option makes the kernel.",
        );
        return Ok(());
    };
    let without = Image::read(without)?;
    let image = Path::new(kernel.options.arch()?.image).file_name();
    let image = image.unwrap_or_default().to_string_lossy();
    for (name, with, without) in [
        ("vmlinux in memory (size)", vmlinux.memory, without.memory),
        ("vmlinux, the file", vmlinux.file, without.file),
        (&image, vmlinux.boot, without.boot),
    ] {
        let sign = if with < without { "-" } else { "" };
        table.row([
            name.to_owned(),
            number(with),
            number(without),
            format!("{sign}{}", number(with.abs_diff(without))),
            format!("{:.3}", 100.0 * (ratio(with, without) - 1.0)),
        ]);
    }
    document.table(&table);
    Ok(())
}

/// The number of ranges that begin in .text, the only section that Nick Alcock's patches of 2021 covered.
fn text_ranges(objtree: &Path, offsets: &[u8], ranges: u64) -> Result<u64> {
    let path = objtree.join("vmlinux");
    let data = fs::read(&path).with_context(|| path.display().to_string())?;
    let file = object::File::parse(&*data).with_context(|| path.display().to_string())?;
    let address = |name: &str| -> Result<u64> {
        let symbol = file.symbol_by_name(name);
        let symbol = symbol.with_context(|| format!("{}: no {name}", path.display()))?;
        Ok(symbol.address())
    };
    let (start, end) = (address("_text")?, address("_etext")?);
    let begins: Vec<u64> = offsets
        .chunks_exact(4)
        .filter_map(|word| Some(u64::from(u32::from_le_bytes(word.try_into().ok()?))))
        .take(usize::try_from(ranges)?)
        .collect();
    ensure!(
        begins.windows(2).all(|pair| pair[0] < pair[1]),
        "kallsyms_module_offsets is not in ascending order"
    );
    Ok(begins.iter().filter(|&&begin| begin < end - start).count() as u64)
}

/// The sizes of a kernel, in bytes.
struct Image {
    /// The size of vmlinux.
    file: u64,
    /// The sum of text, data and bss, as `size` prints it.
    memory: u64,
    /// The size of the bootable file.
    boot: u64,
}

impl Image {
    fn read(kernel: &Kernel) -> Result<Self> {
        let length = |path: &Path| -> Result<u64> {
            let metadata = fs::metadata(path).with_context(|| path.display().to_string())?;
            Ok(metadata.len())
        };
        let vmlinux = kernel.objtree.join("vmlinux");
        //    text	   data	    bss	    dec	    hex	filename
        // 26716430	11037718	1466372	39220520	2567528	vmlinux
        let output = command::output(Command::new("size").arg(&vmlinux))?;
        let memory = output
            .lines()
            .nth(1)
            .and_then(|line| line.split_whitespace().nth(3)?.parse().ok())
            .with_context(|| format!("size printed {output:?}"))?;
        Ok(Self {
            file: length(&vmlinux)?,
            memory,
            boot: length(&kernel.objtree.join(kernel.options.arch()?.image))?,
        })
    }
}
