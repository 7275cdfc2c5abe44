// SPDX-License-Identifier: GPL-2.0

//! The permissions of a file's opener.
//!
//! C headers: [`include/linux/fs.h`](srctree/include/linux/fs.h) and
//! [`include/linux/cred.h`](srctree/include/linux/cred.h)

use kernel::bindings;

pub(crate) use crate::series::File;

/// Return: true if the opener of `file` may see the addresses of kernel symbols; `kptr_restrict`
/// and `perf_event_paranoid` set the rule.
///
/// Call this function in process context: it may ask the security modules.
///
/// C: kallsyms_show_value().
pub(crate) fn may_see_addresses(file: &File) -> bool {
    // SAFETY: The pointer to the credentials is valid: `file` holds a reference to its credentials.
    unsafe { bindings::kallsyms_show_value(file.cred().as_ptr()) }
}
