// SPDX-License-Identifier: GPL-2.0

//! The offsets of the core symbols' lines in the file.
//!
//! All readers that see addresses get the same lines for the core symbols. All readers that see
//! zeros also get the same lines. Each of these two kinds of readers has a [`LineOffsets`]. When a
//! reader comes to a symbol whose number is a multiple of [`STEP`], the reader stores the offset of
//! that symbol's line. A later seek begins at the highest stored offset that is not above the
//! wanted offset, and makes no line before the stored offset. Once a reader of the same kind has
//! read all core symbols, a seek among them makes at most [`STEP`] lines that it discards.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kernel::prelude::*;

/// The number of symbols from one stored offset to the next. A stored offset takes 4 bytes.
const STEP: u32 = 128;

/// The offset of the line of every [`STEP`]th symbol, and of the end of the core symbols.
///
/// An offset is unknown until a reader stores it. All readers store the same value in an entry, so
/// stores need no lock and no ordering.
pub(super) struct LineOffsets {
    /// The index is the symbol number divided by [`STEP`], rounded up. The first entry is 0, the
    /// offset of the first line. In every other entry, 0 stands for an unknown offset.
    offsets: KVVec<AtomicU32>,
    /// The number of symbols.
    len: u32,
}

impl LineOffsets {
    /// The offsets of `len` symbols. Only the offset of the first symbol is known. May sleep.
    pub(super) fn new(len: u32) -> Result<Self> {
        let count = (len.div_ceil(STEP) as usize).saturating_add(1);
        let mut offsets = KVVec::with_capacity(count, GFP_KERNEL)?;
        for _ in 0..count {
            offsets.push(AtomicU32::new(0), GFP_KERNEL)?;
        }
        Ok(Self { offsets, len })
    }

    /// Stores the `offset` of the line of symbol number `index`, if that symbol has an entry. If
    /// `index` is the number of symbols, `offset` is the end of the last line.
    pub(super) fn store(&self, index: u32, offset: u64) {
        if index % STEP != 0 && index != self.len {
            return;
        }
        let entry = self.offsets.get(index.div_ceil(STEP) as usize);
        // Offsets of 4 GiB or more stay unknown.
        if let (Some(entry), Ok(offset)) = (entry, u32::try_from(offset)) {
            entry.store(offset, Relaxed);
        }
    }

    /// Returns the symbol number and offset of the last known line that begins at or before
    /// `offset`. May be called from any context.
    pub(super) fn last_known(&self, offset: u64) -> (u32, u64) {
        let known = |entry: &AtomicU32| match entry.load(Relaxed) {
            0 => None,
            at => Some(u64::from(at)).filter(|&at| at <= offset),
        };
        // Known entries come before unknown entries: each walk begins at a known entry, and stores
        // the next entries in order. But this task may see the stores of another task out of order,
        // so that it sees an unknown entry before a known entry. The search then finds an earlier
        // entry or the first symbol, and the reader makes more lines.
        let after_first = self.offsets.get(1..).unwrap_or_default();
        let found = after_first.partition_point(|entry| known(entry).is_some());
        match self.offsets.get(found).and_then(known) {
            Some(at) => ((found as u32).saturating_mul(STEP).min(self.len), at),
            None => (0, 0),
        }
    }
}
