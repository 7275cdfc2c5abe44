// SPDX-License-Identifier: GPL-2.0

//! The permissions of the credentials that a file was opened with.
//!
//! C headers: [`include/linux/fs.h`](srctree/include/linux/fs.h) and
//! [`include/linux/cred.h`](srctree/include/linux/cred.h)

use kernel::bindings;

pub(crate) use crate::series::File;

/// Return: true if the opener of `file` may see the addresses of kernel symbols; `kptr_restrict`
/// sets the rule.
///
/// Call this in process context: the function asks the security module, which may write an audit
/// record.
///
/// C: kallsyms_show_value().
pub(crate) fn may_see_addresses(file: &File) -> bool {
    // SAFETY: The credentials are borrowed from the file, which holds a reference to them.
    unsafe { bindings::kallsyms_show_value(file.cred().as_ptr()) }
}
