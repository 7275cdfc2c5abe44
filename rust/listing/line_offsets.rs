// SPDX-License-Identifier: GPL-2.0

//! The offsets of the core symbols' lines in the file.
//!
//! From start to shutdown, the lines of the core symbols are the same for all readers that see
//! addresses, and for all readers that do not. So a reader that comes to a symbol whose number is a
//! multiple of [`STEP`] notes the offset of its line here. A reader that looks for an offset begins
//! at the last known offset that is not above it. The lines before that are never made again. Once
//! any reader has read the whole file, a search makes at most [`STEP`] lines in vain.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kernel::prelude::*;

/// Symbols from one known offset to the next. An offset takes 4 bytes.
const STEP: u32 = 128;

/// The offsets of the lines of every [`STEP`]th symbol and of the end of the core symbols, as far
/// as they are known.
///
/// An entry has one possible value, so any task may write it at any time: without a lock, and in no
/// order with other entries.
pub(super) struct LineOffsets {
    /// 0 for an unknown offset, and for the first symbol.
    offsets: KVVec<AtomicU32>,
    /// The number of symbols.
    len: u32,
}

impl LineOffsets {
    /// The offsets of `len` symbols, all unknown but the first. May sleep.
    pub(super) fn new(len: u32) -> Result<Self> {
        let count = (len.div_ceil(STEP) as usize).saturating_add(1);
        let mut offsets = KVVec::with_capacity(count, GFP_KERNEL)?;
        for _ in 0..count {
            offsets.push(AtomicU32::new(0), GFP_KERNEL)?;
        }
        Ok(Self { offsets, len })
    }

    /// Notes that the line of symbol number `index` is at `offset` bytes, if there is an entry for
    /// it. The number of symbols stands for the end of the core symbols.
    pub(super) fn note(&self, index: u32, offset: u64) {
        if index % STEP != 0 && index != self.len {
            return;
        }
        let entry = self.offsets.get(index.div_ceil(STEP) as usize);
        // Offsets of 4 GiB or more stay unknown.
        if let (Some(entry), Ok(offset)) = (entry, u32::try_from(offset)) {
            entry.store(offset, Relaxed);
        }
    }

    /// The last known offset that is not above `offset` bytes, after the number of its symbol. May
    /// be called from any context.
    pub(super) fn before(&self, offset: u64) -> (u32, u64) {
        let known = |entry: &AtomicU32| match entry.load(Relaxed) {
            0 => None,
            at => Some(u64::from(at)).filter(|&at| at <= offset),
        };
        // Entries become known in their order, as each walk begins at a known entry. A task that
        // sees a store late takes the entry for unknown, and begins at an earlier entry.
        let after_first = self.offsets.get(1..).unwrap_or_default();
        let found = after_first.partition_point(|entry| known(entry).is_some());
        match self.offsets.get(found).and_then(known) {
            Some(at) => ((found as u32).saturating_mul(STEP).min(self.len), at),
            None => (0, 0),
        }
    }
}
