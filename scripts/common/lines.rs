// SPDX-License-Identifier: GPL-2.0

//! Lines of text, in memory and in files.
//!
//! The inputs have hundreds of thousands of lines, so the search for a line end compares 16 bytes at a time.
//! In the 16 bytes with the line end, it compares words of 8 bytes.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;

/// The lines of `text` with their 1-based numbers, without line ends.
pub(crate) fn numbered(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    (1..).zip(Lines(text))
}

/// An iterator over lines, without line ends.
pub(crate) struct Lines<'t>(pub(crate) &'t [u8]);

impl<'t> Iterator for Lines<'t> {
    type Item = &'t [u8];

    #[inline]
    fn next(&mut self) -> Option<&'t [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let line;
        (line, self.0) = split_line(self.0);
        Some(match line {
            [before @ .., b'\r'] => before,
            _ => line,
        })
    }
}

/// The first line of `text` without its line end, and the text after the line end.
#[inline]
fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    match find(text, b'\n').map(|end| text.split_at(end)) {
        Some((line, [_, rest @ ..])) => (line, rest),
        // The last line may lack its line end.
        _ => (text, &[]),
    }
}

/// The lines of a file. The file is read in parts.
pub(crate) struct FileLines {
    file: File,
    buffer: Vec<u8>,
    /// The bytes in `buffer` that are in no returned line yet.
    unused: Range<usize>,
}

impl FileLines {
    /// The lines from the current position of `file` on.
    pub(crate) fn of(file: File) -> Self {
        Self {
            file,
            buffer: vec![0; 1 << 18],
            unused: 0..0,
        }
    }

    /// The next line without its newline; a `\r` before the newline stays. `None` after the last line.
    #[inline]
    pub(crate) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        let mut end = self.find_end();
        while end.is_none() && self.fill()? {
            end = self.find_end();
        }
        let Range { start, end: all } = self.unused;
        if start == all {
            return Ok(None);
        }
        // The last line may lack its line end.
        let length = end.unwrap_or(all - start);
        self.unused.start = (start + length + 1).min(all);
        Ok(self.buffer.get(start..start + length))
    }

    fn find_end(&self) -> Option<usize> {
        find(self.buffer.get(self.unused.clone())?, b'\n')
    }

    /// Reads more of the file.
    ///
    /// Return: false at the end of the file.
    #[cold]
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.unused.clone(), 0);
        let kept = self.unused.len();
        if kept == self.buffer.len() {
            self.buffer.resize(2 * kept, 0);
        }
        let (_, space) = self.buffer.split_at_mut(kept);
        let count = read(&mut self.file, space)?;
        self.unused = 0..kept + count;
        Ok(count != 0)
    }
}

/// Reads up to `space.len()` bytes. If a signal interrupts the call, calls again.
///
/// Return: the number of bytes; 0 at the end of the file.
pub(crate) fn read(file: &mut File, space: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(space) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            count => return count,
        }
    }
}

/// The index of the first `byte` in `text`.
// `allow`, because the clippy of Rust 1.85 does not report this, and `expect` would then fail.
#[allow(
    clippy::needless_bitwise_bool,
    reason = "the compiler can turn 16 comparisons into one vector comparison, because `|` does not branch"
)]
#[inline]
pub(crate) fn find(text: &[u8], byte: u8) -> Option<usize> {
    const LOW: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let wanted = u64::from(byte) * LOW;
    let (mut rest, mut before) = (text, 0);
    while let Some((part, after)) = rest.split_first_chunk::<16>() {
        if part.iter().fold(false, |any, &other| any | (other == byte)) {
            break;
        }
        (rest, before) = (after, before + 16);
    }
    while let Some((word, after)) = rest.split_first_chunk() {
        // Each wanted byte becomes 0, and its high bit is set in `zeros`. The lowest bit that is set
        // belongs to the first wanted byte: a borrow can set only bits above that byte.
        let word = u64::from_le_bytes(*word) ^ wanted;
        let zeros = word.wrapping_sub(LOW) & !word & HIGH;
        if zeros != 0 {
            return Some(before + zeros.trailing_zeros() as usize / 8);
        }
        (rest, before) = (after, before + 8);
    }
    let index = rest.iter().position(|&other| other == byte)?;
    Some(before + index)
}
