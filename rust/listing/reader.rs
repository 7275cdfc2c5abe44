// SPDX-License-Identifier: GPL-2.0

//! The contents of one open file: the lines of the core symbols, then of the run-time symbols.
//!
//! The core symbols and the offsets of their lines stay the same. So readers store the offsets of
//! some lines, and a seek begins at the nearest stored offset before its target: see
//! [`LineOffsets`]. The run-time symbols change: see [`RunTimeSymbols`].

use super::{line_buffer::LineBuffer, line_offsets::LineOffsets, run_time_symbols::RunTimeSymbols};
use crate::{
    abstractions::{
        cred::{may_see_addresses, File},
        open_file::{BufferTooSmall, Contents},
    },
    format::line::NoSpace,
    sources::{CoreSymbols, Walk},
};
use kernel::prelude::*;

/// The core symbols and the offsets of their lines, for all open files.
pub(crate) struct ListedSymbols {
    symbols: &'static CoreSymbols,
    /// The offsets of lines with addresses and sizes.
    offsets: LineOffsets,
    /// The offsets of lines with zeros in place of addresses and sizes.
    offsets_of_zeros: LineOffsets,
}

impl ListedSymbols {
    /// The symbols; the offsets of their lines are not known yet. May sleep. Fails with `ENOMEM`.
    pub(crate) fn new(symbols: &'static CoreSymbols) -> Result<Self> {
        Ok(Self {
            symbols,
            offsets: LineOffsets::new(symbols.len())?,
            offsets_of_zeros: LineOffsets::new(symbols.len())?,
        })
    }

    /// The offsets of lines with addresses and sizes if `show_values` is set, or else the offsets
    /// of lines with zeros.
    fn offsets_for(&self, show_values: bool) -> &LineOffsets {
        if show_values {
            &self.offsets
        } else {
            &self.offsets_of_zeros
        }
    }
}

/// The state of an open file that depends on the permissions of the task that opened the file.
pub(crate) struct Opened {
    symbols: &'static CoreSymbols,
    /// The offsets of this file's lines.
    offsets: &'static LineOffsets,
    /// True if the task that opened the file may see addresses and sizes.
    show_values: bool,
}

/// A place in the file, at which the next read begins.
pub(crate) struct Reader {
    symbols: &'static CoreSymbols,
    offsets: &'static LineOffsets,
    /// True if lines show addresses and sizes.
    show_values: bool,
    /// The offset of the next line.
    offset: u64,
    /// The place among the core symbols. If it is at the end, the next symbol is a run-time symbol.
    core: KBox<Walk>,
    run_time: RunTimeSymbols,
}

impl Contents for Reader {
    type Shared = ListedSymbols;
    type Opened = Opened;

    fn open(listed: &'static ListedSymbols, file: &File) -> Opened {
        let show_values = may_see_addresses(file);
        Opened {
            symbols: listed.symbols,
            offsets: listed.offsets_for(show_values),
            show_values,
        }
    }

    fn new(opened: &Opened) -> Result<Self> {
        Ok(Self {
            symbols: opened.symbols,
            offsets: opened.offsets,
            show_values: opened.show_values,
            offset: 0,
            core: opened.symbols.walk()?,
            run_time: RunTimeSymbols::new(),
        })
    }

    fn seek(&mut self, offset: u64) -> u64 {
        let (index, at) = self.offsets.last_known(offset);
        // A seek to offset 0 always starts with the first symbol, even if the reader is already at
        // offset 0. The reader may have found no symbols so far: if there are no core symbols, and
        // the first sources of run-time symbols were empty.
        if offset == 0 || self.offset > offset || self.offset < at {
            self.symbols.go_to(&mut self.core, index);
            self.run_time.rewind();
            self.offset = at;
        }
        self.offset
    }

    fn read(&mut self, buf: &mut [u8], wanted: usize) -> Result<usize, BufferTooSmall> {
        let len = if self.core.index() < self.symbols.len() {
            self.read_core(buf, wanted)?
        } else {
            let mut lines = LineBuffer::new(buf, wanted, self.show_values);
            match self.run_time.read(&mut lines) {
                Err(NoSpace) if lines.len() == 0 => return Err(BufferTooSmall),
                Err(NoSpace) | Ok(()) => lines.len(),
            }
        };
        self.offset = self.offset.saturating_add(len as u64);
        Ok(len)
    }
}

impl Reader {
    /// Writes the lines of the next core symbols to the beginning of `buf`, and returns the length
    /// of the lines. Call this only if the next symbol is a core symbol.
    fn read_core(&mut self, buf: &mut [u8], wanted: usize) -> Result<usize, BufferTooSmall> {
        let mut len: usize = 0;
        while len < wanted && self.core.index() < self.symbols.len() {
            let before = self.core.index();
            let free = buf.get_mut(len..).unwrap_or_default();
            let wanted = wanted.wrapping_sub(len);
            let lines = self
                .symbols
                .lines(&mut self.core, free, wanted, self.show_values);
            if self.core.index() == before {
                break;
            }
            len = len.saturating_add(lines);
            let offset = self.offset.saturating_add(len as u64);
            self.offsets.store(self.core.index(), offset);
        }
        if len == 0 {
            return Err(BufferTooSmall);
        }
        Ok(len)
    }
}
