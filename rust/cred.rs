// SPDX-License-Identifier: GPL-2.0

//! Open files and the credentials they were opened with.
//!
//! C headers: [`include/linux/fs.h`](srctree/include/linux/fs.h) and
//! [`include/linux/cred.h`](srctree/include/linux/cred.h)

use kernel::{bindings, types::Opaque};

/// An open file: `struct file`.
///
/// # Invariants
///
/// There is a reference to the file for as long as this is borrowed.
#[repr(transparent)]
pub(crate) struct File(Opaque<bindings::file>);

/// The credentials of a task: `struct cred`.
///
/// # Invariants
///
/// There is a reference to the credentials for as long as this is borrowed.
#[repr(transparent)]
pub(crate) struct Credential(Opaque<bindings::cred>);

impl File {
    /// Borrows a file that C has a pointer to.
    ///
    /// # Safety
    ///
    /// `file` points to a file to which there is a reference for all of `'a`.
    pub(crate) unsafe fn from_raw<'a>(file: *const bindings::file) -> &'a Self {
        // SAFETY: The pointer is valid for `'a` by the contract, and `File` has the layout of the C
        // type.
        // INVARIANT: The contract says the same.
        unsafe { &*file.cast() }
    }

    /// The credentials of who opened the file.
    pub(crate) fn cred(&self) -> &Credential {
        // SAFETY: The file is valid by the invariant of `File`. `f_cred` is set before the file can
        // be used and does not change.
        let cred = unsafe { (*self.0.get()).f_cred };
        // SAFETY: A file holds a reference to its credentials, so they live as long as `self`, and
        // `Credential` has the layout of the C type.
        // INVARIANT: As just said.
        unsafe { &*cred.cast() }
    }
}

impl Credential {
    /// Tells whether these credentials may see the addresses of kernel symbols, as `kptr_restrict`
    /// has it.
    ///
    /// A security module is asked and may write an audit record, so this is for process context.
    ///
    /// C: kallsyms_show_value().
    pub(crate) fn may_see_addresses(&self) -> bool {
        // SAFETY: The credentials are valid by the invariant of `Credential`.
        unsafe { bindings::kallsyms_show_value(self.0.get()) }
    }
}
