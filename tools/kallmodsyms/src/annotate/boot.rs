// SPDX-License-Identifier: GPL-2.0

//! The KASLR offset of the boot that printed a text: how far the kernel was moved from its symbols' addresses.
//!
//! An image has the addresses of the link. A kernel that panics prints its offset in one of its last lines. Two
//! symbols that the text prints with their addresses also reveal the offset.

use memchr::memmem::Finder;

use super::resolve::select;
use super::token::Token;
use crate::hexadecimal::parse_digits;
use crate::symbols::Symbols;

/// The offset is a multiple of this number of bytes.
const PAGE: u64 = 0x1000;

/// The most entries of [`Boot::pairs`].
const PAIRS: usize = 64;

/// The boot that printed the current lines.
pub(super) struct Boot {
    offset: u64,
    certainty: Certainty,
    /// Candidates for another offset: each has the offset that one printed symbol implies, and the address of
    /// that symbol in the kernel's file.
    pairs: Vec<(u64, u64)>,
    kernel_offset: Finder<'static>,
    linux_version: Finder<'static>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    /// The command line has the offset.
    Fixed,
    /// The text revealed the offset, the symbols have the addresses of one boot, or no better guess is
    /// expected.
    Known,
    /// The text has not revealed the offset yet.
    Assumed,
}

impl Boot {
    /// The boot of a kernel that was moved by `offset`. If `offset` is `None`, the text has to reveal the
    /// offset, unless the symbols have the addresses of one boot.
    pub(super) fn new(offset: Option<u64>, symbols: &Symbols<'_>) -> Self {
        Self {
            offset: offset.unwrap_or(0),
            certainty: match offset {
                Some(_) => Certainty::Fixed,
                None if symbols.is_of_one_boot() => Certainty::Known,
                None => Certainty::Assumed,
            },
            pairs: Vec::new(),
            kernel_offset: Finder::new("Kernel Offset: "),
            linux_version: Finder::new("Linux version "),
        }
    }

    /// The offset; a guess unless it [is known](Self::is_known).
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Tells whether lines with addresses need not wait for the offset.
    pub(super) fn is_known(&self) -> bool {
        self.certainty != Certainty::Assumed
    }

    /// Stops the wait for the offset: the current guess counts as known.
    pub(super) fn give_up(&mut self) {
        self.certainty = Certainty::Known;
    }

    /// The offset in `line`, if it is the line in which a kernel prints its offset; `None` if the command line
    /// has the offset, or if the symbols have the addresses of one boot.
    ///
    /// ```text
    /// Kernel Offset: 0x1f000000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)
    /// Kernel Offset: disabled
    /// ```
    pub(super) fn printed_offset(&self, line: &[u8], symbols: &Symbols<'_>) -> Option<u64> {
        if self.certainty == Certainty::Fixed || symbols.is_of_one_boot() {
            return None;
        }
        let at = self.kernel_offset.find(line)?;
        let rest = line.get(at + self.kernel_offset.needle().len()..)?;
        if rest.starts_with(b"disabled") {
            return Some(0);
        }
        let mut words = rest
            .strip_prefix(b"0x")?
            .split(|byte| !byte.is_ascii_hexdigit());
        parse_digits(words.next().filter(|digits| !digits.is_empty())?)
    }

    /// Forgets what the text has revealed, and assumes `offset` until the text reveals another offset.
    pub(super) fn begin(&mut self, offset: u64) {
        self.offset = offset;
        self.certainty = Certainty::Assumed;
        self.pairs.clear();
    }

    /// Tells whether `line` is the first line of a boot whose offset the text has to reveal.
    ///
    /// ```text
    /// [    0.000000] Linux version 6.12.117 (root@debian) (gcc (Debian 12.2.0-14) 12.2.0) #1 SMP
    /// ```
    pub(super) fn begins_with(&self, line: &[u8], symbols: &Symbols<'_>) -> bool {
        self.certainty != Certainty::Fixed
            && !symbols.is_of_one_boot()
            && self.linux_version.find(line).is_some()
    }

    /// Learns from a token that has an address, and a symbol with an offset and a unique name. An offset counts
    /// once two symbols imply it.
    pub(super) fn learn(&mut self, token: &Token<'_>, symbols: &Symbols<'_>) {
        let (Some(address), Some(symbol)) = (token.address, &token.symbol) else {
            return;
        };
        let Some(distance) = symbol.offset.filter(|_| self.certainty != Certainty::Fixed) else {
            return;
        };
        let lines = select(symbols, symbol, None);
        let [line] = lines[..] else { return };
        let linked = line.address.wrapping_add(distance);
        let offset = address.value.wrapping_sub(linked);
        if offset % PAGE != 0 || self.is_known() && offset == self.offset {
            return;
        }
        let mut pairs = self.pairs.iter();
        let agrees = |pair: &(u64, u64)| pair.0 == offset && pair.1 != line.address;
        if pairs.any(agrees) {
            self.offset = offset;
            self.certainty = Certainty::Known;
            self.pairs.clear();
        } else if self.pairs.len() < PAIRS {
            self.pairs.push((offset, line.address));
        }
    }
}
