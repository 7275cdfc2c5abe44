// SPDX-License-Identifier: GPL-2.0

//! What differs between kernel series, for Linux 6.12.
//!
//! - How the addresses of core symbols are stored: `kallsyms_offsets` are relative to
//!   `kallsyms_relative_base`, and with `CONFIG_KALLSYMS_ABSOLUTE_PERCPU` those that are not
//!   negative are absolute addresses instead.
//! - What the kernel crate calls the initialiser that writes zeros.
//! - Open files, their credentials and RCU, which the kernel crate has only later.
//!
//! C header: [`kernel/kallsyms_internal.h`](srctree/kernel/kallsyms_internal.h)

use crate::{
    core_tables::rest_of_section,
    format::{
        tokens::TokenRoom,
        walk::{Place, Places},
    },
    rodata::table,
};
use core::ptr::addr_of;
use kernel::{bindings, prelude::*, types::Opaque};

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
            // SAFETY: The generator makes it as a constant.
            linked_text: unsafe { bindings::kallsyms_module_base as usize },
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
        // The per-cpu area ends with a symbol that says so.
        if place.percpu {
            return 0;
        }
        rest_of_section(place.address)
    }
}

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
    pub(crate) unsafe fn from_raw_file<'a>(file: *const bindings::file) -> &'a Self {
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
    /// For C.
    pub(crate) fn as_ptr(&self) -> *const bindings::cred {
        self.0.get()
    }
}

/// RCU. C header: [`include/linux/rcupdate.h`](srctree/include/linux/rcupdate.h)
pub(crate) mod rcu {
    use core::marker::PhantomData;
    use kernel::bindings;

    /// A read-side section, until this is dropped. Nothing may sleep in it.
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
            // INVARIANT: It just began.
            Self {
                _not_send: PhantomData,
            }
        }
    }

    impl Drop for Guard {
        fn drop(&mut self) {
            // SAFETY: By the invariant there is a section to end.
            unsafe { bindings::kallmodsyms_rcu_read_unlock() };
        }
    }
}
