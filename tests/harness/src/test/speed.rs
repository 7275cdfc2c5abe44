// SPDX-License-Identifier: GPL-2.0

//! Fails if a read of `/proc/kallmodsyms` takes too many instructions, compared with a read of `/proc/kallsyms`,
//! or if a lookup takes too many, compared with a search in an array of all addresses. The guest's clock counts
//! instructions, so the ratios do not depend on the host.

use anyhow::{anyhow, Result};

use super::{needs::has_options, report::Report};
use crate::bench;
use crate::lab::build;
use crate::lab::configure::Kernel;
use crate::lab::options::Options;
use crate::lab::workshop::Workshop;

/// The factor of the limit for a kernel that stores object files. In the kernel `tiny` of Linux 6.12, 6 % of the
/// lines have braces, and reading takes 1.10 times the instructions of reading without braces.
const BRACES: f64 = 1.12;

/// Limits the instructions of a read of the file. Returns the ratio to a read of `/proc/kallsyms`.
pub fn run(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<f64> {
    let ratio = bench::ratio(options, kernel)?;
    let what = format!("{}: reading", kernel.config);
    let limit = match kernel.has("CONFIG_KALLMODSYMS_OBJECTS")? {
        true => options.arch()?.read_limit * BRACES,
        false => options.arch()?.read_limit,
    };
    bound(
        report,
        &what,
        "of the instructions of /proc/kallsyms",
        ratio,
        limit,
    );
    Ok(ratio)
}

/// Prints `share`, the instructions of `what` relative to `of`. The test fails if `share` is above `limit`.
pub fn bound(report: &mut Report, what: &str, of: &str, share: f64, limit: f64) {
    println!("# {what} takes {share:.4} {of}");
    let within = match share <= limit {
        true => Ok(()),
        false => Err(anyhow!("it takes {share:.4} {of}")),
    };
    report.check(&format!("{what} takes at most {limit:.3} {of}"), within);
}

/// The most instructions for a line while 10,000 BPF programs are loaded, as a multiple of the instructions
/// while 100 are loaded.
const BPF_LINE_LIMIT: f64 = 1.2;
/// The most instructions for the whole file while 10,000 BPF programs are loaded, as a multiple of the
/// instructions for `/proc/kallsyms`.
const BPF_WHOLE_LIMIT: f64 = 0.1;

/// Limits the instructions of reading with many BPF programs. The guest needs about a minute to load these
/// programs.
pub fn run_bpf(report: &mut Report, options: &Options, workshop: &Workshop) -> Result<()> {
    let kernel = workshop.configured(options, options.config())?;
    build::build(&kernel)?;
    if !has_options(&kernel, &["CONFIG_BPF_JIT"])? {
        return Ok(());
    }
    let ratios = bench::bpf_ratios(options, &kernel)?;
    let name = format!("{}: with 10,000 BPF programs loaded,", kernel.config);
    for (what, of, share, limit) in [
        (
            "a line",
            "of the instructions with 100 loaded",
            ratios.line,
            BPF_LINE_LIMIT,
        ),
        (
            "reading",
            "of the instructions of /proc/kallsyms",
            ratios.whole_file,
            BPF_WHOLE_LIMIT,
        ),
    ] {
        bound(report, &format!("{name} {what}"), of, share, limit);
    }
    Ok(())
}

/// A limit of the instructions of a function, as a multiple of those of another function.
struct Limit {
    function: &'static str,
    of: &'static str,
    limit: f64,
}

/// The limits of lookups. In tiny of Linux 6.12.117 without the option, `kallsyms_lookup_size_offset()` takes 2.68
/// times the instructions of a plain search among all symbols. The first limit is 1.10 times 2.68, the second limit
/// is 2.68. Documentation/measurements.rst has the measured ratios. `printed/pair.rs` compares a kernel with the
/// option and a kernel without.
const SIZES: &[Limit] = &[
    Limit {
        function: "kallsyms_lookup_size_offset()",
        of: "plain_search()",
        limit: 2.95,
    },
    Limit {
        function: "kallmodsyms_lookup_size()",
        of: "plain_search()",
        limit: 2.68,
    },
];

/// The limits of lookups in a kernel that stores object files: about a tenth above the measured ratios. The first
/// ratio is the highest with the compilers of Debian 13, whose plain search is shorter. A guest with loaded modules needs more for `kallmodsyms_find_in_module()`, which compares their names first.
const OBJECTS: &[Limit] = &[
    Limit {
        function: "kallmodsyms_lookup_object()",
        of: "plain_search()",
        limit: 4.65,
    },
    Limit {
        function: "kallmodsyms_find_in_module()",
        of: "kallsyms_lookup_name()",
        limit: 1.45,
    },
    Limit {
        function: "kallmodsyms_find_in_object()",
        of: "kallsyms_lookup_name()",
        limit: 1.43,
    },
];

/// Limits the instructions of lookups.
pub fn lookups(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<()> {
    let mut limits = Vec::new();
    for (option, of_option) in [
        ("CONFIG_KALLMODSYMS_SIZES", SIZES),
        ("CONFIG_KALLMODSYMS_OBJECTS", OBJECTS),
    ] {
        if kernel.has(option)? {
            limits.extend(of_option);
        }
    }
    if limits.is_empty() {
        return Ok(());
    }
    let lookups = bench::lookups(options, kernel)?;
    for Limit {
        function,
        of,
        limit,
    } in limits
    {
        let share = bench::ratio_of(lookups.instructions(function)?, lookups.instructions(of)?);
        let what = format!("{}: {function}", kernel.config);
        bound(
            report,
            &what,
            &format!("of the instructions of {of}"),
            share,
            *limit,
        );
    }
    Ok(())
}
