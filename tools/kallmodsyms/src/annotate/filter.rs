// SPDX-License-Identifier: GPL-2.0

//! Reads a text line by line, and passes each line on with the modules of its tokens.
//!
//! A line passes on at once if the KASLR offset is known. Otherwise, the first line with an address and all
//! lines after it are held. Held lines pass on when the text reveals the offset, ends, or begins another boot.
//! They also pass on before a line that is too long, or at [`MOST_HELD`] bytes.

use std::io::{ErrorKind, Read};

use memchr::memmem::Finder;
use memchr::{memchr, memchr3, memrchr};

use super::boot::Boot;
use super::resolve::{resolve, Found};
use super::token::{Token, Tokens};
use crate::error::{Error, Result};
use crate::symbols::Symbols;

/// The initial size of the read buffer, in bytes.
const CHUNK: usize = 1 << 17;

/// If more bytes than this are read without a newline, they pass on without tokens.
const LONGEST_LINE: usize = 1 << 20;

/// The number of held bytes at which the lines pass on although the offset is not known.
const MOST_HELD: usize = 1 << 22;

/// The receiver of the lines.
pub(super) trait Sink {
    /// Takes a line, with its newline if there is one, and the line's tokens that are found, in order. A line
    /// of more than [`LONGEST_LINE`] bytes can come in parts, without tokens.
    fn line(&mut self, line: &[u8], found: &[Found<'_>]) -> Result<()>;

    /// Called after each read: the next read may wait for input.
    fn pause(&mut self) -> Result<()>;

    /// Called after the last line.
    fn end(&mut self) -> Result<()>;
}

/// The lines of a text on their way to a [`Sink`].
pub(super) struct Filter<'s, 't, S> {
    symbols: &'s Symbols<'t>,
    wants_objects: bool,
    boot: Boot,
    prefilter: Prefilter,
    /// Lines that wait for the offset.
    held: Vec<u8>,
    pub(super) sink: S,
}

/// A quick test that finds most lines without a token.
struct Prefilter {
    /// The first 16 bits of each address of the image.
    prefix: Option<u16>,
    /// Finds the hexadecimal digits of `prefix`.
    address: Option<Finder<'static>>,
    folded: Finder<'static>,
    frame: Finder<'static>,
}

impl<'s, 't, S: Sink> Filter<'s, 't, S> {
    /// A filter for texts of the kernel that has `symbols`. `offset` is the KASLR offset if the command line
    /// has it.
    pub(super) fn new(
        symbols: &'s Symbols<'t>,
        offset: Option<u64>,
        wants_objects: bool,
        sink: S,
    ) -> Self {
        Self {
            symbols,
            wants_objects,
            boot: Boot::new(offset, symbols),
            prefilter: Prefilter::new(symbols.address_prefix()),
            held: Vec::new(),
            sink,
        }
    }

    /// Reads `input` to its end. Messages call the input `name`.
    pub(super) fn read(&mut self, name: &str, input: &mut dyn Read) -> Result<()> {
        let mut buffer = vec![0; CHUNK];
        let mut filled = 0;
        let mut is_too_long = false;
        loop {
            if filled == buffer.len() {
                buffer.resize(2 * filled, 0);
            }
            let length = match input.read(buffer.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(Error::new(
                        format!("{name}: {error}"),
                        "The output ends before this place: give a text that can be read.",
                    ))
                }
            };
            let new = buffer.get(filled..filled + length).unwrap_or_default();
            let last = memrchr(b'\n', new).map(|last| filled + last + 1);
            filled += length;
            let mut start = 0;
            if is_too_long {
                // The rest of a line that is too long passes on without tokens, too.
                let end = memchr(b'\n', buffer.get(..filled).unwrap_or_default());
                is_too_long = end.is_none();
                start = end.map_or(filled, |end| end + 1);
                self.pass_part(buffer.get(..start).unwrap_or_default())?;
            }
            let end = last.unwrap_or(start).max(start);
            self.lines(buffer.get(start..end).unwrap_or_default())?;
            if filled - end > LONGEST_LINE {
                is_too_long = true;
                self.pass_part(buffer.get(end..filled).unwrap_or_default())?;
                filled = 0;
            } else {
                buffer.copy_within(end..filled, 0);
                filled -= end;
            }
            self.sink.pause()?;
        }
        let rest = buffer.get(..filled).unwrap_or_default();
        match is_too_long {
            true => self.pass_part(rest),
            false => self.lines(rest),
        }
    }

    /// Ends the text.
    pub(super) fn end(&mut self) -> Result<()> {
        self.release()?;
        self.sink.end()
    }

    /// Takes whole lines; the last line of the text may lack its newline.
    fn lines(&mut self, lines: &[u8]) -> Result<()> {
        lines
            .split_inclusive(|&byte| byte == b'\n')
            .try_for_each(|line| self.line(line))
    }

    fn line(&mut self, line: &[u8]) -> Result<()> {
        if let Some(offset) = self.boot.printed_offset(line, self.symbols) {
            self.boot.begin(offset);
            self.release()?;
            // The next lines can be of another boot. This offset stays the guess until they reveal theirs.
            self.boot.begin(offset);
        } else if self.boot.begins_with(line, self.symbols) {
            self.release()?;
            self.boot.begin(0);
        }
        if !self.prefilter.can_have_token(line) {
            return self.pass(line);
        }
        let mut has_address = false;
        let tokens: Vec<Token<'_>> = Tokens::of(line, self.prefilter.prefix).collect();
        for token in &tokens {
            has_address |= token.address.is_some();
            self.boot.learn(token, self.symbols);
        }
        if self.boot.is_known() {
            self.release()?;
        } else if has_address || !self.held.is_empty() {
            return self.pass_held(line);
        }
        self.answer(line, &tokens)
    }

    /// Passes on a line without tokens, or holds it behind other held lines.
    fn pass(&mut self, line: &[u8]) -> Result<()> {
        match self.held.is_empty() {
            true => self.sink.line(line, &[]),
            false => self.pass_held(line),
        }
    }

    /// Passes on a part of a line that is too long.
    fn pass_part(&mut self, part: &[u8]) -> Result<()> {
        self.release()?;
        self.sink.line(part, &[])
    }

    fn pass_held(&mut self, line: &[u8]) -> Result<()> {
        self.held.extend_from_slice(line);
        match self.held.len() {
            MOST_HELD.. => self.release(),
            _ => Ok(()),
        }
    }

    /// Passes on all held lines. If there are any, stops the wait for the offset.
    fn release(&mut self) -> Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        self.boot.give_up();
        let held = std::mem::take(&mut self.held);
        held.split_inclusive(|&byte| byte == b'\n')
            .try_for_each(|line| {
                let tokens: Vec<Token<'_>> = Tokens::of(line, self.prefilter.prefix).collect();
                self.answer(line, &tokens)
            })
    }

    /// Passes on a line with the modules of its tokens.
    fn answer(&mut self, line: &[u8], tokens: &[Token<'_>]) -> Result<()> {
        let moved = self.boot.is_known().then_some(self.boot.offset());
        let found: Vec<Found<'s>> = tokens
            .iter()
            .filter_map(|token| resolve(self.symbols, token, moved, self.wants_objects))
            .collect();
        self.sink.line(line, &found)
    }
}

impl Prefilter {
    fn new(prefix: Option<u16>) -> Self {
        let digits = prefix.map(|prefix| format!("{prefix:04x}"));
        Self {
            prefix,
            address: digits.map(|digits| Finder::new(&digits).into_owned()),
            folded: Finder::new("_[k]"),
            frame: Finder::new("=> "),
        }
    }

    fn can_have_token(&self, line: &[u8]) -> bool {
        let has = |finder: &Finder<'_>| finder.find(line).is_some();
        memchr3(b'+', b'`', b'?', line).is_some()
            || self.address.as_ref().is_some_and(has)
            || has(&self.folded)
            || has(&self.frame)
    }
}
