// SPDX-License-Identifier: GPL-2.0

//! The extents of exceptions. An exception is a symbol whose modules differ from the modules of the
//! range at its address.
//!
//! An exception with a size is usually a constant that the linker merged with equal constants of
//! other object files. A symbol outside the 4 GiB that the offsets of ranges reach can be an
//! exception, too. An exception can be inside another exception.

use crate::{format::names::ModuleNames, sources::CoreSymbols};
use core::ptr::addr_of;
use kernel::{bindings, prelude::*};

/// An exception that has a size.
struct ExceptionExtent {
    /// The start, in bytes from `_text`.
    start: usize,
    /// The size in bytes.
    size: usize,
    /// The highest end of this extent and all earlier extents, in bytes from `_text`.
    reach: usize,
    modules: ModuleNames<'static>,
}

/// The exceptions in the image that have a size, at most one for each address, sorted by start.
pub(super) struct ExceptionExtents(KVec<ExceptionExtent>);

impl ExceptionExtents {
    /// Finds the exceptions of `symbols`. Fails with `ENOMEM`.
    ///
    /// If sizes are not known, finds no exceptions: only a size tells whether a symbol has bytes.
    pub(super) fn new(symbols: &CoreSymbols) -> Result<Self> {
        let text = addr_of!(bindings::_text) as usize;
        let mut extents: KVec<ExceptionExtent> = KVec::new();
        for (index, modules) in symbols.modules().exceptions() {
            let Some((address, size)) = symbols.extent(index) else {
                break;
            };
            // In Linux 6.12 on x86_64, per-cpu symbols are below the image.
            let (Some(start), 1..) = (address.checked_sub(text), size) else {
                continue;
            };
            let reach = start.saturating_add(size);
            let reach = extents.last().map_or(reach, |last| last.reach.max(reach));
            let extent = ExceptionExtent {
                start,
                size,
                reach,
                modules,
            };
            // Of several exceptions at one address, keep the largest; of equally large ones, the
            // first.
            match extents.last_mut().filter(|last| last.start == start) {
                Some(last) if last.size < size => *last = extent,
                Some(_) => {}
                None => extents.push(extent, GFP_KERNEL)?,
            }
        }
        Ok(Self(extents))
    }

    /// The modules of the exception that contains the byte at `offset` bytes from `_text`. If
    /// several exceptions contain the byte, the exception with the highest start counts.
    pub(super) fn modules_at(&self, offset: usize) -> Option<ModuleNames<'static>> {
        let Self(extents) = self;
        let after = extents.partition_point(|extent| extent.start <= offset);
        let before = extents.get(..after)?.iter().rev();
        before
            .take_while(|extent| offset < extent.reach)
            .find(|extent| offset.wrapping_sub(extent.start) < extent.size)
            .map(|extent| extent.modules)
    }
}
