// SPDX-License-Identifier: GPL-2.0

//! The targets. Of the format code: [`modules`], [`sizes`], [`symbols`]; of the generator: [`map`],
//! [`cmdfile`], [`builtin`], [`elf`], and [`link`], the whole generator on damaged build
//! directories; of the tool: [`show`] on a damaged vmlinux or vmlinuz, and the other commands on a damaged
//! [`listing`] and on any [`text`].

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
pub mod show;
pub mod sizes;
pub mod symbols;
pub mod text;

/// A target by its name, which is that of its directory in `corpus/` too.
pub type Target = (&'static str, fn(&[u8]));

pub const ALL: [Target; 11] = [
    ("builtin", builtin::run),
    ("cmdfile", cmdfile::run),
    ("elf", elf::run),
    ("link", link::run),
    ("listing", listing::run),
    ("map", map::run),
    ("modules", modules::run),
    ("show", show::run),
    ("sizes", sizes::run),
    ("symbols", symbols::run),
    ("text", text::run),
];

/// A failure is a line of what is wrong and where, and one of what to do.
fn check_message(error: &impl Display) {
    let message = error.to_string();
    let lines: Vec<&str> = message.split('\n').collect();
    assert!(
        matches!(lines[..], [problem, remedy] if !problem.is_empty() && remedy.starts_with("  ")),
        "{message:?}"
    );
}

/// The answer of the tool to a request; `None` if the file cannot be read. In that case nothing is written.
fn said(ask: impl FnOnce(&mut dyn Write) -> Result<Vec<Error>, Error>) -> Option<Vec<u8>> {
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
