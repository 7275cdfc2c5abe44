// SPDX-License-Identifier: GPL-2.0

//! The addresses of the tables, for crash dumps.
//!
//! VMCOREINFO is a note in every dump of the kernel's memory and in `/proc/kcore`. The note has the
//! addresses of kallsyms' tables; this file adds the addresses of the generator's tables.
//!
//! The note is one page. On x86_64 defconfig, 882 bytes of that page are free, so the note has the
//! address of only one size table, `kallsyms_size_counts`. The other size tables follow that table.
//! The counts in that table and the number of symbols tell their lengths. The same applies to
//! `kallsyms_object_counts` and the tables of object files.
//!
//! C header: [`include/linux/vmcore_info.h`](srctree/include/linux/vmcore_info.h)

use core::{mem::size_of, ptr::addr_of};
use kernel::{bindings, c_str, prelude::*, str::BStr};

/// The number of bytes of `SYMBOL(kallsyms_modules)=ffffffff82345678\n` without the name.
const SYMBOL_LINE: usize = "SYMBOL()=\n".len() + 2 * size_of::<usize>();

/// The number of bytes that stay free, because a crash adds the time of the crash.
const RESERVE: usize = 64;

/// Adds the module tables to VMCOREINFO, if the note has room for all of them; then the size tables
/// and the tables of object files likewise. Call this once, while the kernel starts.
pub(super) fn add_tables() {
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
    #[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
    tables![kallsyms_object_counts];
}

/// Adds all of `tables`, which are names and addresses, or none of them.
fn add(tables: &[(&CStr, usize)]) {
    let lengths = tables.iter().map(|&(name, _)| {
        // The type of C strings differs between series. `bytes` has no NUL in any series.
        let bytes: &BStr = name.as_ref();
        bytes.len().wrapping_add(SYMBOL_LINE)
    });
    let wanted = lengths.fold(RESERVE, usize::wrapping_add);
    // SAFETY: The function may be called at any time: it reads a pointer and a number. The kernel
    // writes to the pointer and the number only in initcalls and when it crashes.
    if unsafe { bindings::kallmodsyms_vmcoreinfo_bytes_left() } < wanted {
        pr_notice!("no room for {} tables in VMCOREINFO\n", tables.len());
        return;
    }
    for &(name, address) in tables {
        // SAFETY:
        // - The note has room for the line: this was just tested.
        // - The name is NUL-terminated, and the function copies it.
        // - No other code writes to the note now. No lock is needed: other code writes to the note
        //   in initcalls, which run one after the other, or in a crash, when no other processor
        //   runs.
        unsafe { bindings::kallmodsyms_vmcoreinfo_symbol(name.as_char_ptr(), address) };
    }
    // SAFETY:
    // - The note exists: kallmodsyms_vmcoreinfo_bytes_left() would otherwise have returned 0.
    // - No other code writes to the note now: other code writes to it in initcalls, which run one
    //   after the other, or in a crash, when no other processor runs.
    unsafe { bindings::kallmodsyms_vmcoreinfo_update_note() };
}
