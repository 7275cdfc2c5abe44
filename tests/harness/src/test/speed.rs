// SPDX-License-Identifier: GPL-2.0

//! Reading must stay cheap: how many instructions it takes against `/proc/kallsyms`, in a guest
//! whose clock counts them, so that the figure does not depend on the machine.

use anyhow::{ensure, Result};

use super::Report;
use crate::bench;
use crate::configure::Kernel;
use crate::options::Options;

/// Returns the ratio.
pub fn run(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<f64> {
    let ratio = bench::ratio(options, kernel)?;
    let limit = options.arch()?.read_limit;
    println!(
        "# {}: reading takes {ratio:.3} of /proc/kallsyms",
        kernel.config
    );
    report.check(
        &format!(
            "{}: reading takes at most {limit} of /proc/kallsyms",
            kernel.config
        ),
        within(ratio, limit),
    );
    Ok(ratio)
}

fn within(ratio: f64, limit: f64) -> Result<()> {
    ensure!(
        ratio <= limit,
        "it takes {ratio:.3}, in instructions, as root with a buffer of 128 KiB"
    );
    Ok(())
}
