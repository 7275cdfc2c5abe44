// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms show` and `kallmodsyms lookup`: what the file of a kernel says of the kernel's own
//! symbols, from its vmlinux, without booting it.
//!
//! The lines are made by the code that makes them in the kernel ([`format`](crate::format)), from the
//! tables that the kernel reads, so they are the same to the byte. The files of this directory follow
//! the data: the command line ([`options`]), the file ([`vmlinuz`], [`image`], and [`scan`] where it
//! has no symbols), the tables ([`kernel`], [`base`]), and what is asked for of them: [`listing`],
//! [`select`] and [`lookup`], as text ([`print`]).
//!
//! Nothing here runs while a kernel is linked.

mod base;
mod image;
mod kernel;
mod listing;
mod lookup;
mod options;
mod print;
mod scan;
mod select;
mod usage;
mod vmlinuz;

use std::ffi::OsString;
use std::io::Write;

use crate::error::{Error, Result};
use options::Asked;
use print::Output;

/// How a command ended.
pub(crate) enum Outcome {
    Done,
    /// Some of what was asked for is not there.
    Missing(Vec<Error>),
    /// The command line is wrong.
    Usage(String),
}

/// Whether `command` is one of these.
pub(crate) fn has(command: &str) -> bool {
    usage::of(command).is_some()
}

/// Runs `command` and writes what it says to `out`. Who closes the other end has read enough.
pub(crate) fn run(command: &str, arguments: &[OsString], out: &mut dyn Write) -> Result<Outcome> {
    let asked = match options::parse(command, arguments) {
        Ok(asked) => asked,
        Err(problem) => return Ok(Outcome::Usage(problem)),
    };
    let mut out = Output::to(out);
    let missing = match asked {
        Asked::Help(text) => out.write(text.as_bytes()).map(|()| Vec::new()),
        Asked::Show(show) => listing::show(&show, &mut out),
        Asked::Lookup(lookup) => lookup::run(&lookup, &mut out),
    };
    let missing = missing.and_then(|missing| out.flush().map(|()| missing));
    match missing {
        _ if out.is_closed() => Ok(Outcome::Done),
        Ok(missing) if missing.is_empty() => Ok(Outcome::Done),
        Ok(missing) => Ok(Outcome::Missing(missing)),
        Err(error) => Err(error),
    }
}
