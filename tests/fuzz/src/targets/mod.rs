// SPDX-License-Identifier: GPL-2.0

//! The targets:
//!
//! - The targets of the format code are [`modules`], [`objects`], [`sizes`] and
//!   [`symbols`].
//! - The targets of the generator are [`map`], [`cmdfile`], [`builtin`] and [`elf`]. The target [`link`] runs
//!   the whole generator on damaged build directories.
//! - The targets of the tool are [`show`] for files with a kernel, [`listing`] for saved listings, and
//!   [`text`] for the texts that `annotate` and `count` read.

use std::fmt::Display;
use std::io::Write;

use kallmodsyms::Error;

pub mod builtin;
pub mod cmdfile;
pub mod elf;
pub mod link;
pub mod listing;
pub mod map;
pub mod modules;
pub mod objects;
pub mod show;
pub mod sizes;
pub mod symbols;
pub mod text;

/// The name of a target and its function. The directory of its inputs in `corpus/` has the same name.
pub type Target = (&'static str, fn(&[u8]));

pub const ALL: [Target; 12] = [
    ("builtin", builtin::run),
    ("cmdfile", cmdfile::run),
    ("elf", elf::run),
    ("link", link::run),
    ("listing", listing::run),
    ("map", map::run),
    ("modules", modules::run),
    ("objects", objects::run),
    ("show", show::run),
    ("sizes", sizes::run),
    ("symbols", symbols::run),
    ("text", text::run),
];

/// Checks that an error message has two lines: the problem, and an indented remedy.
fn check_message(error: &impl Display) {
    let message = error.to_string();
    let lines: Vec<&str> = message.split('\n').collect();
    assert!(
        matches!(lines[..], [problem, remedy] if !problem.is_empty() && remedy.starts_with("  ")),
        "{message:?}"
    );
}

/// Chooses between two forms of a request by the input. A run of each form for each input would take twice the
/// time.
fn chooses_json(input: &[u8]) -> bool {
    input.len() % 2 == 0
}

/// The output of the tool for a request. `None` if the tool refuses the file; it must then write nothing.
fn output_of(ask: impl FnOnce(&mut dyn Write) -> Result<Vec<Error>, Error>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match ask(&mut out) {
        Ok(missing) => {
            missing.iter().for_each(check_message);
            Some(out)
        }
        Err(error) => {
            check_message(&error);
            assert!(out.is_empty());
            None
        }
    }
}
