// SPDX-License-Identifier: GPL-2.0

//! The boot that a text is from: how far its kernel was moved from the addresses of the symbols.
//!
//! An image has the addresses that it was linked for. A kernel prints how far it was moved as one of its
//! last lines, and any two symbols with their addresses tell the same.

use memchr::memmem::Finder;

use super::resolve::select;
use super::token::Token;
use crate::hexadecimal::parse_digits;
use crate::symbols::Symbols;

/// A kernel is moved by a multiple of this.
const PAGE: u64 = 0x1000;

/// Pairs of an address and a symbol that contradict the offset, at most.
const PAIRS: usize = 64;

/// The boot of the lines that are read.
pub(super) struct Boot {
    offset: u64,
    certainty: Certainty,
    /// Offsets that one symbol each tells, and the address of the symbol.
    pairs: Vec<(u64, u64)>,
    kernel_offset: Finder<'static>,
    linux_version: Finder<'static>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    /// From the command line.
    Fixed,
    /// From the text, or from a listing of one boot.
    Known,
    /// The text did not say anything yet.
    Assumed,
}

impl Boot {
    /// A kernel that was moved by `offset`; without it the text has to tell.
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

    /// Tells whether the text has told the offset, or need not.
    pub(super) fn is_known(&self) -> bool {
        self.certainty != Certainty::Assumed
    }

    /// Takes the offset that there is for want of better.
    pub(super) fn give_up(&mut self) {
        self.certainty = Certainty::Known;
    }

    /// The offset in `line`, if it is the one that a kernel of an image prints.
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

    /// Begins another boot, whose kernel was moved by `offset` if its text does not tell.
    pub(super) fn begin(&mut self, offset: u64) {
        self.offset = offset;
        self.certainty = Certainty::Assumed;
        self.pairs.clear();
    }

    /// Tells whether `line` is the first one that a kernel of an image prints.
    ///
    /// ```text
    /// [    0.000000] Linux version 6.12.117 (root@debian) (gcc (Debian 12.2.0-14) 12.2.0) #1 SMP
    /// ```
    pub(super) fn begins_with(&self, line: &[u8], symbols: &Symbols<'_>) -> bool {
        self.certainty != Certainty::Fixed
            && !symbols.is_of_one_boot()
            && self.linux_version.find(line).is_some()
    }

    /// Learns from a token that has an address and a symbol. Two symbols that agree decide.
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
