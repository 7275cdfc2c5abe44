// SPDX-License-Identifier: GPL-2.0

//! Parses the lines. A line has one of these forms:
//!
//! ```text
//! ffffffff8d9b28c4 151 T vfs_read
//! ffffffff8da4a43f 2b22 t ext4_fill_super\t[ext4]
//! ffffffff8db343bc 2c T dpaa2_mac_start\t[fsl_dpaa2_eth] [fsl_dpaa2_switch]
//! ```

use std::ops::Range;

use crate::error::{ParseError, Reason};

/// A line: its numbers, and the places of its names in the text.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) address: u64,
    pub(crate) size: u64,
    name: u32,
    name_len: u32,
    /// The length of the brackets, which begin after the tab that ends the name; 0 without modules.
    modules_len: u32,
    pub(crate) kind: u8,
}

impl Row {
    /// The place of the name in the text.
    pub(crate) fn name(&self) -> Range<usize> {
        let start = self.name as usize;
        start..start + self.name_len as usize
    }

    /// The place of the brackets in the text.
    pub(crate) fn modules(&self) -> Range<usize> {
        let start = self.name().end + 1;
        start..start + self.modules_len as usize
    }

    /// True if the symbol has the byte at `address`.
    pub(crate) fn has(&self, address: u64) -> bool {
        address.wrapping_sub(self.address) < self.size
    }
}

/// All lines of a text.
pub(crate) fn rows(text: &[u8]) -> Result<Vec<Row>, ParseError> {
    // The lines of a kernel have more than 40 bytes on average.
    let mut rows = Vec::with_capacity(text.len() / 40);
    let mut cursor = Cursor { text, at: 0 };
    while cursor.at < text.len() {
        let row = cursor.row().map_err(|reason| ParseError {
            line: rows.len() + 1,
            reason,
        })?;
        rows.push(row);
    }
    Ok(rows)
}

/// A place in the text.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    /// The next byte; `None` at the end of the text.
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Skips the next byte if it is `byte`. Returns true if it was.
    fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Skips the bytes for which `is_part` returns true. Returns their number.
    fn skip_while(&mut self, is_part: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|&byte| !is_part(byte));
        let len = len.unwrap_or(rest.len());
        self.at += len;
        len
    }

    /// Parses one line with its newline.
    fn row(&mut self) -> Result<Row, Reason> {
        let address = self.number().ok_or(self.or_cut_off(Reason::Address))?;
        let size = self.number().ok_or(self.or_cut_off(Reason::Size))?;
        let kind = self.kind().ok_or(self.or_cut_off(Reason::Kind))?;
        let name = u32::try_from(self.at).map_err(|_| Reason::TooFar)?;
        let mut name_len = self.skip_while(is_graphic);
        // Labels in riscv modules are called ".L0 ".
        if name_len > 0 && self.skip(b' ') {
            name_len += 1;
        }
        let has_modules = self.skip(b'\t');
        if name_len == 0 {
            return Err(self.or_cut_off(Reason::Name));
        }
        let modules_len = if has_modules { self.modules()? } else { 0 };
        if !self.skip(b'\n') {
            let reason = if has_modules {
                Reason::Modules
            } else {
                Reason::Name
            };
            return Err(self.or_cut_off(reason));
        }
        let end = u32::try_from(self.at).map_err(|_| Reason::TooFar)?;
        // Both offsets are below `end`.
        let to_u32 = |len| u32::try_from(len).unwrap_or(end);
        Ok(Row {
            address,
            size,
            name,
            name_len: to_u32(name_len),
            modules_len: to_u32(modules_len),
            kind,
        })
    }

    /// Returns `CutOff` at the end of the text, otherwise `reason`.
    fn or_cut_off(&self, reason: Reason) -> Reason {
        self.peek().map_or(Reason::CutOff, |_| reason)
    }

    /// Parses 1 to 16 lower-case hexadecimal digits and a space.
    fn number(&mut self) -> Option<u64> {
        let (mut number, mut digits) = (0, 0);
        while let Some(digit) = self.peek().and_then(hex_digit) {
            number = (number << 4) | u64::from(digit);
            digits += 1;
            self.at += 1;
        }
        (matches!(digits, 1..=16) && self.skip(b' ')).then_some(number)
    }

    /// Parses one character and a space.
    fn kind(&mut self) -> Option<u8> {
        let kind = self.peek().filter(|&byte| is_graphic(byte))?;
        self.at += 1;
        self.skip(b' ').then_some(kind)
    }

    /// Parses modules in brackets, one space apart. Returns their length in bytes.
    fn modules(&mut self) -> Result<usize, Reason> {
        let start = self.at;
        loop {
            let is_open = self.skip(b'[');
            let len = self.skip_while(|byte| is_graphic(byte) && !matches!(byte, b'[' | b']'));
            if !is_open || len == 0 || !self.skip(b']') {
                return Err(self.or_cut_off(Reason::Modules));
            }
            if !self.skip(b' ') {
                return Ok(self.at - start);
            }
        }
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// True if the names of symbols and modules may have this byte.
fn is_graphic(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f
}
