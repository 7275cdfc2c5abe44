// SPDX-License-Identifier: GPL-2.0

//! With the option off, a tree with the hooks and an untouched tree build kernels whose sections have
//! the same names, types, addresses and sizes.

use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};

use super::report::Report;
use crate::lab::build;
use crate::lab::cache::Cache;
use crate::lab::command;
use crate::lab::configure;
use crate::lab::modules;
use crate::lab::options::Options;
use crate::lab::source::{self, Tree};
use crate::lab::toolchain::Toolchain;

const CONFIG: &str = "off";

pub fn run(
    report: &mut Report,
    options: &Options,
    cache: &Cache,
    toolchain: &Toolchain,
    packaged: &Tree,
) -> Result<()> {
    source::apply(options, packaged)?;
    let pristine = packaged.pristine.as_ref().context("no untouched tree")?;
    let mut sections = Vec::new();
    for tree in [pristine, &packaged.path] {
        let kernel = configure::configure(options, cache, toolchain, tree, CONFIG)?;
        build::build(&kernel)?;
        sections.push(sections_of(&kernel.objtree.join("vmlinux"))?);
        if tree != pristine {
            report.check(
                "with the option off, a module that calls kallmodsyms can be built",
                modules::build_sample_in_c(&kernel).map(drop),
            );
        }
    }
    report.check(
        "with the option off, vmlinux has the sections and sizes of an untouched tree",
        {
            let [without, with] = &sections[..] else {
                unreachable!("two trees")
            };
            same(without, with)
        },
    );
    Ok(())
}

/// The section headers of `vmlinux`: a line for each section, with its name, type, address and size.
fn sections_of(vmlinux: &Path) -> Result<String> {
    let mut readelf = Command::new("readelf");
    command::output(readelf.args(["--wide", "--section-headers"]).arg(vmlinux))
}

fn same(without: &str, with: &str) -> Result<()> {
    let differing: Vec<_> = without
        .lines()
        .zip(with.lines())
        .filter(|(without, with)| without != with)
        .map(|(without, with)| format!("- {without}\n+ {with}"))
        .collect();
    ensure!(
        without == with,
        "untouched tree (-) and tree with hooks (+):\n{}",
        differing.join("\n")
    );
    Ok(())
}
