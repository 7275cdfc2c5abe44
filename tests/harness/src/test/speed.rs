// SPDX-License-Identifier: GPL-2.0

//! Reading must stay cheap, and so must lookups: how many instructions they take against what the
//! kernel has for them, in a guest whose clock counts instructions, so that the figure does not
//! depend on the machine.

use anyhow::{anyhow, Result};

use super::{needs::can, report::Report};
use crate::bench;
use crate::lab::build;
use crate::lab::configure::Kernel;
use crate::lab::options::Options;
use crate::lab::workshop::Workshop;

/// Returns the ratio.
pub fn run(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<f64> {
    let ratio = bench::ratio(options, kernel)?;
    let what = format!("{}: reading", kernel.config);
    let limit = options.arch()?.read_limit;
    bound(report, &what, "of /proc/kallsyms", ratio, limit);
    Ok(ratio)
}

/// Prints what share `of` some instructions `what` takes, and fails if it is above the limit.
pub fn bound(report: &mut Report, what: &str, of: &str, share: f64, limit: f64) {
    println!("# {what} takes {share:.4} {of}");
    let within = match share <= limit {
        true => Ok(()),
        false => Err(anyhow!("it takes {share:.4}, in instructions")),
    };
    report.check(&format!("{what} takes at most {limit} {of}"), within);
}

/// The limits of a line with 10,000 BPF programs to one with 100, and of the whole file to
/// `/proc/kallsyms`.
const BPF_LINE_LIMIT: f64 = 1.2;
const BPF_WHOLE_LIMIT: f64 = 0.1;

/// Loads many BPF programs, which takes a minute or so.
pub fn run_bpf(report: &mut Report, options: &Options, workshop: &Workshop) -> Result<()> {
    let kernel = workshop.configured(options, options.config())?;
    build::build(&kernel)?;
    if !can(&kernel, &["CONFIG_BPF_JIT"])? {
        return Ok(());
    }
    let growth = bench::bpf_growth(options, &kernel)?;
    let name = format!("{}: with 10,000 BPF programs", kernel.config);
    for (what, of, share, limit) in [
        ("a line", "of one with 100", growth.line, BPF_LINE_LIMIT),
        (
            "reading",
            "of /proc/kallsyms",
            growth.whole,
            BPF_WHOLE_LIMIT,
        ),
    ] {
        bound(report, &format!("{name} {what}"), of, share, limit);
    }
    Ok(())
}

/// In tiny of Linux 6.12.117, `kallsyms_lookup_size_offset()` of a kernel without the option takes 2.68
/// times the instructions of a plain search among all symbols. The limits are 1.10 times as many, and
/// as many. Documentation/measurements.rst has what kernels take; `printed/pair.rs` compares two.
const SIZE_OFFSET_LIMIT: f64 = 2.95;
const SIZE_LIMIT: f64 = 2.68;

/// Lookups of addresses, where sizes are stored.
pub fn lookups(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<()> {
    if !kernel.has("CONFIG_KALLMODSYMS_SIZES")? {
        return Ok(());
    }
    let lookups = bench::lookups(options, kernel)?;
    for (function, instructions, limit) in [
        (
            "kallsyms_lookup_size_offset",
            lookups.size_offset,
            SIZE_OFFSET_LIMIT,
        ),
        ("kallmodsyms_lookup_size", lookups.size, SIZE_LIMIT),
    ] {
        let share = bench::ratio_of(instructions, lookups.plain_search);
        let what = format!("{}: {function}()", kernel.config);
        bound(report, &what, "of a search among all symbols", share, limit);
    }
    Ok(())
}
