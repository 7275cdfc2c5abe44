// SPDX-License-Identifier: GPL-2.0

//! A buffer that is filled with the lines of run-time symbols.

use crate::format::line::{Line, NoSpace};

/// A buffer with whole lines at its beginning.
pub(super) struct LineBuffer<'b> {
    buf: &'b mut [u8],
    /// The number of bytes of lines in `buf`.
    len: usize,
    /// Once the buffer has this many bytes of lines, it takes no further line.
    wanted: usize,
    /// True if lines show addresses and sizes.
    show_values: bool,
}

impl<'b> LineBuffer<'b> {
    /// An empty buffer that takes lines until it has `wanted` bytes or more.
    pub(super) fn new(buf: &'b mut [u8], wanted: usize, show_values: bool) -> Self {
        Self {
            buf,
            len: 0,
            wanted,
            show_values,
        }
    }

    /// The number of bytes of lines in the buffer.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds the line of a symbol. `value` is the address and the size of the symbol, `kind` the
    /// letter of its type, and `module` the name in brackets. A symbol without a name, such as some
    /// debugging symbols, has no line.
    ///
    /// Fails if the line does not fit into the buffer, or if the buffer takes no further line.
    pub(super) fn add(
        &mut self,
        value: (usize, usize),
        kind: u8,
        name: &[u8],
        module: &[u8],
    ) -> Result<(), NoSpace> {
        if name.is_empty() {
            return Ok(());
        }
        if self.len >= self.wanted {
            return Err(NoSpace);
        }
        let (address, size) = if self.show_values { value } else { (0, 0) };
        let mut line = Line::new(self.buf.get_mut(self.len..).unwrap_or_default());
        line.fields(address, size, kind)?;
        line.name(name)?;
        if !module.is_empty() {
            line.module(module)?;
        }
        self.len = self.len.wrapping_add(line.finish()?);
        Ok(())
    }
}
