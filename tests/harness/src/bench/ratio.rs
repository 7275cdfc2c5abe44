// SPDX-License-Identifier: GPL-2.0

//! One figure for `make test`: what reading the file takes, against `/proc/kallsyms`.

use anyhow::{Context, Result};

use super::figures::{self, Figures};
use super::pack;
use crate::configure::Kernel;
use crate::options::Options;
use crate::qemu;

/// As root, with a buffer of 128 KiB.
pub fn ratio(options: &Options, kernel: &Kernel) -> Result<f64> {
    let guest = pack::pack(options, kernel, &[])?;
    let mut figures = Figures::new();
    qemu::count(options, &guest, "ratio", |line| {
        figures.add(line);
    })?;
    figures.check()?;
    let mut reads = figures.of_kind("read");
    let ours = reads.find(|figure| figure.word("file") == "kallmodsyms");
    let ours = ours.context("the guest did not read the file")?;
    let kallsyms = figures.counterpart(ours, &["user", "buffer"]);
    let kallsyms = kallsyms.context("the guest did not read /proc/kallsyms")?;
    Ok(figures::ratio(ours.instructions(), kallsyms.instructions()))
}
