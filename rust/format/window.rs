// SPDX-License-Identifier: GPL-2.0

//! Names of core symbols, expanded without a check for each token.
//!
//! There is one check for each line, that a whole [`Window`] is free. In it an index is kept inside
//! by what its number of bits lets it be. The compiler can see that, and leaves out the checks that
//! the language has everywhere. Tokens are stored as whole words, of which only some bytes count:
//! what is too much is overwritten by what follows.

use super::{
    line::{Line, NoSpace},
    names::ModuleNames,
    symbols::{Tokens, Word, Words},
};

/// Room for a line that is not too long, and for what is stored in too much.
pub(super) type Window = [u8; WINDOW];

/// Bytes that have to be free for a line: where 8 tokens, or the names of modules, that begin at
/// [`MAX_END`] end, and a word.
pub const WINDOW: usize = 1280;

/// How many tokens are stored before their lengths are looked at.
const CHUNK: usize = 8;

// The sum of the lengths tells whether one of them is long.
const _: () = assert!(Word::FAR > CHUNK * Word::INLINE);
const _: () = assert!(WINDOW >= MAX_END + CHUNK * (2 * Word::FAR - 1) + 8);

/// A name ends at most so far behind the start of its line, in a [`Window`]. Less than what a name
/// would be cut off at.
const MAX_END: usize = 255;

/// Stores `bytes` at `at`. They fit everywhere that this is called from.
#[inline(always)]
pub(super) fn put<const N: usize>(buf: &mut [u8], at: usize, bytes: [u8; N]) {
    let room = buf.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
    if let Some(room) = room {
        *room = bytes;
    }
}

/// Stores the type and the name of a symbol, of which `first` and `list` are the tokens, at `at`,
/// and returns where the name ends. If that is beyond [`MAX_END`], as it is if `at` is that, the
/// window has anything in it.
#[inline(always)]
pub(super) fn put_symbol(
    window: &mut Window,
    at: u8,
    tokens: &Tokens<'_>,
    first: u8,
    list: &[u8],
) -> usize {
    let words = tokens.words();
    let at = usize::from(at);
    let word = words.get(first);
    // In the token the name follows the type without a space.
    let mut end = at.wrapping_add(1);
    let kind = if word.len() < Word::FAR {
        put(window, end, word.bits().to_le_bytes());
        end = end.wrapping_add(word.len());
        word.bits() as u8
    } else {
        let start = end;
        end = put_long(window, start, tokens, word);
        window.get(start & MAX_END).copied().unwrap_or(0)
    };
    put(window, at, [kind, b' ']);
    let mut list = list;
    'quick: loop {
        macro_rules! put_tokens {
            ($rest:expr, $chunk:expr) => {
                match put_tokens(window, end, words, $chunk) {
                    Some(after) => {
                        end = after;
                        list = $rest;
                        true
                    }
                    None => false,
                }
            };
        }
        'long: {
            while let Some((chunk, rest)) = list.split_first_chunk::<CHUNK>() {
                if !put_tokens!(rest, chunk) {
                    break 'long;
                }
            }
            macro_rules! put_last {
                ($($len:literal)*) => {
                    match list.len() {
                        $($len => if let Some((chunk, rest)) = list.split_first_chunk::<$len>() {
                            if !put_tokens!(rest, chunk) {
                                break 'long;
                            }
                        })*
                        _ => {}
                    }
                };
            }
            put_last!(1 2 3 4 5 6 7);
            break 'quick;
        }
        while let Some((&token, rest)) = list.split_first() {
            list = rest;
            let word = words.get(token);
            if word.len() >= Word::FAR {
                end = put_long(window, end, tokens, word);
                continue 'quick;
            }
            put(window, end & MAX_END, word.bits().to_le_bytes());
            end = end.wrapping_add(word.len());
        }
    }
    end
}

/// Stores up to 8 tokens. Returns where they end; `None` if one of them is long.
#[inline(always)]
fn put_tokens<const N: usize>(
    window: &mut Window,
    end: usize,
    words: Words<'_>,
    list: &[u8; N],
) -> Option<usize> {
    let at = end & MAX_END;
    let mut len: usize = 0;
    for &token in list {
        let word = words.get(token);
        put(window, at.wrapping_add(len), word.bits().to_le_bytes());
        len = len.wrapping_add(word.len());
    }
    (len < Word::FAR).then_some(end.wrapping_add(len))
}

/// Stores a long token. Returns where it ends, which is beyond [`MAX_END`] if the token is too long
/// or too near to the end of the table.
#[cold]
#[inline(never)]
fn put_long(window: &mut Window, end: usize, tokens: &Tokens<'_>, word: Word) -> usize {
    let (mut text, len) = tokens.far_rest(word);
    let mut at = end & MAX_END;
    let mut left = len;
    while let Some((chunk, rest)) = text.split_first_chunk::<16>() {
        put(window, at, *chunk);
        if left <= chunk.len() {
            return end.wrapping_add(len);
        }
        left = left.wrapping_sub(chunk.len());
        at = at.wrapping_add(chunk.len());
        text = rest;
    }
    WINDOW
}

/// What stands behind a name: modules and the end of the line.
pub(super) struct Suffix {
    text: [u8; Self::SIZE],
    /// Its length, 255 if it does not fit.
    len: u8,
}

impl Suffix {
    /// Bytes that are kept.
    const SIZE: usize = 64;
    /// Bytes that are stored in any case.
    const SHORT: usize = 16;

    /// The suffix of symbols in the modules `names`.
    pub(super) fn new(names: ModuleNames<'_>) -> Self {
        let mut text = [0; Self::SIZE];
        let mut line = Line::new(&mut text);
        let mut add = || {
            for name in names {
                line.module(name)?;
            }
            Ok::<(), NoSpace>(())
        };
        let len = add().and_then(|()| line.finish());
        Self {
            text,
            // There is room for less than 255.
            len: len.map_or(u8::MAX, |len| len as u8),
        }
    }

    /// Its length, or 255: for [`put`](Self::put), which is called in loops.
    pub(super) fn len(&self) -> u8 {
        self.len
    }

    /// Stores the suffix, which is `len` bytes long, at `at`. Returns the length of the line; `None`
    /// if that is too long.
    #[inline(always)]
    pub(super) fn put(&self, window: &mut Window, at: usize, len: u8) -> Option<usize> {
        if at > MAX_END {
            return None;
        }
        let len = usize::from(len);
        if len > Self::SHORT {
            put(window, at, self.text);
            if len > Self::SIZE {
                return None;
            }
        } else {
            let short: &[u8; Self::SHORT] = self.text.first_chunk()?;
            put(window, at, *short);
        }
        Some(at.wrapping_add(len))
    }
}
