// SPDX-License-Identifier: GPL-2.0

//! Checks `/proc/kallmodsyms` of a built kernel without booting it.
//!
//! The object files are the reference: a symbol is in the modules of the object file that defines it. This
//! program finds the definition of each symbol of vmlinux in the object files. It compares the modules of
//! the definition with the tables in vmlinux. This program shares no code with the generator, and does not
//! read the link map, the generator's input.
//!
//! The phases, in order:
//!
//! 1. [`archives`] finds the objects of the kernel, and [`modules`] finds the modules of each object.
//! 2. [`elf`] reads the symbols.
//! 3. [`ties`] finds the definition of each symbol of vmlinux, with evidence from [`groups`] and [`bases`].
//! 4. [`kallsyms`] and [`tables`] decode the listing of the kernel.
//! 5. [`verdict`] compares the modules. If the kernel stores object files, [`object_tables`] decodes them and
//!    [`object_verdict`] compares them.
//! 6. [`report`] writes the results, and the list of [`unattributed`] symbols of the build.
//!
//! Options select other checks. [`order`] compares the order of `/proc/kallsyms` with the order that
//! an [`untouched`] kernel tree would give it. [`builtin_ranges`] reads `modules.builtin.ranges` in place of the module
//! tables. [`encodings`] and [`object_encodings`] compute how many bytes the tables of [`sizes`] and
//! of object files take in other encodings.

mod archives;
mod bases;
mod builtin_ranges;
mod elf;
mod encodings;
mod groups;
mod image;
mod kallsyms;
mod modules;
mod names;
mod object_encodings;
mod object_tables;
mod object_verdict;
mod options;
mod order;
mod program;
mod report;
mod sizes;
mod tables;
mod ties;
mod unattributed;
mod untouched;
mod verdict;

use std::io::{self, BufWriter, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use options::{Aim, Options};
use order::Order;
use unattributed::Unattributed;

/// The exit code for a kernel that fails the check.
const WRONG: u8 = 1;
/// The exit code for a kernel that the checker cannot read. clap uses the same code for wrong arguments.
const UNREADABLE: u8 = 2;

fn main() -> ExitCode {
    let options = Options::parse();
    let result = match options.aim() {
        Aim::Modules => modules(&options),
        Aim::Order(tree) => order(&options, tree),
        Aim::Untouched(tree) => list_untouched(&options, tree),
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

/// Checks the modules of the symbols, and the object files if the kernel stores them. Returns true if the kernel
/// passes.
fn modules(options: &Options) -> Result<bool> {
    let build = options.build()?;
    let mut names = names::Names::default();
    let program = program::Program::read(&build, &mut names)?;
    let image = image::Image::read(&build)?;
    let linked = image.symbols(&mut names)?;
    let origins = ties::origins(&program, &linked, &names);

    let listing = kallsyms::listing(&image, &build)?;
    let tables = tables::Tables::read(&image)?;
    let ranges = options.ranges().map(|path| {
        let address_of = |name: &str| {
            let line = listing.iter().find(|line| line.name == name.as_bytes());
            line.map(|line| line.address)
        };
        builtin_ranges::BuiltinRanges::read(path, address_of)
    });
    let ranges = ranges.transpose()?;
    let shown = |index: usize, address: u64| match &ranges {
        Some(ranges) => Ok(ranges.shown(address)),
        None => tables.shown(index, address),
    };
    let objects = object_tables::ObjectTables::read(&image, listing.len())?;
    let objects = objects.as_ref();
    let verdict = verdict::compare(
        &program, &linked, &origins, &listing, shown, objects, &names,
    )?;
    let mut out = BufWriter::new(io::stdout().lock());
    let unattributed = Unattributed::read(&build)?;
    let written = report::write(
        &mut out,
        &image,
        &program,
        &tables,
        objects,
        &verdict,
        &unattributed,
    );
    unless_unread(written)?;
    let is_complete = ranges.is_some() || options.unattributed || unattributed.is_empty();
    Ok(verdict.good(options.min_recall) && is_complete)
}

/// Returns true if `/proc/kallsyms` has the order that an untouched tree gives it, except that the size may
/// decide between symbols at one address.
fn order(options: &Options, tree: &Path) -> Result<bool> {
    let kernel = Kernel::read(options)?;
    let untouched = untouched::order(tree, &kernel.build)?;
    let sizes = sizes::Sizes::new(&kernel.linked, &kernel.names);
    let by_size = kallsyms::configured(&kernel.build, "CONFIG_KALLMODSYMS_SIZES")?;
    let order = Order::compare(&kernel.listing, &untouched, sizes, by_size)?;
    unless_unread(order.write(&mut BufWriter::new(io::stdout().lock())))?;
    Ok(order.good())
}

/// Lists the symbols of a kernel in the order of an untouched tree.
fn list_untouched(options: &Options, tree: &Path) -> Result<bool> {
    let kernel = Kernel::read(options)?;
    let untouched = untouched::order(tree, &kernel.build)?;
    let mut out = BufWriter::new(io::stdout().lock());
    unless_unread(order::write_untouched(
        &mut out,
        &kernel.listing,
        &untouched,
    ))?;
    Ok(true)
}

/// Prints the number of bytes that the tables of sizes and of object files take in each encoding.
fn encodings(options: &Options) -> Result<bool> {
    let kernel = Kernel::read(options)?;
    let (listing, linked) = (&kernel.listing, &kernel.linked);
    let encodings = encodings::Encodings::of(&kernel.image, listing, linked, &kernel.names);
    let mut out = BufWriter::new(io::stdout().lock());
    unless_unread(encodings.write(&mut out))?;
    if let Some(objects) = object_tables::ObjectTables::read(&kernel.image, listing.len())? {
        let tables = tables::Tables::read(&kernel.image)?;
        let encodings = object_encodings::ObjectEncodings::of(&objects, &tables);
        unless_unread(encodings.write(&mut out))?;
    }
    Ok(true)
}

/// A built kernel, without its object files.
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

/// Ignores a closed pipe, so that the exit code tells the result even if nobody reads the whole output.
fn unless_unread(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
