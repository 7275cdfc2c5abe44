// SPDX-License-Identifier: GPL-2.0

//! What the credentials allow that a file was opened with.
//!
//! C headers: [`include/linux/fs.h`](srctree/include/linux/fs.h) and
//! [`include/linux/cred.h`](srctree/include/linux/cred.h)

use kernel::bindings;

pub(crate) use crate::series::File;

/// Tells whether who opened `file` may see the addresses of kernel symbols, as `kptr_restrict` has it.
///
/// A security module is asked and may write an audit record, so this is for process context.
///
/// C: kallsyms_show_value().
pub(crate) fn may_see_addresses(file: &File) -> bool {
    // SAFETY: The credentials are borrowed from the file, which has a reference to them.
    unsafe { bindings::kallsyms_show_value(file.cred().as_ptr()) }
}
