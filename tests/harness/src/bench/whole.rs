// SPDX-License-Identifier: GPL-2.0

//! The time that the option adds to a build of the whole kernel, from nothing to all of its files.
//!
//! Both kernels were timed when they were built. Two builds of that length differ by more than the
//! cost of the component. So the command also measures the component alone: compiling the component
//! and the generator, and their part of the link.

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

/// After this, vmlinux is to be linked anew.
pub fn write(document: &mut Document, kernel: &Kernel, without: &Kernel) -> Result<()> {
    let (Some(with), Some(base)) = (
        build::time_from_nothing(kernel),
        build::time_from_nothing(without),
    ) else {
        document.line(&format!(
            "\nBuilding all from nothing was not timed, as a build was interrupted. To time both, remove {} and {} first.",
            kernel.objtree.display(),
            without.objtree.display()
        ));
        return Ok(());
    };
    let mut phase = Phase::start("whole");
    phase.announce("compiling the component and the generator");
    let mut ours = compile(kernel)?;
    ours += relink::in_all_passes(kernel)?;
    phase.done("timed");

    let rows = [
        ("with the option", with),
        ("of that, kallmodsyms compiled and run", ours),
        ("without the option", base),
    ];
    let table = text::shares("Building all from nothing", 4, &rows);
    document.table(&table);
    Ok(())
}

/// The time of compiling the component and the generator: the excess over a build without changes.
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
