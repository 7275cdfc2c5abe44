// SPDX-License-Identifier: GPL-2.0

//! The state that all lookups share once the component has started.

use super::{address_index::AddressIndex, exception_extents::ExceptionExtents};
use crate::sources::CoreSymbols;
use core::{
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};
use kernel::prelude::*;

/// The state, which is never freed; null before the component has started.
static STATE: AtomicPtr<LookupState> = AtomicPtr::new(ptr::null_mut());

/// The symbols, the index of their addresses, and the addresses of the exceptions: symbols whose
/// modules differ from those of their range.
pub(super) struct LookupState {
    pub(super) symbols: &'static CoreSymbols,
    pub(super) index: AddressIndex,
    pub(super) exceptions: ExceptionExtents,
}

/// Starts the lookups, which use `symbols` from now on.
///
/// Fails with `ENOMEM`. Call this once, in process context.
pub(crate) fn start(symbols: &'static CoreSymbols) -> Result {
    let exceptions = ExceptionExtents::new(symbols)?;
    let index = AddressIndex::new(symbols)?;
    let state = LookupState {
        symbols,
        index,
        exceptions,
    };
    let state = KBox::new(state, GFP_KERNEL)?;
    // Pairs with the Acquire in get().
    STATE.store(KBox::leak(state), Ordering::Release);
    Ok(())
}

impl LookupState {
    /// The state; `None` before the component has started. May be called from any context.
    #[inline]
    pub(super) fn get() -> Option<&'static Self> {
        // SAFETY:
        // - The pointer is null or from `KBox::leak`, so it is valid and never freed.
        // - This task sees the whole state: Acquire pairs with the Release in start().
        // - Nothing writes to the state.
        unsafe { STATE.load(Ordering::Acquire).as_ref() }
    }
}
