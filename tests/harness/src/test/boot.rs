// SPDX-License-Identifier: GPL-2.0

//! Builds a kernel, boots it, and takes over what its guest tests say.

use anyhow::{bail, Result};

use super::Report;
use crate::build;
use crate::configure::Kernel;
use crate::guest;
use crate::options::Options;
use crate::qemu;
use crate::tap::{self, Line};

pub fn run(report: &mut Report, options: &Options, kernel: &Kernel) -> Result<()> {
    build::build(kernel)?;
    let guest = guest::pack_for_tests(options, kernel)?;

    let (mut plan, mut seen) = (None, 0);
    let mut comments: Vec<String> = Vec::new();
    qemu::test(options, &guest, |line| match tap::parse(line) {
        Some(Line::Plan(count)) => plan = Some(count),
        Some(Line::Comment(comment)) => comments.push(comment),
        Some(Line::Passed(name)) => {
            seen += 1;
            comments.clear();
            report.passed(&format!("{}: {name}", kernel.config));
        }
        Some(Line::Failed(name)) => {
            seen += 1;
            report.failed(&format!("{}: {name}", kernel.config), &comments.join("\n"));
            comments.clear();
        }
        // "Bail out! /proc/kallsyms: No such file or directory"
        None if line.starts_with("Bail out!") => comments.push(line.to_owned()),
        None => {}
    })?;
    match plan {
        Some(count) if count == seen && count > 0 => Ok(()),
        Some(count) => bail!("the guest planned {count} tests and ran {seen}"),
        None => bail!(
            "the guest's tests did not come to their end\n{}",
            comments.join("\n")
        ),
    }
}
