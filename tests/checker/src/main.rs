// SPDX-License-Identifier: GPL-2.0

//! Checks, without booting it, what `/proc/kallmodsyms` of a built kernel says.
//!
//! The truth is in the object files: a symbol is in a module if and only if an object file of that
//! module defines it. This program reads them, finds out which of them defines each symbol of
//! vmlinux, and compares that with what the tables linked into vmlinux say. It shares no code with
//! the generator that made the tables, and does not read the linker's maps, which that works from.
//!
//! The phases, in order: [`archives`] tells which objects are in the kernel, [`modules`] which
//! modules each is in, [`elf`] reads the symbols, [`ties`] finds the definition of each symbol of
//! vmlinux, with [`groups`] and [`bases`] as its evidence; [`kallsyms`] and [`tables`] decode what
//! the kernel will print; [`verdict`] compares, and [`report`] writes it down.

mod archives;
mod bases;
mod elf;
mod groups;
mod image;
mod kallsyms;
mod modules;
mod names;
mod options;
mod program;
mod report;
mod tables;
mod ties;
mod verdict;

use std::io::{self, BufWriter, ErrorKind};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use options::Options;

/// The exit code for a kernel that says something wrong.
const WRONG: u8 = 1;
/// The exit code for a kernel that cannot be checked; clap uses it for bad usage.
const UNREADABLE: u8 = 2;

fn main() -> ExitCode {
    let options = Options::parse();
    match check(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(WRONG),
        Err(error) => {
            eprintln!("check: {error:#}");
            ExitCode::from(UNREADABLE)
        }
    }
}

/// Tells whether the kernel says what its objects say.
fn check(options: &Options) -> Result<bool> {
    let build = options.build()?;
    let mut names = names::Names::default();
    let program = program::Program::read(&build, &mut names)?;
    let image = image::Image::read(&build)?;
    let linked = image.symbols(&mut names)?;
    let origins = ties::origins(&program, &linked, &names);

    let listing = kallsyms::listing(&image, &build)?;
    let tables = tables::Tables::read(&image)?;
    let verdict = verdict::compare(&program, &linked, &origins, &listing, &tables, &names)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match report::write(&mut out, &image, &program, &tables, &verdict) {
        // Who reads only the first lines still gets the exit code.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    Ok(verdict.good(options.min_recall))
}
