// SPDX-License-Identifier: GPL-2.0

//! Reading must stay cheap: how many instructions it takes against `/proc/kallsyms`, in a guest
//! whose clock counts them, so that the figure does not depend on the machine.

use anyhow::{ensure, Result};

use super::Report;
use crate::bench;
use crate::configure::Kernel;
use crate::options::Options;

/// Measured with Linux 6.12.117: 0.114 for defconfig and tiny-ibt, 0.116 for tiny. The aim is a tenth.
const LIMIT: f64 = 0.125;

/// Returns the ratio.
pub fn run(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<f64> {
    let ratio = bench::ratio(options, kernel)?;
    println!(
        "# {}: reading takes {ratio:.3} of /proc/kallsyms",
        kernel.config
    );
    report.check(
        &format!(
            "{}: reading takes at most {LIMIT} of /proc/kallsyms",
            kernel.config
        ),
        within(ratio),
    );
    Ok(ratio)
}

fn within(ratio: f64) -> Result<()> {
    ensure!(
        ratio <= LIMIT,
        "it takes {ratio:.3}, in instructions, as root with a buffer of 128 KiB"
    );
    Ok(())
}
