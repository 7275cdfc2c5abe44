// SPDX-License-Identifier: GPL-2.0

//! Where in the file the lines of the core symbols are.
//!
//! The lines of the core symbols are the same for all readers who may see addresses, and for all
//! who may not, from when the kernel starts until it ends. So whoever comes by a symbol whose
//! number is a multiple of [`STEP`] leaves the offset of its line here, and whoever looks for an
//! offset begins at the last one that is not after it. What is before the offset of a symbol is
//! then never made again, and at most [`STEP`] lines are made in vain, once the whole file was read
//! by anybody.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kernel::prelude::*;

/// Symbols from one checkpoint to the next: 4 bytes for each.
pub(crate) const STEP: u32 = 128;

/// The offsets of the lines of every [`STEP`]th symbol and of what comes after the last one, as far
/// as they are known.
///
/// An entry is written with the one value that it can have, and is good alone, so nothing has to be
/// ordered or locked.
pub(crate) struct Checkpoints {
    /// 0 where it is not known, and for the first symbol.
    offsets: KVVec<AtomicU32>,
    /// The number of symbols.
    len: u32,
}

impl Checkpoints {
    /// Checkpoints for `len` symbols, of which only the first one is known. May sleep.
    pub(crate) fn new(len: u32) -> Result<Self> {
        let count = (len.div_ceil(STEP) as usize).saturating_add(1);
        let mut offsets = KVVec::with_capacity(count, GFP_KERNEL)?;
        for _ in 0..count {
            offsets.push(AtomicU32::new(0), GFP_KERNEL)?;
        }
        Ok(Self { offsets, len })
    }

    /// Notes, if there is a checkpoint there, that the line of symbol number `index`, or what comes
    /// after the last symbol if that is the number of symbols, is at `offset` bytes.
    pub(crate) fn note(&self, index: u32, offset: u64) {
        if index % STEP != 0 && index != self.len {
            return;
        }
        let entry = self.offsets.get(index.div_ceil(STEP) as usize);
        // Nothing is known of offsets of 4 GiB or more.
        if let (Some(entry), Ok(offset)) = (entry, u32::try_from(offset)) {
            entry.store(offset, Relaxed);
        }
    }

    /// The last checkpoint known that is not after `offset` bytes: the number of its symbol, and
    /// its offset. May be called from any context.
    pub(crate) fn before(&self, offset: u64) -> (u32, u64) {
        let known = |entry: &AtomicU32| match entry.load(Relaxed) {
            0 => None,
            at => Some(u64::from(at)).filter(|&at| at <= offset),
        };
        // They become known in their order, but for the first, as a walk begins at one. To one who
        // sees some of them late they seem not to be, and any that is found is good.
        let rest = self.offsets.get(1..).unwrap_or_default();
        let found = rest.partition_point(|entry| known(entry).is_some());
        match self.offsets.get(found).and_then(known) {
            Some(at) => ((found as u32).saturating_mul(STEP).min(self.len), at),
            None => (0, 0),
        }
    }
}
