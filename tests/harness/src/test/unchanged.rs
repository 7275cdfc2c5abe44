// SPDX-License-Identifier: GPL-2.0

//! Tests that the option changes the order of the symbols, and the names that the kernel prints for addresses,
//! only as differences.rst allows.

use anyhow::{Context, Result};

use super::needs::{has_options, PRINTED};
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
    if has_options(kernel, PRINTED)? {
        printed::run(report, options, kernel, untouched)?;
    }
    Ok(())
}
