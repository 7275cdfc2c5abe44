// SPDX-License-Identifier: GPL-2.0

//! Measures the time that the option adds to a build of the whole kernel from nothing.
//!
//! The harness times each build from nothing. The times of two equal builds differ by more than kallmodsyms
//! costs. So this file also measures that cost alone: the time to compile kernel/kallmodsyms/, and the
//! generator's time in the link.

use std::fs;
use std::io::ErrorKind;

use anyhow::{bail, Result};

use super::relink;
use super::text::{self, Document};
use crate::lab::build;
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::progress::Phase;
use crate::lab::stopwatch::{Stopwatch, Times};

/// Writes the table, or a line if the time of a build is missing. After the table, vmlinux is older than the
/// component, and must be linked again.
pub fn write(document: &mut Document, kernel: &Kernel, without: &Kernel) -> Result<()> {
    let (Some(with), Some(base)) = (
        build::time_from_nothing(kernel),
        build::time_from_nothing(without),
    ) else {
        document.line(&format!(
            "\nThere is no table of whole builds, because an interrupted build has no time. To time both builds \
             from nothing, remove {} and {}, and run this command again.",
            kernel.objtree.display(),
            without.objtree.display()
        ));
        return Ok(());
    };
    let mut phase = Phase::start("whole");
    phase.announce("compiling the component and the generator");
    let mut component = compile(kernel)?;
    component += relink::generator_in_all_passes(kernel)?;
    phase.done("timed");

    let rows = [
        ("with the option", with),
        ("of that, kallmodsyms compiled and run", component),
        ("without the option", base),
    ];
    let table = text::shares("Building all from nothing", 4, &rows);
    document.table(&table);
    Ok(())
}

/// The times to compile all of kernel/kallmodsyms/, less the times of a build without changes.
fn compile(kernel: &Kernel) -> Result<Times> {
    let directory = "kernel/kallmodsyms/";
    let make = || -> Result<Times> {
        let log = kernel.objtree.join("bench/whole.log");
        let watch = Stopwatch::start()?;
        command::logged(kernel.make()?.arg(directory), &log)?;
        watch.times()
    };
    let nothing = make().and_then(|_| make())?;
    match fs::remove_dir_all(kernel.objtree.join(directory)) {
        Err(error) if error.kind() != ErrorKind::NotFound => bail!("{directory}: {error}"),
        _ => {}
    }
    let all = make()?;
    Ok(Times {
        wall: all.wall.saturating_sub(nothing.wall),
        cpu: all.cpu.saturating_sub(nothing.cpu),
    })
}
