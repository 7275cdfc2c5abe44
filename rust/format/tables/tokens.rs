// SPDX-License-Identifier: GPL-2.0

//! The tokens of the core symbols' names, prepared for expansion.
//!
//! A token is a string of the token table. A name has more than a dozen tokens of about two bytes,
//! so most of the cost of a line is expanding tokens. Therefore this code stores the string and the
//! length of each token also as words. With them, `lines/name_expansion.rs` expands a token with a
//! load and a store of 8 bytes, and an addition of a number in memory. Strings of more than 8 bytes
//! are rare, and come from the token table.

use super::error::SymbolError;

/// The number of tokens: a token number is a byte.
pub const TOKENS: usize = 256;

/// The longest name in bytes, without its NUL: `KSYM_NAME_LEN` (include/linux/kallsyms.h) less one.
pub const MAX_SYMBOL_LEN: usize = 511;

/// The longest string of a token: a letter and the longest name.
const MAX_TOKEN_LEN: usize = MAX_SYMBOL_LEN + 1;

/// Memory for the prepared words.
pub type TokenRoom = [[u64; TOKENS]; 5];

/// The strings of tokens as words, by token number:
///
/// 1. The string, if it has at most 8 bytes; its first byte is the lowest byte. A longer string has
///    its first byte in the lowest byte, its offset in the token table in bits 16 to 31, and its
///    length in the bits above.
/// 2. The length of the string; [`Words::LONG`] if the string has more than 8 bytes.
/// 3. The string without its first byte, up to its 9th byte.
/// 4. The string from its 10th up to its 17th byte.
/// 5. The length of the string; [`Words::LONG`] if the string has more than 17 bytes.
///
/// # Invariants
///
/// All lengths are at most [`Words::LONG`].
#[derive(Clone, Copy)]
pub(super) struct Words<'a>(&'a TokenRoom);

impl Words<'_> {
    /// The length stored for a long string. A name with a long string then seems to end after the
    /// last offset that the checks of `lines/name_expansion.rs` accept.
    pub(super) const LONG: usize = 256;

    /// The word of token number `token`. The first [`len`](Self::len) bytes are the string.
    #[inline(always)]
    pub(super) fn text(self, token: u8) -> [u8; 8] {
        let [texts, ..] = self.0;
        word(texts, token).to_le_bytes()
    }

    /// The length of token number `token`; [`Words::LONG`] if its word lacks a part of the string.
    #[inline(always)]
    pub(super) fn len(self, token: u8) -> usize {
        let [_, lens, ..] = self.0;
        word(lens, token) as usize
    }

    /// The first byte of token number `token`, and words with the next bytes.
    #[inline(always)]
    pub(super) fn split(self, token: u8) -> (u8, [[u8; 8]; 2]) {
        let [texts, _, rests, others, _] = self.0;
        let rests = [word(rests, token), word(others, token)];
        (word(texts, token) as u8, rests.map(u64::to_le_bytes))
    }

    /// The length of token number `token`; [`Words::LONG`] if [`split`](Self::split) returns only a
    /// part of the string.
    #[inline(always)]
    pub(super) fn split_len(self, token: u8) -> usize {
        let [.., lens] = self.0;
        word(lens, token) as usize
    }
}

/// The word of token number `token`. Each token has a word, so the default is never taken.
#[inline(always)]
fn word(words: &[u64; TOKENS], token: u8) -> u64 {
    words.get(usize::from(token)).copied().unwrap_or(0)
}

/// The string of one token.
#[derive(Clone, Copy, Debug)]
pub enum Token<'a> {
    /// The `len` lowest bytes of `word`, at most 8, lowest first. Higher bytes are not part of the
    /// string.
    Short { word: u64, len: usize },
    /// A longer string.
    Long(&'a [u8]),
}

/// The token table, checked.
#[derive(Clone, Copy)]
pub struct Tokens<'a> {
    /// The strings, each NUL-terminated.
    table: &'a [u8],
    words: Words<'a>,
}

impl<'a> Tokens<'a> {
    /// Checks the `table` of NUL-terminated strings, and the `index` with the offset of each token
    /// in `table`. Writes the words to `room`, which is too large for a kernel stack: 10 KiB.
    ///
    /// Unused tokens are empty strings. The time is linear in the length of the table.
    pub fn new(
        table: &'a [u8],
        index: &[u16; TOKENS],
        room: &'a mut TokenRoom,
    ) -> Result<Self, SymbolError> {
        let [words, lens, rests, others, split_lens] = &mut *room;
        let words = words.iter_mut().zip(lens);
        let rests = rests.iter_mut().zip(others).zip(split_lens);
        let rows = words.zip(rests).zip(index);
        for (token, (((word, len), ((rest, other), split_len)), &start)) in (0..=u8::MAX).zip(rows)
        {
            let text = table.get(usize::from(start)..).unwrap_or_default();
            let text = until_nul(text, MAX_TOKEN_LEN).ok_or(SymbolError::BadToken { token })?;
            *word = packed(text);
            *rest = packed(text.get(1..).unwrap_or_default());
            *other = packed(text.get(9..).unwrap_or_default());
            (*len, *split_len) = (text.len() as u64, text.len() as u64);
            if text.len() > 8 {
                *word = *word & 0xff | (u64::from(start) << 16) | (*len << 32);
                *len = Words::LONG as u64;
            }
            if text.len() > 17 {
                *split_len = Words::LONG as u64;
            }
        }
        // INVARIANT: All lengths are at most 17 or `LONG`.
        let words = Words(room);
        Ok(Self { table, words })
    }

    /// The tokens as words.
    #[inline(always)]
    pub(super) fn words(&self) -> Words<'a> {
        self.words
    }

    /// The string of token number `token`.
    #[inline]
    pub fn get(&self, token: u8) -> Token<'a> {
        match self.words.len(token) {
            len @ ..=8 => Token::Short {
                word: u64::from_le_bytes(self.words.text(token)),
                len,
            },
            _ => {
                let (text, len) = self.long(token).unwrap_or_default();
                Token::Long(text.get(..len).unwrap_or_default())
            }
        }
    }

    /// The table from the string of token number `token` on, and the length of the string; `None`
    /// if the length is at most 8.
    pub(super) fn long(&self, token: u8) -> Option<(&'a [u8], usize)> {
        if self.words.len(token) != Words::LONG {
            return None;
        }
        let [words, ..] = self.words.0;
        let word = word(words, token);
        let start = (word >> 16) as u16;
        let text = self.table.get(start.into()..).unwrap_or_default();
        Some((text, (word >> 32) as usize))
    }

    /// The first byte of token number `token`, 0 if its string is empty.
    #[inline]
    pub fn first_byte(&self, token: u8) -> u8 {
        self.words.split(token).0
    }
}

/// The first 8 bytes of `text`, the first one lowest.
fn packed(text: &[u8]) -> u64 {
    let bytes = text.iter().take(8).rev();
    bytes.fold(0, |word, &byte| (word << 8) | u64::from(byte))
}

/// The bytes before the first NUL of `bytes`; `None` if these are more than `max` bytes, or if
/// `bytes` has no NUL.
fn until_nul(bytes: &[u8], max: usize) -> Option<&[u8]> {
    let text = bytes.split(|&byte| byte == 0).next()?;
    (text.len() < bytes.len() && text.len() <= max).then_some(text)
}
