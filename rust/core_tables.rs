// SPDX-License-Identifier: GPL-2.0

//! The tables of kernel/kallsyms.c, as far as all kernel series agree on them.
//!
//! C header: [`kernel/kallsyms_internal.h`](srctree/kernel/kallsyms_internal.h)

use crate::{
    format::tokens::TOKENS,
    rodata::{between, table},
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

/// The bytes from `address`, where the last symbols of the image are, to the end of what they can
/// extend to, as get_symbol_pos() of kernel/kallsyms.c has it.
pub(crate) fn rest_of_section(address: usize) -> usize {
    // SAFETY: The function compares its argument and may be called with any.
    let end = if unsafe { bindings::kallmodsyms_is_kernel_inittext(address as _) } {
        addr_of!(bindings::_einittext) as usize
    } else if cfg!(CONFIG_KALLSYMS_ALL) {
        addr_of!(bindings::_end) as usize
    } else {
        addr_of!(bindings::_etext) as usize
    };
    end.saturating_sub(address)
}
