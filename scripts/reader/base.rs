// SPDX-License-Identifier: GPL-2.0

//! What the addresses of kallsyms count from, in a vmlinux that does not say.
//!
//! `kallsyms_relative_base` is an address, and a kernel that can run anywhere has it corrected when it
//! starts. Where all of such a number is in a table of relocations (arm64, riscv), it is 0 in the file;
//! riscv's vmlinux has not even that table any more. But one symbol is known by our own tables,
//! which have its address as a mere number: `_text`. Any other will do whose address is known.

use crate::format::symbols::{Entry, SymbolNames};
use crate::format::tokens::{Token, Tokens};

/// The number of the first symbol of this name.
pub(super) fn symbol_named(
    wanted: &str,
    names: &SymbolNames<'_>,
    tokens: &Tokens<'_>,
) -> Option<usize> {
    let mut all = names.starting_at(0).take(names.len() as usize);
    let mut name = Vec::new();
    all.position(|entry| {
        name.clear();
        expand(&mut name, entry, tokens, 1 + wanted.len());
        // The type of the symbol is before its name.
        name.get(1..) == Some(wanted.as_bytes())
    })
}

/// Appends the type and the name, or the beginning of it if that is longer than `longest`.
fn expand(name: &mut Vec<u8>, entry: Entry<'_>, tokens: &Tokens<'_>, longest: usize) {
    for &token in entry.tokens() {
        match tokens.get(token) {
            Token::Short { word, len } => name.extend(word.to_le_bytes().iter().take(len)),
            Token::Long(text) => name.extend(text),
        }
        if name.len() > longest {
            return;
        }
    }
}
