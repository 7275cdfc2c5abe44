// SPDX-License-Identifier: GPL-2.0

//! The differences between kernel series, for Linux 6.12.
//!
//! - The encoding of core symbols' addresses: a row of `kallsyms_offsets` is relative to
//!   `kallsyms_relative_base`. With `CONFIG_KALLSYMS_ABSOLUTE_PERCPU`, a row that is not negative
//!   is an absolute address instead.
//! - The name of the initialiser in the kernel crate that writes zeros.
//! - Open files, their credentials and RCU: the kernel crate of this series does not have them.
//!
//! C header: [`kernel/kallsyms_internal.h`](srctree/kernel/kallsyms_internal.h)

use crate::format::addresses::BaseRelative;
use core::ptr::addr_of;
use kernel::{bindings, init::Zeroable, prelude::*, types::Opaque};

/// The encoding of `kallsyms_offsets`.
pub(crate) type AddressEncoding = BaseRelative<{ cfg!(CONFIG_KALLSYMS_ABSOLUTE_PERCPU) }>;

/// The encoding of the table `kallsyms_offsets`. Other series need the table, so it is an argument.
pub(crate) fn address_encoding(_: &'static [i32]) -> AddressEncoding {
    BaseRelative {
        // SAFETY: `kallsyms_relative_base` is in the read-only data. Only the relocation of the
        // kernel writes to it, before any Rust code runs.
        relative_base: unsafe { bindings::kallsyms_relative_base },
        text: addr_of!(bindings::_text) as usize,
        // SAFETY: `kallsyms_module_base` is in the read-only data, and nothing writes to it.
        linked_text: unsafe { bindings::kallsyms_module_base },
    }
}

/// A box of zeros, made in place: the kernel stack has no room for a large value.
pub(crate) fn zeroed_box<T: Zeroable>() -> Result<KBox<T>> {
    KBox::init(kernel::init::zeroed(), GFP_KERNEL)
}

/// An open file: `struct file`.
///
/// # Invariants
///
/// Someone holds a reference count on the file for as long as this value is borrowed.
#[repr(transparent)]
pub(crate) struct File(Opaque<bindings::file>);

/// The credentials of a task: `struct cred`.
///
/// # Invariants
///
/// Someone holds a reference count on the credentials for as long as this value is borrowed.
#[repr(transparent)]
pub(crate) struct Credential(Opaque<bindings::cred>);

impl File {
    /// Borrows the file at a pointer from C.
    ///
    /// # Safety
    ///
    /// - `file` points to a file.
    /// - Someone holds a reference count on that file for all of `'a`.
    pub(crate) unsafe fn from_raw_file<'a>(file: *const bindings::file) -> &'a Self {
        // SAFETY:
        // - `file` points to a file, by the contract.
        // - The file stays valid for `'a`: someone holds a reference count on it, by the contract.
        // - `File` has the layout of the C type.
        // INVARIANT: Someone holds a reference count on the file for `'a`, by the contract.
        unsafe { &*file.cast() }
    }

    /// The credentials of the opener of the file.
    pub(crate) fn cred(&self) -> &Credential {
        // SAFETY:
        // - The file is valid, by the invariant of `File`.
        // - C sets `f_cred` before the file can be used, and does not change it.
        let cred = unsafe { (*self.0.get()).f_cred };
        // SAFETY:
        // - The credentials live as long as `self`: a file holds a reference count on its
        //   credentials.
        // - `Credential` has the layout of the C type.
        // INVARIANT: The file holds a reference count on the credentials.
        unsafe { &*cred.cast() }
    }
}

impl Credential {
    /// The pointer for C.
    pub(crate) fn as_ptr(&self) -> *const bindings::cred {
        self.0.get()
    }
}

/// RCU. C header: [`include/linux/rcupdate.h`](srctree/include/linux/rcupdate.h)
#[cfg(any(CONFIG_MODULES, CONFIG_BPF_JIT))]
pub(crate) mod rcu {
    use core::marker::PhantomData;
    use kernel::bindings;

    /// Keeps this task in a read-side section until the guard is dropped. The task may not sleep in
    /// the section.
    ///
    /// # Invariants
    ///
    /// This task is in a read-side section.
    pub(crate) struct Guard {
        /// A section ends in the task in which it began.
        _not_send: PhantomData<*mut ()>,
    }

    impl Guard {
        /// Begins a section.
        pub(crate) fn new() -> Self {
            // SAFETY: A section may begin anywhere.
            unsafe { bindings::kallmodsyms_rcu_read_lock() };
            // INVARIANT: The section just began.
            Self {
                _not_send: PhantomData,
            }
        }
    }

    impl Drop for Guard {
        fn drop(&mut self) {
            // SAFETY: This task is in a section, by the invariant.
            unsafe { bindings::kallmodsyms_rcu_read_unlock() };
        }
    }
}
