// SPDX-License-Identifier: GPL-2.0

//! What the option must not change, for the symbols of one kernel: their order, and what is printed.

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
            "# no untouched tree of Linux {}: not all is run",
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
