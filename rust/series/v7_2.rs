// SPDX-License-Identifier: GPL-2.0

//! What differs between kernel series, for Linux 7.2 and 7.3.
//!
//! - How the addresses of core symbols are stored: `kallsyms_offsets` are relative to themselves.
//!   None is absolute, as per-cpu symbols are in the image like all others.
//! - What the kernel crate calls the initialiser that writes zeros.
//! - Open files and RCU, which the kernel crate has.
//!
//! C header: [`kernel/kallsyms_internal.h`](srctree/kernel/kallsyms_internal.h)

use crate::{
    core_tables::rest_of_section,
    format::{
        tokens::TokenRoom,
        walk::{Place, Places},
    },
    rodata::table,
};
use core::{mem::size_of, ptr::addr_of};
use kernel::{bindings, prelude::*};

/// An open file, which may be in use with a position that others have too: nothing here uses it.
pub(crate) use kernel::fs::LocalFile as File;

pub(crate) use kernel::sync::rcu;

/// A box of zeros, made in place: on the stack it would take too much.
pub(crate) fn token_room() -> Result<KBox<TokenRoom>> {
    KBox::init(pin_init::init_zeroed(), GFP_KERNEL)
}

/// The addresses of the core symbols.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    /// By symbol number: from the element itself to the symbol.
    offsets: &'static [i32],
    /// Where the image is.
    text: usize,
}

impl Addresses {
    /// Finds the addresses of the `len` core symbols. Fails with `EINVAL` if they are not where
    /// they should be.
    pub(crate) fn new(len: u32) -> Result<Self> {
        // SAFETY: scripts/kallsyms.c makes this table as a constant.
        let offsets = unsafe { table(addr_of!(bindings::kallsyms_offsets).cast(), len as usize)? };
        Ok(Self {
            offsets,
            text: addr_of!(bindings::_text) as usize,
        })
    }
}

impl Places for Addresses {
    type Row = i32;

    #[inline]
    fn rows(&self, index: u32) -> &[i32] {
        self.offsets.get(index as usize..).unwrap_or_default()
    }

    #[inline]
    fn place(&self, index: u32, offset: i32) -> Place {
        let first = self.offsets.as_ptr() as usize;
        let row = first.wrapping_add((index as usize).wrapping_mul(size_of::<i32>()));
        let address = row.wrapping_add(offset as usize);
        Place {
            address,
            offset: address.wrapping_sub(self.text) as u32,
            percpu: false,
        }
    }

    fn rest(&self, place: Place) -> usize {
        rest_of_section(place.address)
    }
}
