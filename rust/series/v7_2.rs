// SPDX-License-Identifier: GPL-2.0

//! The differences between kernel series, for Linux 7.2 and 7.3.
//!
//! - The encoding of core symbols' addresses: each row of `kallsyms_offsets` is relative to the
//!   address of the row. No row is an absolute address, as the image includes the per-cpu symbols.
//! - The initialiser that writes zeros, and its trait `Zeroable`: they are in the crate `pin_init`,
//!   and in the kernel crate of 6.12, where the initialiser has another name.
//! - Open files and RCU: re-exported from the kernel crate, which does not have them in 6.12.
//!
//! C header: [`kernel/kallsyms_internal.h`](srctree/kernel/kallsyms_internal.h)

use crate::format::addresses::SelfRelative;
use core::ptr::addr_of;
use kernel::{bindings, prelude::*};

/// An open file. `LocalFile`, because callers cannot rule out an fdget_pos() on this thread.
pub(crate) use kernel::fs::LocalFile as File;

#[cfg(any(CONFIG_MODULES, CONFIG_BPF_JIT))]
pub(crate) use kernel::sync::rcu;

/// The encoding of `kallsyms_offsets`.
pub(crate) type AddressEncoding = SelfRelative;

/// The encoding of `offsets`, the table `kallsyms_offsets` of this kernel.
pub(crate) fn address_encoding(offsets: &'static [i32]) -> AddressEncoding {
    SelfRelative {
        table: offsets.as_ptr() as usize,
        text: addr_of!(bindings::_text) as usize,
    }
}

/// A box of zeros, made in place: the kernel stack has no room for a large value.
pub(crate) fn zeroed_box<T: pin_init::Zeroable>() -> Result<KBox<T>> {
    KBox::init(pin_init::init_zeroed(), GFP_KERNEL)
}
