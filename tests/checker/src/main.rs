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
//! the kernel will print; [`verdict`] compares, and [`report`] writes it down, with what the build
//! itself says that it left in no module ([`unattributed`]). [`lookups`] compares
//! something else, if asked to: what the kernel answers for an address; [`builtin_ranges`] stands
//! in for the tables with what upstream's build makes; and [`encodings`] what the
//! [`sizes`] would take if they were stored otherwise.

mod archives;
mod bases;
mod builtin_ranges;
mod elf;
mod encodings;
mod groups;
mod image;
mod kallsyms;
mod lookups;
mod modules;
mod names;
mod options;
mod program;
mod report;
mod sizes;
mod tables;
mod ties;
mod unattributed;
mod verdict;

use std::io::{self, BufWriter, ErrorKind};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use options::{Aim, Options};
use unattributed::Unattributed;

/// The exit code for a kernel that says something wrong.
const WRONG: u8 = 1;
/// The exit code for a kernel that cannot be checked; clap uses it for bad usage.
const UNREADABLE: u8 = 2;

fn main() -> ExitCode {
    let options = Options::parse();
    let result = match options.aim() {
        Aim::Modules => modules(&options),
        Aim::Lookups => lookups(&options),
        Aim::Encodings => encodings(&options),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(WRONG),
        Err(error) => {
            eprintln!("check: {error:#}");
            ExitCode::from(UNREADABLE)
        }
    }
}

/// Tells whether the kernel says what its objects say.
fn modules(options: &Options) -> Result<bool> {
    let build = options.build()?;
    let mut names = names::Names::default();
    let program = program::Program::read(&build, &mut names)?;
    let image = image::Image::read(&build)?;
    let linked = image.symbols(&mut names)?;
    let origins = ties::origins(&program, &linked, &names);

    let listing = kallsyms::listing(&image, &build)?;
    let tables = tables::Tables::read(&image)?;
    let other = options.ranges().map(|path| {
        let address_of = |name: &str| {
            let line = listing.iter().find(|line| line.name == name.as_bytes());
            line.map(|line| line.address)
        };
        builtin_ranges::BuiltinRanges::read(path, address_of)
    });
    let other = other.transpose()?;
    let shown = |index: usize, address: u64| match &other {
        Some(ranges) => Ok(ranges.shown(address)),
        None => tables.shown(index, address),
    };
    let verdict = verdict::compare(&program, &linked, &origins, &listing, shown, &names)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let unattributed = Unattributed::read(&build)?;
    let written = report::write(&mut out, &image, &program, &tables, &verdict, &unattributed);
    unless_unread(written)?;
    let is_complete = other.is_some() || options.unattributed || unattributed.is_empty();
    Ok(verdict.good(options.min_recall) && is_complete)
}

/// Tells whether no address is named worse than without true sizes.
fn lookups(options: &Options) -> Result<bool> {
    let kernel = Kernel::read(options)?;
    let (listing, linked) = (&kernel.listing, &kernel.linked);
    let lookups = lookups::compare(&kernel.build, listing, linked, &kernel.names)?;
    unless_unread(lookups.write(&mut BufWriter::new(io::stdout().lock())))?;
    Ok(lookups.good())
}

/// Compares ways to store the sizes.
fn encodings(options: &Options) -> Result<bool> {
    let kernel = Kernel::read(options)?;
    let (listing, linked) = (&kernel.listing, &kernel.linked);
    let encodings = encodings::Encodings::of(&kernel.image, listing, linked, &kernel.names);
    unless_unread(encodings.write(&mut BufWriter::new(io::stdout().lock())))?;
    Ok(true)
}

/// vmlinux, without the objects that it was linked from.
struct Kernel {
    build: PathBuf,
    names: names::Names,
    image: image::Image,
    linked: Vec<elf::Entry>,
    listing: Vec<kallsyms::Line>,
}

impl Kernel {
    fn read(options: &Options) -> Result<Self> {
        let build = options.build()?;
        let mut names = names::Names::default();
        let image = image::Image::read(&build)?;
        let linked = image.symbols(&mut names)?;
        let listing = kallsyms::listing(&image, &build)?;
        Ok(Self {
            build,
            names,
            image,
            linked,
            listing,
        })
    }
}

/// Who reads only the first lines still gets the exit code.
fn unless_unread(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
