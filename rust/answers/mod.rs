// SPDX-License-Identifier: GPL-2.0

//! Answers to other kernel code about addresses and names, and to crash dumps about the tables.
//!
//! An address comes in. The modules of the address, the symbol that the address is in, the size of
//! that symbol and its object file go out. For the name of a symbol, with a module or an object
//! file, the address goes out. [`include/linux/kallmodsyms.h`](srctree/include/linux/kallmodsyms.h)
//! declares the functions. This folder imports the [sources](crate::sources) and the format code,
//! and not the listing.

mod address_in_symbol;
mod address_index;
mod exception_extents;
mod kallsyms_hooks;
mod lookup;
mod lookup_state;
mod name_lookup;
#[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
mod object_lookup;
#[cfg(any(CONFIG_KALLMODSYMS_SIZES, CONFIG_KALLMODSYMS_OBJECTS))]
mod printed_symbol;
#[cfg(CONFIG_KALLMODSYMS_SIZES)]
mod true_sizes;
#[cfg(CONFIG_VMCORE_INFO)]
mod vmcoreinfo;

pub(crate) use lookup_state::start;

/// Adds the tables to VMCOREINFO, if the kernel has VMCOREINFO. Call this once, while the kernel
/// starts.
pub(crate) fn add_to_vmcoreinfo() {
    #[cfg(CONFIG_VMCORE_INFO)]
    vmcoreinfo::add_tables();
}
