// SPDX-License-Identifier: GPL-2.0

//! Names of core symbols, expanded without a check for each token.
//!
//! There is one check for each line, that a whole [`LineRoom`] is free, and one for some tokens, that
//! so many more fit into it. Tokens are stored as whole words, of which only some bytes count: what
//! is too much is overwritten by what follows. A long token is found by that check, too, as for its
//! length there is one that takes the name out of where it may end.

use super::{
    line::{Line, NoSpace},
    names::ModuleNames,
    tokens::{Tokens, Words},
};

/// Room for a line that is not too long, and for what is stored in too much.
pub(super) type LineRoom = [u8; LINE_ROOM];

/// Bytes that have to be free for a line: where [`CHUNK`] tokens that begin at [`MAX_AT`] end, and
/// a word.
pub const LINE_ROOM: usize = MAX_AT + CHUNK * Words::LONG + 8;

/// How many tokens are stored before it is looked at where they end.
const CHUNK: usize = 5;

/// A name ends at most so far behind the start of its line, in a [`LineRoom`]. Less than what a name
/// would be cut off at.
const MAX_AT: usize = 255;

// A long token ends beyond it.
const _: () = assert!(Words::LONG > MAX_AT);
// Before and behind the name.
const _: () = assert!(LINE_ROOM >= u8::MAX as usize + 18 && LINE_ROOM >= MAX_AT + Suffix::SIZE);

/// A place in a [`LineRoom`] from which [`CHUNK`] tokens fit.
///
/// # Invariants
///
/// It is at most [`MAX_AT`].
#[derive(Clone, Copy)]
pub(super) struct At(usize);

impl At {
    /// The place, if it is one.
    #[inline(always)]
    const fn new(at: usize) -> Option<Self> {
        if at > MAX_AT {
            return None;
        }
        // INVARIANT: As was just looked at.
        Some(Self(at))
    }
}

/// Whether a word is stored by one instruction, wherever it begins. If not, there is one for each of its
/// bytes, and a byte that does not count is better not stored.
pub(super) const WORDS_ANYWHERE: bool =
    cfg!(not(target_arch = "riscv64")) || cfg!(target_feature = "unaligned-scalar-mem");

/// Stores at `to` the first `len()` bytes of `text`, all if that is more than there are. Bytes behind them
/// may be stored too.
///
/// # Safety
///
/// 8 bytes from `to` on are valid for writes.
#[inline(always)]
unsafe fn store(to: *mut u8, text: [u8; 8], len: impl Fn() -> usize) {
    if WORDS_ANYWHERE {
        // SAFETY: As the caller promises.
        unsafe { to.cast::<[u8; 8]>().write(text) };
        return;
    }
    let [a, b, c, d, rest @ ..] = text;
    // SAFETY: As the caller promises, of all 8 bytes.
    unsafe {
        to.cast::<[u8; 2]>().write([a, b]);
        if len() > 2 {
            to.add(2).cast::<[u8; 2]>().write([c, d]);
        }
        if len() > 4 {
            to.add(4).cast::<[u8; 4]>().write(rest);
        }
    }
}

/// Stores `bytes` at `at`. They fit everywhere that this is called from.
#[inline(always)]
pub(super) fn put<const N: usize>(buf: &mut [u8], at: usize, bytes: [u8; N]) {
    let room = buf.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
    if let Some(room) = room {
        *room = bytes;
    }
}

/// Stores the type and the name of a symbol, of which `first` and `list` are the tokens, at `at`.
/// Returns where the name ends; `None` if it is too long.
#[inline(always)]
pub(super) fn put_symbol(
    room: &mut LineRoom,
    at: u8,
    tokens: &Tokens<'_>,
    first: u8,
    list: &[u8],
) -> Option<At> {
    let words = tokens.words();
    let at = usize::from(at);
    // In the token the name follows the type without a space.
    let (kind, [rest, other]) = words.split(first);
    put(room, at.wrapping_add(2), rest);
    if WORDS_ANYWHERE || words.split_len(first) > 9 {
        put(room, at.wrapping_add(10), other);
    }
    put(room, at, [kind, b' ']);
    let end = at.wrapping_add(1).wrapping_add(words.split_len(first));
    match At::new(end).and_then(|end| put_list(room, end, words, list)) {
        Some(end) => Some(end),
        None => put_long_symbol(room, at, tokens, first, list),
    }
}

/// Stores tokens. Returns where they end; `None` if that is too far or one of them is long.
#[inline(always)]
fn put_list(room: &mut LineRoom, at: At, words: Words<'_>, list: &[u8]) -> Option<At> {
    let (mut at, mut list) = (at, list);
    while let Some((chunk, rest)) = list.split_first_chunk::<CHUNK>() {
        at = At::new(put_tokens(room, at, words, chunk))?;
        list = rest;
    }
    At::new(match *list {
        [a] => put_tokens(room, at, words, &[a]),
        [a, b] => put_tokens(room, at, words, &[a, b]),
        [a, b, c] => put_tokens(room, at, words, &[a, b, c]),
        [a, b, c, d] => put_tokens(room, at, words, &[a, b, c, d]),
        _ => at.0,
    })
}

/// Stores `bytes` at `at`.
#[inline(always)]
fn put_at<const N: usize>(room: &mut LineRoom, at: At, bytes: [u8; N]) {
    const { assert!(MAX_AT + N <= LINE_ROOM) };
    let At(at) = at;
    // SAFETY: By the invariant of `At` it is at most `MAX_AT`, a room ends `N` bytes behind that or
    // later, and this one is borrowed for writing.
    unsafe { room.as_mut_ptr().add(at).cast::<[u8; N]>().write(bytes) };
}

/// Stores up to [`CHUNK`] tokens. Returns where they end, or a place beyond [`MAX_AT`] if one of
/// them is long.
#[inline(always)]
fn put_tokens<const N: usize>(
    room: &mut LineRoom,
    at: At,
    words: Words<'_>,
    list: &[u8; N],
) -> usize {
    const { assert!(N <= CHUNK) };
    let At(mut at) = at;
    for &token in list {
        let text = words.text(token);
        // SAFETY: The first token is at most at `MAX_AT`, by the invariant of `At`. Each of the
        // others, less than `CHUNK`, is at most `Words::LONG` behind the one before it, by the
        // invariant of `Words`. A room ends 8 bytes behind all that, and this one is borrowed for
        // writing.
        unsafe { store(room.as_mut_ptr().add(at), text, || words.len(token)) };
        // Not before the store: then it is a single instruction.
        at = at.wrapping_add(words.len(token));
    }
    at
}

/// The rest of [`put_symbol`] for names of tokens of any length.
#[cold]
#[inline(never)]
fn put_long_symbol(
    room: &mut LineRoom,
    at: usize,
    tokens: &Tokens<'_>,
    first: u8,
    list: &[u8],
) -> Option<At> {
    let words = tokens.words();
    let mut end = match At::new(at.wrapping_add(1).wrapping_add(words.split_len(first))) {
        // It is there already.
        Some(end) => end,
        None => {
            let end = put_each(room, At::new(at.wrapping_add(1))?, tokens, &[first])?;
            let (kind, _) = words.split(first);
            put(room, at, [kind, b' ']);
            end
        }
    };
    let mut list = list;
    while let Some((chunk, rest)) = list.split_first_chunk::<CHUNK>() {
        end = match At::new(put_tokens(room, end, words, chunk)) {
            Some(end) => end,
            None => put_each(room, end, tokens, chunk)?,
        };
        list = rest;
    }
    put_each(room, end, tokens, list)
}

/// Stores tokens of any length. Returns where they end; `None` if that is too far.
#[inline(never)]
fn put_each(room: &mut LineRoom, at: At, tokens: &Tokens<'_>, list: &[u8]) -> Option<At> {
    let mut at = at;
    for &token in list {
        match At::new(put_tokens(room, at, tokens.words(), &[token])) {
            Some(end) => at = end,
            None => at = put_long(room, at, tokens.long(token)?)?,
        }
    }
    Some(at)
}

/// Stores the first bytes of `text`, as many as `len`. Returns where they end; `None` if that is too
/// far, or too near to the end of `text`.
#[inline(never)]
fn put_long(room: &mut LineRoom, at: At, (text, len): (&[u8], usize)) -> Option<At> {
    const STEP: usize = 16;
    let end = At::new(at.0.wrapping_add(len))?;
    let (mut at, mut text) = (at, text);
    while at.0 < end.0 {
        let (chunk, rest) = text.split_first_chunk::<STEP>()?;
        put_at(room, at, *chunk);
        at = At::new(at.0.wrapping_add(STEP).min(end.0))?;
        text = rest;
    }
    Some(end)
}

/// What stands behind a name: modules and the end of the line.
pub(super) struct Suffix {
    text: [u8; Self::SIZE],
    /// Its length, 255 if it does not fit.
    len: u8,
}

impl Suffix {
    /// Bytes that are kept.
    pub(super) const SIZE: usize = 64;

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

    /// Its length, or 255.
    pub(super) fn len(&self) -> usize {
        self.len.into()
    }

    /// The first bytes of it.
    pub(super) fn first_chunk<const N: usize>(&self) -> &[u8; N] {
        const { assert!(N <= Self::SIZE) };
        self.text.first_chunk().unwrap_or(&[0; N])
    }
}

/// Ends a line: stores `suffix`, of which `len` bytes count, at `at`. Returns the length of the line.
#[inline(always)]
pub(super) fn put_suffix<const N: usize>(
    room: &mut LineRoom,
    at: At,
    suffix: &[u8; N],
    len: usize,
) -> usize {
    put_at(room, at, *suffix);
    at.0.wrapping_add(len)
}
