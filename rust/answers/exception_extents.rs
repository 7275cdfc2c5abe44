// SPDX-License-Identifier: GPL-2.0

//! The bytes of exceptions: of symbols that are in other modules than the range around them.
//!
//! Such bytes are constants that the linker merged with equal constants of other object files. One
//! exception can be inside another.

use crate::{format::names::ModuleNames, sources::CoreSymbols};
use core::ptr::addr_of;
use kernel::{bindings, prelude::*};

/// An exception that has a size.
struct ExceptionExtent {
    /// Bytes from `_text`.
    start: usize,
    /// Bytes.
    size: usize,
    /// The highest end of this extent and of all before it, in bytes from `_text`.
    reach: usize,
    modules: ModuleNames<'static>,
}

/// All exceptions that an address can be in, sorted by start.
pub(super) struct ExceptionExtents(KVec<ExceptionExtent>);

impl ExceptionExtents {
    /// Finds the exceptions of `symbols`. Fails with `ENOMEM`.
    ///
    /// Without stored sizes there are none: it is not known which of the symbols at an address have
    /// bytes there.
    pub(super) fn new(symbols: &CoreSymbols) -> Result<Self> {
        let text = addr_of!(bindings::_text) as usize;
        let mut extents: KVec<ExceptionExtent> = KVec::new();
        for (index, modules) in symbols.modules().exceptions() {
            let Some((address, size)) = symbols.extent(index) else {
                break;
            };
            // Per-cpu symbols are below the image.
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
            // The first of the largest extents at an address counts.
            match extents.last_mut().filter(|last| last.start == start) {
                Some(last) if last.size < size => *last = extent,
                Some(_) => {}
                None => extents.push(extent, GFP_KERNEL)?,
            }
        }
        Ok(Self(extents))
    }

    /// The modules of the exception that a byte is in, `offset` bytes from `_text`. Of several
    /// exceptions, the one with the highest start counts.
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
