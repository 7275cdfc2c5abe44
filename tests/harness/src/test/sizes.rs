// SPDX-License-Identifier: GPL-2.0

//! Compares the sizes in `/proc/kallmodsyms` with the sizes of vmlinux's ELF symbols.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{ensure, Context, Result};
use object::{Object, ObjectSymbol};

use super::report::Report;
use crate::lab::configure::Kernel;
use crate::lab::qemu::Files;

/// A symbol at the start of the image. Its address in the running kernel minus its address in vmlinux is the
/// offset of the image.
const FIRST_SYMBOL: &str = "_text";

/// The most differences to print.
const MAX_PRINTED: usize = 5;

/// The sizes of the symbols with the same address and name, in ascending order.
pub type Sizes = BTreeMap<(u64, String), Vec<u64>>;

pub fn run(report: &mut Report, kernel: &Kernel, files: &Files) -> Result<()> {
    if !kernel.has("CONFIG_KALLMODSYMS_SIZES")? {
        return Ok(());
    }
    let vmlinux = kernel.linked_vmlinux();
    let defined = defined(&fs::read(&vmlinux).with_context(|| vmlinux.display().to_string())?)?;
    let shown = shown(
        &files.read("kallmodsyms")?,
        &files.read("kallsyms")?,
        &defined,
    )?;
    let count: usize = shown.values().map(Vec::len).sum();
    let name = format!("{}: {count} sizes are the sizes in vmlinux", kernel.config);
    report.check(&name, compare(&shown, &defined));
    Ok(())
}

/// The sizes in the symbol table of vmlinux.
pub fn defined(vmlinux: &[u8]) -> Result<Sizes> {
    let mut sizes = Sizes::new();
    for symbol in object::File::parse(vmlinux)?.symbols() {
        let name = String::from_utf8_lossy(symbol.name_bytes()?).into_owned();
        let key = (symbol.address(), name);
        sizes.entry(key).or_default().push(symbol.size());
    }
    sizes.values_mut().for_each(|sizes| sizes.sort_unstable());
    Ok(sizes)
}

/// The sizes of the kernel's own symbols in `/proc/kallmodsyms`, with the addresses of vmlinux. In
/// `/proc/kallsyms`, the lines of these symbols have no brackets. Symbols in the lower half of addresses have
/// the same address in vmlinux: the per-cpu symbols of Linux 6.12 on x86_64.
///
/// ```text
/// 0000000000000000 0 A __per_cpu_start
/// ffffffff8d9b28c4 151 T vfs_read
/// ffffffff8da4a43f 2b22 t ext4_fill_super\t[ext4]
/// ```
pub fn shown(kallmodsyms: &str, kallsyms: &str, defined: &Sizes) -> Result<Sizes> {
    let of_kernel = kallsyms.lines().take_while(|line| !line.contains('\t'));
    let mut symbols = Vec::new();
    for (line, _) in kallmodsyms.lines().zip(of_kernel) {
        let symbol = line.split('\t').next().unwrap_or_default();
        let fields: Vec<_> = symbol.split(' ').collect();
        let [address, size, _, name] = fields[..] else {
            anyhow::bail!("a line of /proc/kallmodsyms does not have four fields: {line}");
        };
        let number = |text| u64::from_str_radix(text, 16).context(line.to_owned());
        symbols.push((number(address)?, number(size)?, name));
    }
    let runs_at = symbols.iter().find(|(_, _, name)| *name == FIRST_SYMBOL);
    let (runs_at, _, _) = runs_at.with_context(|| format!("the file has no {FIRST_SYMBOL}"))?;
    let linked_at = defined.keys().find(|(_, name)| name == FIRST_SYMBOL);
    let (linked_at, _) = linked_at.with_context(|| format!("vmlinux has no {FIRST_SYMBOL}"))?;

    let mut sizes = Sizes::new();
    for &(address, size, name) in &symbols {
        let offset = if address >> 63 == 0 {
            0
        } else {
            runs_at - linked_at
        };
        let key = (address.wrapping_sub(offset), name.to_owned());
        sizes.entry(key).or_default().push(size);
    }
    sizes.values_mut().for_each(|sizes| sizes.sort_unstable());
    Ok(sizes)
}

pub fn compare(shown: &Sizes, defined: &Sizes) -> Result<()> {
    let differing: Vec<_> = shown
        .iter()
        .filter(|(key, sizes)| defined.get(key) != Some(sizes))
        .map(|(key, sizes)| {
            let (address, name) = key;
            format!(
                "{address:x} {name}: {sizes:x?}, in vmlinux {:x?}",
                defined.get(key)
            )
        })
        .collect();
    ensure!(!shown.is_empty(), "no symbols to compare");
    ensure!(
        differing.is_empty(),
        "{} symbols differ, such as\n{}",
        differing.len(),
        differing[..differing.len().min(MAX_PRINTED)].join("\n")
    );
    Ok(())
}
