// SPDX-License-Identifier: GPL-2.0

//! What differs between kernel series, for Linux 6.12.
//!
//! - How the addresses of core symbols are stored: `kallsyms_offsets` are relative to
//!   `kallsyms_relative_base`, and with `CONFIG_KALLSYMS_ABSOLUTE_PERCPU` those that are not
//!   negative are absolute addresses instead.
//! - In which order scripts/kallsyms.c writes its tables.
//! - Where the last section ends.
//! - What the kernel crate calls the initialiser that writes zeros.
//!
//! C header: [`kernel/kallsyms_internal.h`](srctree/kernel/kallsyms_internal.h)

use crate::{
    format::{
        tokens::{TokenRoom, TOKENS},
        walk::{Place, Places},
    },
    rodata::{between, linked_text, table},
};
use core::ptr::addr_of;
use kernel::{bindings, prelude::*};

/// The tables of the core symbols' names, not yet checked.
pub(crate) struct NameTables {
    /// The entries of all symbols, and maybe padding.
    pub(crate) stream: &'static [u8],
    /// Offsets in the stream.
    pub(crate) markers: &'static [u32],
    /// The tokens' strings, and maybe padding.
    pub(crate) token_table: &'static [u8],
    /// Offsets in the token table.
    pub(crate) token_index: &'static [u16; TOKENS],
    /// The number of symbols.
    pub(crate) len: u32,
}

impl NameTables {
    /// Finds the tables. Fails with `EINVAL` if they are not where they should be.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: It is a constant of the read-only data.
        let len = unsafe { bindings::kallsyms_num_syms };
        // SAFETY: scripts/kallsyms.c makes all of these tables as constants. It writes the markers
        // right after the names and the token index right after the token table.
        unsafe {
            Ok(Self {
                stream: between::<u8, u32>(
                    addr_of!(bindings::kallsyms_names).cast(),
                    addr_of!(bindings::kallsyms_markers).cast(),
                )?,
                markers: between::<u32, u8>(
                    addr_of!(bindings::kallsyms_markers).cast(),
                    addr_of!(bindings::kallsyms_token_table).cast(),
                )?,
                token_table: between::<u8, u16>(
                    addr_of!(bindings::kallsyms_token_table).cast(),
                    addr_of!(bindings::kallsyms_token_index).cast(),
                )?,
                token_index: table(addr_of!(bindings::kallsyms_token_index).cast(), TOKENS)?
                    .try_into()
                    .map_err(|_| EINVAL)?,
                len,
            })
        }
    }
}

/// Room for tokens, made in place: on the stack it would take too much.
pub(crate) fn token_room() -> Result<KBox<TokenRoom>> {
    KBox::init(kernel::init::zeroed(), GFP_KERNEL)
}

/// The addresses of the core symbols.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    /// By symbol number.
    offsets: &'static [i32],
    /// What an offset that is not absolute is relative to.
    relative_base: usize,
    /// Where the image is: KASLR may have moved it.
    text: usize,
    /// Where it was linked to be.
    linked_text: usize,
}

impl Addresses {
    /// Finds the addresses of the `len` core symbols. Fails with `EINVAL` if they are not where
    /// they should be.
    pub(crate) fn new(len: u32) -> Result<Self> {
        // SAFETY: scripts/kallsyms.c makes this table as a constant.
        let offsets = unsafe { table(addr_of!(bindings::kallsyms_offsets).cast(), len as usize)? };
        Ok(Self {
            offsets,
            // SAFETY: It is in the read-only data, and nothing has written to it since the kernel
            // was relocated, which was before any Rust code ran.
            relative_base: unsafe { bindings::kallsyms_relative_base as usize },
            text: addr_of!(bindings::_text) as usize,
            linked_text: linked_text(),
        })
    }

    /// The place of an address in the image.
    #[inline]
    fn in_image(&self, address: usize) -> Place {
        Place {
            address,
            offset: address.wrapping_sub(self.text) as u32,
            percpu: false,
        }
    }
}

impl Places for Addresses {
    type Row = i32;

    #[inline]
    fn rows(&self, index: u32) -> &[i32] {
        self.offsets.get(index as usize..).unwrap_or_default()
    }

    #[inline]
    fn place(&self, _index: u32, offset: i32) -> Place {
        if cfg!(not(CONFIG_KALLSYMS_ABSOLUTE_PERCPU)) {
            self.in_image(self.relative_base.wrapping_add(offset as u32 as usize))
        } else if offset < 0 {
            // -1 stands for the base itself, -2 for the byte after it and so on.
            self.in_image(self.relative_base.wrapping_add(!offset as usize))
        } else {
            let address = offset as usize;
            Place {
                address,
                offset: address.wrapping_sub(self.linked_text) as u32,
                percpu: true,
            }
        }
    }

    fn rest(&self, place: Place) -> usize {
        // As in get_symbol_pos() of kernel/kallsyms.c. The per-cpu area ends with a symbol that
        // says so.
        if place.percpu {
            return 0;
        }
        section_end(place.address).saturating_sub(place.address)
    }
}

/// The end of what the last symbol, at `address`, can extend to, as get_symbol_pos() of
/// kernel/kallsyms.c has it.
fn section_end(address: usize) -> usize {
    // SAFETY: The function compares its argument and may be called with any.
    if unsafe { bindings::kallmodsyms_is_kernel_inittext(address as _) } {
        addr_of!(bindings::_einittext) as usize
    } else if cfg!(CONFIG_KALLSYMS_ALL) {
        addr_of!(bindings::_end) as usize
    } else {
        addr_of!(bindings::_etext) as usize
    }
}
