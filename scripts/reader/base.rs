// SPDX-License-Identifier: GPL-2.0

//! What the addresses of kallsyms count from, in a vmlinux that does not say.
//!
//! `kallsyms_relative_base` is an address, and a kernel that can run anywhere has it corrected when it
//! starts. Where all of such a number is in a table of relocations (arm64, riscv), it is 0 in the file;
//! riscv's vmlinux has not even that table any more. But one symbol is known by our own tables,
//! which have its address as a mere number: `_text`.

use crate::format::symbols::{Entry, SymbolNames};
use crate::format::tokens::{Token, Tokens};

/// A symbol of that name has its type before it.
const TEXT: &[u8] = b"_text";

/// The number of the symbol `_text`.
pub(super) fn text_symbol(names: &SymbolNames<'_>, tokens: &Tokens<'_>) -> Option<usize> {
    let mut all = names.starting_at(0).take(names.len() as usize);
    let mut name = Vec::new();
    all.position(|entry| {
        name.clear();
        expand(&mut name, entry, tokens);
        name.get(1..) == Some(TEXT)
    })
}

/// Appends the type and the name, or the beginning of one that is longer than is of interest.
fn expand(name: &mut Vec<u8>, entry: Entry<'_>, tokens: &Tokens<'_>) {
    for &token in entry.tokens() {
        match tokens.get(token) {
            Token::Short { word, len } => name.extend(word.to_le_bytes().iter().take(len)),
            Token::Long(text) => name.extend(text),
        }
        if name.len() > 1 + TEXT.len() {
            return;
        }
    }
}
