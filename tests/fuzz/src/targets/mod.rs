// SPDX-License-Identifier: GPL-2.0

//! The targets. Of the format code: [`modules`], [`sizes`], [`symbols`]; of the generator: [`map`],
//! [`cmdfile`], [`builtin`], [`elf`], and [`link`], the whole generator on damaged build
//! directories; of the tool: [`show`] on a damaged vmlinux or vmlinuz.

use std::fmt::Display;

pub mod builtin;
pub mod cmdfile;
pub mod elf;
pub mod link;
pub mod map;
pub mod modules;
pub mod show;
pub mod sizes;
pub mod symbols;

/// A target by its name, which is that of its directory in `corpus/` too.
pub type Target = (&'static str, fn(&[u8]));

pub const ALL: [Target; 9] = [
    ("builtin", builtin::run),
    ("cmdfile", cmdfile::run),
    ("elf", elf::run),
    ("link", link::run),
    ("map", map::run),
    ("modules", modules::run),
    ("show", show::run),
    ("sizes", sizes::run),
    ("symbols", symbols::run),
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
