// SPDX-License-Identifier: GPL-2.0

//! Lines of text. The inputs have more than half a million of them, so their ends are looked for a
//! word at a time.

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
        let end = find(self.0, b'\n').unwrap_or(self.0.len());
        let (line, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// The lines of a file that is too large to be held in memory.
pub(crate) struct FileLines {
    file: File,
    buffer: Vec<u8>,
    /// What of `buffer` was read from the file and is not yet used.
    unused: Range<usize>,
}

impl FileLines {
    /// The lines from where `file` is read next.
    pub(crate) fn of(file: File) -> Self {
        Self {
            file,
            buffer: vec![0; 1 << 18],
            unused: 0..0,
        }
    }

    /// The next line, without its end; `None` behind the last.
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
        let length = end.unwrap_or(all - start);
        self.unused.start = (start + length + 1).min(all);
        Ok(self.buffer.get(start..start + length))
    }

    fn find_end(&self) -> Option<usize> {
        find(self.buffer.get(self.unused.clone())?, b'\n')
    }

    /// Reads more; `false` at the end of the file.
    #[cold]
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.unused.clone(), 0);
        let kept = self.unused.len();
        if kept == self.buffer.len() {
            self.buffer.resize(2 * kept, 0);
        }
        let count = read(
            &mut self.file,
            self.buffer.get_mut(kept..).unwrap_or_default(),
        )?;
        self.unused = 0..kept + count;
        Ok(count != 0)
    }
}

/// Reads what there is, at most as much as fits in `space`; 0 bytes at the end of the file.
pub(crate) fn read(file: &mut File, space: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(space) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            count => return count,
        }
    }
}

/// The index of the first `byte` in `text`.
#[inline]
pub(crate) fn find(text: &[u8], byte: u8) -> Option<usize> {
    const LOW: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let wanted = u64::from(byte) * LOW;
    let (mut rest, mut before) = (text, 0);
    while let Some((part, after)) = rest.split_first_chunk::<16>() {
        // Without a branch, so that it is one comparison.
        if part.iter().fold(false, |any, &other| any | (other == byte)) {
            break;
        }
        (rest, before) = (after, before + 16);
    }
    while let Some((word, after)) = rest.split_first_chunk() {
        // A byte is 0 where it is the wanted one. The lowest high bit that is set is that of the
        // first such byte: a borrow sets further ones above it only.
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
