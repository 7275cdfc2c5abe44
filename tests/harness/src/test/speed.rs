// SPDX-License-Identifier: GPL-2.0

//! Reading must stay cheap, and so must lookups: how many instructions they take against what the
//! kernel has for them, in a guest whose clock counts instructions, so that the figure does not
//! depend on the machine.

use anyhow::{anyhow, ensure, Result};

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

/// What lookups may take of a plain search among all symbols. Measured with Linux 6.12.117: 2.006 and
/// 1.291 for tiny, which is compiled for size, so that the kernel calls a function to decode each
/// address that it compares with.
const SIZE_OFFSET_LIMIT: f64 = 2.1;
const SIZE_LIMIT: f64 = 1.35;

/// Lookups of addresses, where sizes are stored.
pub fn lookups(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<()> {
    if !kernel.has("CONFIG_KALLMODSYMS_SIZES")? {
        return Ok(());
    }
    let lookups = bench::lookups(options, kernel)?;
    for (function, share, limit) in [
        (
            "kallsyms_lookup_size_offset",
            lookups.size_offset,
            SIZE_OFFSET_LIMIT,
        ),
        ("kallmodsyms_lookup_size", lookups.size, SIZE_LIMIT),
    ] {
        let own = "of a search among all symbols";
        println!("# {}: {function}() takes {share:.3} {own}", kernel.config);
        let verdict = match share <= limit {
            true => Ok(()),
            false => Err(anyhow!("it takes {share:.3}, in instructions")),
        };
        report.check(
            &format!(
                "{}: {function}() takes at most {limit} {own}",
                kernel.config
            ),
            verdict,
        );
    }
    Ok(())
}
