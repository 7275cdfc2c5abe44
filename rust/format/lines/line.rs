// SPDX-License-Identifier: GPL-2.0

//! One line of /proc/kallmodsyms, of any kind and length, made part by part.
//!
//! ```text
//! ffffffff81a3c2f0 1c7 t ext4_fill_super\t[ext4]
//! ```
//!
//! [`Walk`](super::walk::Walk) makes most lines of core symbols in a quicker way. It uses this file
//! for the modules of every line, and for a whole line if the name, the size, the modules or the
//! object file are too long for the quick way.
//!
//! [`hex`] makes eight hexadecimal digits at once, as the bytes of one word. This code stores a
//! word whole, even if only some bytes of the word belong to the line: the next store overwrites
//! the surplus bytes. So the buffer needs up to 8 bytes more than the line. If
//! [`symbol`](Line::symbol) cuts off the name, the buffer also needs room for the whole name.

use super::hexadecimal::hex;
use super::object_paths::ObjectPath;
use super::symbols::{Entry, MAX_SYMBOL_LEN};
use super::tokens::{Token, Tokens};
use core::mem::size_of;

/// The line does not fit into its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSpace;

/// A line in the making, in a buffer of the caller.
///
/// Add the parts of a line in this order: the [`fields`](Self::fields), one of [`name`](Self::name)
/// and [`symbol`](Self::symbol), any number of [`module`](Self::module)s, at most one
/// [`object`](Self::object), and [`finish`](Self::finish). Each call fails if the buffer has no
/// room for the part. No call allocates or sleeps.
pub struct Line<'b> {
    /// The buffer.
    buf: &'b mut [u8],
    /// The number of bytes written.
    len: usize,
    /// The number of modules written.
    modules: usize,
}

impl<'b> Line<'b> {
    /// Begins a line at the beginning of `buf`.
    pub fn new(buf: &'b mut [u8]) -> Self {
        Self {
            buf,
            len: 0,
            modules: 0,
        }
    }

    /// Adds the fields before the name: the address with leading zeros, the size in bytes without
    /// leading zeros, and the letter of the type.
    #[inline]
    pub fn fields(&mut self, address: usize, size: usize, kind: u8) -> Result<(), NoSpace> {
        if size_of::<usize>() > 4 {
            self.word(hex((address as u64 >> 32) as u32), 8)?;
        }
        self.word(hex(address as u32), 8)?;
        self.word(b' '.into(), 1)?;
        self.short_hex(size as u64)?;
        self.word(u64::from_le_bytes([b' ', kind, b' ', 0, 0, 0, 0, 0]), 3)
    }

    /// Adds the name of a symbol. Cuts off the name at the length at which /proc/kallsyms cuts it
    /// off.
    pub fn name(&mut self, name: &[u8]) -> Result<(), NoSpace> {
        self.bytes(name.get(..MAX_SYMBOL_LEN).unwrap_or(name))
    }

    /// Adds the name of a core symbol: the strings of the tokens of `entry`, without the first byte
    /// of the first string, which is the type. Cuts off the name like [`name`](Self::name).
    #[inline]
    pub fn symbol(&mut self, tokens: &Tokens<'_>, entry: Entry<'_>) -> Result<(), NoSpace> {
        let start = self.len;
        let Some((&first, rest)) = entry.tokens().split_first() else {
            return Ok(());
        };
        match tokens.get(first) {
            Token::Short { word, len } => self.word(word >> 8, len.saturating_sub(1))?,
            Token::Long(text) => self.bytes(text.get(1..).unwrap_or_default())?,
        }
        for &token in rest {
            match tokens.get(token) {
                Token::Short { word, len } => self.word(word, len)?,
                Token::Long(text) => self.bytes(text)?,
            }
        }
        self.len = self.len.min(start.saturating_add(MAX_SYMBOL_LEN));
        Ok(())
    }

    /// Adds the name of a module in brackets. A tab comes before the first module of a line, and a
    /// space before any other module.
    pub fn module(&mut self, name: &[u8]) -> Result<(), NoSpace> {
        let separator = if self.modules == 0 { b'\t' } else { b' ' };
        self.modules = self.modules.saturating_add(1);
        self.bytes(&[separator, b'['])?;
        self.bytes(name)?;
        self.bytes(b"]")
    }

    /// Adds the path of an object file in braces, after all modules. A tab comes before the braces
    /// if the line has no module, or else a space.
    pub fn object(&mut self, path: ObjectPath<'_>) -> Result<(), NoSpace> {
        let separator = if self.modules == 0 { b'\t' } else { b' ' };
        self.bytes(&[separator, b'{'])?;
        for part in path.parts() {
            self.bytes(part)?;
        }
        self.bytes(b"}")
    }

    /// Ends the line. Returns its length in bytes, newline included.
    #[inline]
    pub fn finish(mut self) -> Result<usize, NoSpace> {
        self.bytes(b"\n")?;
        Ok(self.len)
    }

    /// Adds a number in hexadecimal without leading zeros.
    #[inline]
    fn short_hex(&mut self, value: u64) -> Result<(), NoSpace> {
        let (high, low) = ((value >> 32) as u32, value as u32);
        if high == 0 {
            return self.significant(low);
        }
        self.significant(high)?;
        self.word(hex(low), 8)
    }

    /// Adds the digits of `value` without leading zeros, but at least one digit.
    #[inline]
    fn significant(&mut self, value: u32) -> Result<(), NoSpace> {
        let zeros = (value | 1).leading_zeros() / 4;
        self.word(
            hex(value) >> (8 * zeros),
            8_usize.wrapping_sub(zeros as usize),
        )
    }

    /// Adds the `len` lowest bytes of `word`, lowest first. Needs room for the whole word.
    #[inline]
    fn word(&mut self, word: u64, len: usize) -> Result<(), NoSpace> {
        let tail = self.buf.get_mut(self.len..).ok_or(NoSpace)?;
        let room = tail.first_chunk_mut::<8>().ok_or(NoSpace)?;
        *room = word.to_le_bytes();
        self.len = self.len.wrapping_add(len);
        Ok(())
    }

    /// Adds `bytes`.
    #[inline]
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), NoSpace> {
        let tail = self.buf.get_mut(self.len..).ok_or(NoSpace)?;
        let room = tail.get_mut(..bytes.len()).ok_or(NoSpace)?;
        room.copy_from_slice(bytes);
        self.len = self.len.wrapping_add(bytes.len());
        Ok(())
    }
}
