// SPDX-License-Identifier: GPL-2.0

//! Lines of text in memory. The inputs have more than half a million of them, so their ends are
//! looked for a word at a time.

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

/// The index of the first `byte` in `text`.
#[inline]
pub(crate) fn find(text: &[u8], byte: u8) -> Option<usize> {
    const LOW: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let wanted = u64::from(byte) * LOW;
    let (mut rest, mut before) = (text, 0);
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
