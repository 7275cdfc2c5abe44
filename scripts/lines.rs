// SPDX-License-Identifier: GPL-2.0

//! Lines of text in memory. Maps have hundreds of thousands, so a newline is looked for as `BufRead`
//! does it, two words at a time.

use std::io::BufRead;

/// The lines of `text` with their 1-based numbers, without line ends.
pub(crate) fn numbered(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    (1..).zip(Lines(text))
}

/// An iterator over lines, without line ends.
pub(crate) struct Lines<'t>(pub(crate) &'t [u8]);

impl<'t> Iterator for Lines<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        let text = self.0;
        // Reading from memory does not fail.
        let length = self
            .0
            .skip_until(b'\n')
            .ok()
            .filter(|&length| length != 0)?;
        let line = text.get(..length)?;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}
