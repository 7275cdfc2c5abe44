// SPDX-License-Identifier: GPL-2.0

//! The parts of a kernel that the option must not change: the order of its symbols, and the printed names.

use anyhow::{Context, Result};

use super::needs::{can, PRINTED};
use super::{order, printed, report::Report};
use crate::lab::configure::Kernel;
use crate::lab::options::Options;
use crate::lab::source::{self, Tree};

pub fn run(report: &mut Report, options: &Options, kernel: &Kernel, packaged: &Tree) -> Result<()> {
    let untouched = packaged.pristine.as_ref().context("no untouched tree")?;
    if source::series(untouched)? != kernel.series {
        println!(
            "# no untouched tree of Linux {}: some tests are skipped",
            kernel.series
        );
        return Ok(());
    }
    order::run(report, kernel, untouched)?;
    if can(kernel, PRINTED)? {
        printed::run(report, options, kernel, untouched)?;
    }
    Ok(())
}
