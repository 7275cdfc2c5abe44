// SPDX-License-Identifier: GPL-2.0

//! The names of the core symbols, as scripts/kallsyms.c compresses them.
//!
//! A stream has one entry for each symbol: the number of its tokens, in one or two bytes, and the
//! number of each token, in a byte. The number of a token stands for a string of the token table.
//! The strings of an entry, one after the other, are the letter of the symbol's type and then the
//! name of the symbol. Every 256th symbol has a marker, which is the offset of its entry in the
//! stream. So a search walks over at most 255 entries.
//!
//! ```text
//! 3  'T' "_st" "ext"       T_stext, of tokens such as 0x54, 0x9c and 0xe1
//! 0x85 0x01 ...            an entry of 0x85 & 0x7f | 0x01 << 7 = 133 tokens
//! ```

use core::cmp::Ordering;

use super::tokens::{Token, Tokens};

pub use super::error::SymbolError;
pub use super::tokens::MAX_SYMBOL_LEN;

/// The number of symbols from one marker to the next.
const MARKER_STEP: u32 = 256;

/// The most tokens in one entry: one token for the letter, and one for each byte of the longest
/// name.
const MAX_ENTRY_LEN: usize = MAX_SYMBOL_LEN + 1;

/// The entry of one symbol: token numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a>(&'a [u8]);

impl<'a> Entry<'a> {
    /// The token numbers. Their strings, one after the other, are the letter of the type and the
    /// name.
    #[inline]
    pub const fn tokens(&self) -> &'a [u8] {
        self.0
    }

    /// Compares the name of the symbol, without the letter of its type, with `name`.
    pub fn compare_name(&self, tokens: &Tokens<'_>, name: &[u8]) -> Ordering {
        let mut rest = name;
        // The first byte of the first token is the letter of the type.
        let mut skipped = 1;
        for &token in self.0 {
            let word;
            let string = match tokens.get(token) {
                Token::Short { word: bytes, len } => {
                    word = bytes.to_le_bytes();
                    word.get(skipped..len)
                }
                Token::Long(text) => text.get(skipped..),
            };
            let string = string.unwrap_or_default();
            skipped = 0;
            let Some((start, after)) = rest.split_at_checked(string.len()) else {
                // `name` ends inside the token.
                return string.cmp(rest);
            };
            if string != start {
                return string.cmp(start);
            }
            rest = after;
        }
        match rest {
            [] => Ordering::Equal,
            [..] => Ordering::Less,
        }
    }
}

/// The names of all core symbols, checked.
///
/// # Invariants
///
/// - `stream` has `len` entries and no other bytes.
/// - No entry is empty or longer than [`MAX_ENTRY_LEN`].
/// - `markers` has the offset of each entry whose number is a multiple of [`MARKER_STEP`], in
///   order.
#[derive(Clone, Copy, Debug)]
pub struct SymbolNames<'a> {
    /// The entries.
    stream: &'a [u8],
    /// Offsets in `stream`.
    markers: &'a [u32],
    /// The number of symbols.
    len: u32,
}

impl<'a> SymbolNames<'a> {
    /// Checks that `stream` begins with `len` entries, that `markers` has the offsets of entries,
    /// and that each symbol has a type. The bytes of `stream` after the entries are padding. The
    /// time is linear in the length of the stream.
    pub fn new(
        stream: &'a [u8],
        markers: &'a [u32],
        len: u32,
        tokens: &Tokens<'_>,
    ) -> Result<Self, SymbolError> {
        let wanted = len.div_ceil(MARKER_STEP);
        let markers = match markers.get(..wanted as usize) {
            Some(wanted) => wanted,
            None => {
                return Err(SymbolError::MarkerCount {
                    markers: markers.len(),
                    symbols: len,
                })
            }
        };
        let mut rest = stream;
        for symbol in 0..len {
            if symbol % MARKER_STEP == 0 {
                let marker = (symbol / MARKER_STEP) as usize;
                let offset = stream.len().wrapping_sub(rest.len());
                if markers.get(marker).map(|&offset| offset as usize) != Some(offset) {
                    return Err(SymbolError::BadMarker { marker });
                }
            }
            let (entry, after) = split_entry(rest).ok_or(SymbolError::BadEntry { symbol })?;
            match *entry.0 {
                [] => return Err(SymbolError::BadEntry { symbol }),
                [..] if entry.0.len() > MAX_ENTRY_LEN => {
                    return Err(SymbolError::BadEntry { symbol })
                }
                [first, ..] if !tokens.first_byte(first).is_ascii_graphic() => {
                    return Err(SymbolError::BadType { symbol });
                }
                [..] => rest = after,
            }
        }
        let used = stream.len().wrapping_sub(rest.len());
        // INVARIANT:
        // - The loop went over `len` entries, which have `used` bytes.
        // - The loop refused empty entries and entries longer than `MAX_ENTRY_LEN`.
        // - The loop compared all markers with the offsets of their entries.
        Ok(Self {
            stream: stream.get(..used).unwrap_or_default(),
            markers,
            len,
        })
    }

    /// The number of symbols.
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// Return: true if there is no symbol.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entries from symbol number `index` on; no entry if `index` is not below the number of
    /// symbols.
    ///
    /// Walks over at most 255 entries. May be called from any context.
    pub fn starting_at(&self, index: u32) -> Entries<'a> {
        let marker = self
            .markers
            .get((index / MARKER_STEP) as usize)
            .filter(|_| index < self.len);
        let mut start = marker.map_or(self.stream.len(), |&offset| offset as usize);
        for _ in 0..index % MARKER_STEP {
            let Some((_, end)) = bounds(self.stream, start) else {
                break;
            };
            start = end;
        }
        Entries {
            rest: self.stream.get(start..).unwrap_or_default(),
        }
    }
}

/// An iterator over the entries of consecutive symbols.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entries<'a> {
    /// The stream from the next entry on.
    rest: &'a [u8],
}

impl<'a> Entries<'a> {
    /// Splits off the next entry, if the entry has fewer than 128 tokens. Returns the first token
    /// of the entry, its other tokens, and the entries after it.
    #[inline]
    pub(super) fn split_quick(self) -> Option<(u8, &'a [u8], Self)> {
        let (&len @ 1..=0x7f, rest) = self.rest.split_first()? else {
            return None;
        };
        let (entry, rest) = rest.split_at_checked(len.into())?;
        let (&first, list) = entry.split_first()?;
        Some((first, list, Self { rest }))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        let (entry, rest) = split_entry(self.rest)?;
        self.rest = rest;
        Some(entry)
    }
}

/// Splits the first entry off `stream`; `None` if `stream` does not begin with a whole entry.
#[inline]
fn split_entry(stream: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (tokens, end) = bounds(stream, 0)?;
    Some((Entry(stream.get(tokens..end)?), stream.get(end..)?))
}

/// The offsets in `stream` of the first token of the entry at `start`, and of the end of that
/// entry. The end may be after the end of `stream`.
#[inline]
fn bounds(stream: &[u8], start: usize) -> Option<(usize, usize)> {
    let low = *stream.get(start)?;
    let second = start.wrapping_add(1);
    let (tokens, len) = match low {
        0..=0x7f => (second, usize::from(low)),
        _ => {
            let high = *stream.get(second)?;
            let len = usize::from(low & 0x7f) | (usize::from(high) << 7);
            (second.wrapping_add(1), len)
        }
    };
    Some((tokens, tokens.wrapping_add(len)))
}
