// SPDX-License-Identifier: GPL-2.0

//! Where a crash dump has the tables.
//!
//! VMCOREINFO, a note in every dump of the kernel's memory and in `/proc/kcore`, says where those of
//! kallsyms are. What is added here says the same of ours.
//!
//! It is one page, of which x86_64 defconfig has 882 bytes left. Of the tables of sizes only the first
//! is named, therefore: the others follow it, and their lengths follow from what is in it.
//!
//! C header: [`include/linux/vmcore_info.h`](srctree/include/linux/vmcore_info.h)

use core::{mem::size_of, ptr::addr_of};
use kernel::{bindings, c_str, prelude::*, str::BStr};

/// Bytes of `SYMBOL(kallsyms_modules)=ffffffff82345678\n` that are not the name.
const REST: usize = "SYMBOL()=\n".len() + 2 * size_of::<usize>();

/// Bytes that are left for others: the time of a crash is added when there is one.
const LEFT: usize = 64;

/// Adds the tables to VMCOREINFO, if there is room for all of them. To be called once, while the
/// kernel starts.
pub(crate) fn add_tables() {
    macro_rules! tables {
        ($($name:ident)*) => {
            add(&[$((c_str!(stringify!($name)), addr_of!(bindings::$name) as usize)),*])
        };
    }
    tables![
        kallsyms_num_modules
        kallsyms_module_base
        kallsyms_module_offsets
        kallsyms_modules
        kallsyms_num_module_exceptions
        kallsyms_module_exceptions
        kallsyms_exception_modules
        kallsyms_module_names_len
        kallsyms_module_names
    ];
    #[cfg(CONFIG_KALLMODSYMS_SIZES)]
    tables![kallsyms_size_counts];
}

/// Adds some tables, given with their addresses: all or none.
fn add(tables: &[(&CStr, usize)]) {
    let lengths = tables.iter().map(|&(name, _)| {
        // What a C string is differs between series; this is without the NUL.
        let bytes: &BStr = name.as_ref();
        bytes.len().wrapping_add(REST)
    });
    let wanted = lengths.fold(LEFT, usize::wrapping_add);
    // SAFETY: The function reads a pointer and a number, which are written while the kernel starts
    // and when it crashes. It may be called at any time.
    if unsafe { bindings::kallmodsyms_vmcoreinfo_room() } < wanted {
        pr_notice!("no room for {} tables in VMCOREINFO\n", tables.len());
        return;
    }
    for &(name, address) in tables {
        // SAFETY: There is room. The name ends in a zero byte, and is copied. Nobody else writes
        // there now: no lock sees to it, but all else that appends does so in initcalls, which run
        // one after the other, or in a crash, when no other processor runs.
        unsafe { bindings::kallmodsyms_vmcoreinfo_symbol(name.as_char_ptr(), address as _) };
    }
    // SAFETY: There is a note, as there is room. Nobody else writes there now, as above.
    unsafe { bindings::kallmodsyms_vmcoreinfo_done() };
}
