// SPDX-License-Identifier: GPL-2.0

//! Measures for `make test`: the cost of reading the file relative to `/proc/kallsyms`, and the
//! instructions of lookups in the kernel.

use anyhow::{Context, Result};

use super::figures::{self, Figures};
use super::{initramfs, modules};
use crate::lab::configure::Kernel;
use crate::lab::options::Options;
use crate::lab::qemu;

/// The instructions of reading the file as root, divided by those of `/proc/kallsyms`. The buffer has
/// 128 KiB.
pub fn ratio(options: &Options, kernel: &Kernel) -> Result<f64> {
    let guest = initramfs::make(options, kernel, &[])?;
    let mut figures = Figures::new();
    qemu::count(options, &guest, "ratio", |line| {
        figures.add(line);
    })?;
    figures.check()?;
    let mut reads = figures.of_kind("read");
    let kallmodsyms = reads.find(|figure| figure.word("file") == "kallmodsyms");
    let kallmodsyms = kallmodsyms.context("the guest did not read /proc/kallmodsyms")?;
    let kallsyms = figures.counterpart(kallmodsyms, &["user", "buffer"]);
    let kallsyms = kallsyms.context("the guest did not read /proc/kallsyms")?;
    Ok(figures::ratio(
        kallmodsyms.instructions(),
        kallsyms.instructions(),
    ))
}

/// The instructions of lookups, each for the same addresses in the kernel's text or for the same names.
pub struct Lookups(Figures);

impl Lookups {
    /// The instructions of `function`. `plain_search()` is a binary search in an array of all addresses; a kernel
    /// without the option must also decode each address.
    pub fn instructions(&self, function: &str) -> Result<u64> {
        let kinds = ["lookup", "find"].into_iter();
        let mut figures = kinds.flat_map(|kind| self.0.of_kind(kind));
        let figure = figures.find(|figure| figure.word("function") == function);
        let figure = figure.with_context(|| format!("the guest did not measure {function}"))?;
        Ok(figure.instructions())
    }
}

pub fn lookups(options: &Options, kernel: &Kernel) -> Result<Lookups> {
    let guest = initramfs::make(options, kernel, &[modules::lookup(kernel)?])?;
    let mut figures = Figures::new();
    qemu::count(options, &guest, "lookups", |line| {
        figures.add(line);
    })?;
    figures.check()?;
    Ok(Lookups(figures))
}
