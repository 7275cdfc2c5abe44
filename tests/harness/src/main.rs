// SPDX-License-Identifier: GPL-2.0

//! Builds a kernel with `/proc/kallmodsyms`, boots it under QEMU, and shows, tests or measures the file.
//!
//! The [`lab`] makes and boots kernels. Each command except `shell` has a file or folder that uses the lab:
//! [`summary`] (run), [`test`] (also soak and reproduce), [`bench`], [`clients`], [`kselftest`], [`matrix`],
//! [`deb`], [`docs`] (htmldocs) and [`editor`] (rust-analyzer). Several commands share [`reports`] and
//! [`tool`].

mod bench;
mod clients;
mod deb;
mod docs;
mod editor;
mod kselftest;
mod lab;
mod matrix;
mod reports;
mod summary;
mod test;
mod tool;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use lab::options::{Cli, Command, Options};
use lab::workshop::Workshop;
use lab::{guest, packages, qemu};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Run(options) => run(&options).map(|()| true),
        Command::Shell(options) => shell(&options).map(|()| true),
        Command::Bench(options) => bench::run(&options).map(|()| true),
        Command::Clients(options) => clients::run(&options),
        Command::Kselftest(options) => kselftest::run(&options),
        Command::Test(test) => test::run(&test),
        Command::Reproduce(options) => test::long::reproduce(&options),
        Command::RustAnalyzer(options) => editor::run(&options).map(|()| true),
        Command::Deb(options) => deb::run(&options).map(|()| true),
        Command::Htmldocs(options) => docs::run(&options).map(|()| true),
        Command::Matrix(matrix) => matrix::run(&matrix),
        Command::Soak(soak) => test::long::run(&soak),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("kallmodsyms: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `make run`: boots the guest, and prints a summary of its `/proc/kallmodsyms`.
fn run(options: &Options) -> Result<()> {
    let (_workshop, guest) = build_guest(options)?;
    let tool = tool::build();
    let files = qemu::show(options, &guest)?;
    summary::print(&files)?;
    println!("the command that reads a vmlinux: {}", tool?.display());
    Ok(())
}

/// `make shell`: boots the same guest to a prompt.
fn shell(options: &Options) -> Result<()> {
    let (workshop, guest) = build_guest(options)?;
    // Unlock the cache for other runs.
    drop(workshop);
    qemu::shell(options, &guest)
}

/// Builds the kernel, and packs its guest. The cache stays locked until the workshop is dropped.
fn build_guest(options: &Options) -> Result<(Workshop, guest::Guest)> {
    let workshop = Workshop::open(options, packages::For::Boot)?;
    let kernel = workshop.built(options, options.config())?;
    let guest = guest::pack(options, &kernel)?;
    Ok((workshop, guest))
}
