// SPDX-License-Identifier: GPL-2.0

//! Expansion of core symbols' names, without a check for each token.
//!
//! One check for each line makes sure that a whole [`LineRoom`] is free. One check after every
//! [`CHUNK`] tokens makes sure that [`CHUNK`] more tokens fit. This code stores a token as a whole
//! word; the next store overwrites the surplus bytes. A token of more than 8 bytes is a long token.
//! The check after tokens also finds a long token: the length that [`Words`] has for a long token
//! is larger than [`MAX_AT`], so the check fails.

use super::{
    line::{Line, NoSpace},
    names::ModuleNames,
    object_paths::ObjectPath,
    tokens::{Tokens, Words},
};

/// Memory for a line, including the surplus bytes of its last store.
pub(super) type LineRoom = [u8; LINE_ROOM];

/// The number of bytes that must be free for a line: room for [`CHUNK`] tokens from [`MAX_AT`] on,
/// and for one word after these tokens.
pub const LINE_ROOM: usize = MAX_AT + CHUNK * Words::LONG + 8;

/// The number of tokens to store before one check of the end of the last token.
const CHUNK: usize = 5;

/// The highest offset of a name's end in a [`LineRoom`].
///
/// The address and the size come before the name, so a name that ends at this offset has fewer than
/// 255 characters. `Line::symbol` stores longer names.
const MAX_AT: usize = 255;

// A long token ends beyond `MAX_AT`.
const _: () = assert!(Words::LONG > MAX_AT);
// `put_symbol` stores 2, 8 and 8 bytes from an offset of type u8 on. A suffix fits after a name.
const _: () = assert!(LINE_ROOM >= u8::MAX as usize + 18 && LINE_ROOM >= MAX_AT + Suffix::SIZE);

/// An offset in a [`LineRoom`], from which [`CHUNK`] tokens fit.
///
/// # Invariants
///
/// The offset is at most [`MAX_AT`].
#[derive(Clone, Copy)]
pub(super) struct At(usize);

impl At {
    /// The offset `at`; `None` if it is above [`MAX_AT`].
    #[inline(always)]
    const fn new(at: usize) -> Option<Self> {
        if at > MAX_AT {
            return None;
        }
        // INVARIANT: `at` is at most `MAX_AT`: this was just tested.
        Some(Self(at))
    }
}

/// True if one instruction can store a word at any address. If not, a word takes several stores,
/// and [`store`] leaves out each store that would store only surplus bytes.
pub(super) const WORDS_ANYWHERE: bool =
    cfg!(not(target_arch = "riscv64")) || cfg!(target_feature = "unaligned-scalar-mem");

/// Stores the first `len()` bytes of `text` at `to`, or all 8 bytes if `len()` is larger than 8.
/// May also store further bytes of `text`, which are surplus bytes.
///
/// # Safety
///
/// - The 8 bytes from `to` on are valid for writes.
#[inline(always)]
unsafe fn store(to: *mut u8, text: [u8; 8], len: impl Fn() -> usize) {
    if WORDS_ANYWHERE {
        // SAFETY: The 8 bytes from `to` on are valid for writes, by the contract.
        unsafe { to.cast::<[u8; 8]>().write(text) };
        return;
    }
    let [a, b, c, d, rest @ ..] = text;
    // SAFETY: The 8 bytes from `to` on are valid for writes, by the contract.
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

/// Stores `bytes` at `at`. All callers pass a `buf` that has room for `bytes`.
#[inline(always)]
pub(super) fn put<const N: usize>(buf: &mut [u8], at: usize, bytes: [u8; N]) {
    let room = buf.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
    if let Some(room) = room {
        *room = bytes;
    }
}

/// Stores the type and the name of a symbol at `at`. `first` and `list` are the symbol's tokens.
/// Returns the end of the name; `None` if the name is too long.
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
    // The first token has the type and the start of the name, without a space between them.
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

/// Stores tokens. Returns the end of the last token; `None` if a token is long, or if the end is
/// above [`MAX_AT`].
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
    // SAFETY:
    // - `at` is at most `MAX_AT`, by the invariant of `At`.
    // - A room ends at least `N` bytes after `MAX_AT`: this was just asserted.
    // - The room is borrowed for writing.
    unsafe { room.as_mut_ptr().add(at).cast::<[u8; N]>().write(bytes) };
}

/// Stores up to [`CHUNK`] tokens. Returns the end of the last token, or an offset above [`MAX_AT`]
/// if a token is long.
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
        // SAFETY:
        // - The first token is at most at `MAX_AT`, by the invariant of `At`.
        // - Each of the next tokens, fewer than `CHUNK`, is at most `Words::LONG` after the token
        //   before it, by the invariant of `Words`.
        // - A room ends at least 8 bytes after the highest such offset, by the value of
        //   `LINE_ROOM`.
        // - The room is borrowed for writing.
        unsafe { store(room.as_mut_ptr().add(at), text, || words.len(token)) };
        // Loaded after the store, the length can be a memory operand of this addition on x86.
        at = at.wrapping_add(words.len(token));
    }
    at
}

/// The slow part of [`put_symbol`], for tokens of any length.
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
        // `put_symbol` has stored the first token.
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

/// Stores tokens of any length. Returns the end of the last token; `None` if the end is above
/// [`MAX_AT`], or if [`put_long`] fails.
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

/// Stores the first `len` bytes of `text`. Returns the end of these bytes; `None` if the end is
/// above [`MAX_AT`], or if `text` is shorter than `len` rounded up to a multiple of 16.
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

/// The part of a line after the name: the modules and the newline.
pub struct Suffix {
    text: [u8; Self::SIZE],
    /// The length; 255 if the suffix does not fit.
    len: u8,
}

impl Suffix {
    /// The longest suffix that fits, in bytes.
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
            // A suffix that fits is shorter than 255 bytes.
            len: len.map_or(u8::MAX, |len| len as u8),
        }
    }

    /// The suffix of no line.
    pub(super) const fn none() -> Self {
        Self {
            text: [0; Self::SIZE],
            len: u8::MAX,
        }
    }

    /// Makes this the suffix `modules` with the end of a path in braces.
    pub(super) fn set_braces(&mut self, modules: &Self, path: Option<ObjectPath<'_>>) {
        let Some(path) = path else {
            *self = Self { ..*modules };
            return;
        };
        let names = modules.len().wrapping_sub(1);
        // Without modules, `modules` is a newline only, and there is nothing to copy.
        if names != 0 {
            self.text = modules.text;
        }
        let room = self.text.get_mut(names..).unwrap_or_default();
        let len = put_braces(room, names == 0, path).and_then(|len| len.checked_add(names));
        self.len = len
            .and_then(|len| u8::try_from(len).ok())
            .unwrap_or(u8::MAX);
    }

    /// The length; 255 if the suffix does not fit.
    pub(super) fn len(&self) -> usize {
        self.len.into()
    }

    /// The first `N` bytes.
    pub(super) fn first_chunk<const N: usize>(&self) -> &[u8; N] {
        const { assert!(N <= Self::SIZE) };
        self.text.first_chunk().unwrap_or(&[0; N])
    }
}

/// Stores a separator, the path in braces and a newline at the beginning of `room`. Returns their
/// length; `None` if they do not fit.
fn put_braces(room: &mut [u8], is_first: bool, path: ObjectPath<'_>) -> Option<usize> {
    let open = if is_first { *b"\t{" } else { *b" {" };
    *room.first_chunk_mut()? = open;
    let mut len = open.len();
    // Nearly all braces have a single short name. A word at a time takes fewer instructions than
    // memcpy().
    if let Some((name, name_len, has_extension)) = path.as_short() {
        *room.get_mut(len..)?.first_chunk_mut()? = *name;
        len = len.wrapping_add(name_len);
        let close = room.get_mut(len..)?.first_chunk_mut()?;
        if has_extension {
            *close = *b".o}\n";
            return Some(len.wrapping_add(4));
        }
        *close = *b"}\n\0\0";
        return Some(len.wrapping_add(2));
    }
    for part in path.parts() {
        let end = len.checked_add(part.len())?;
        room.get_mut(len..end)?.copy_from_slice(part);
        len = end;
    }
    *room.get_mut(len..)?.first_chunk_mut()? = *b"}\n";
    Some(len.wrapping_add(2))
}

/// Ends a line: stores `suffix` at `at`. The first `len` bytes of `suffix` belong to the line.
/// Returns the length of the line.
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
