// SPDX-License-Identifier: GPL-2.0

//! Which modules is an address in, or would it be in if they were not built in?
//!
//! This file is the module `kallmodsyms` of the `kernel` crate, for drivers and other modules that are
//! written in Rust. With `CONFIG_KALLMODSYMS` off, nothing is in a module and no size is known.
//!
//! C header: [`include/linux/kallmodsyms.h`](srctree/include/linux/kallmodsyms.h)

use crate::{
    bindings,
    ffi::{c_char, c_uint},
    prelude::*,
    str::BStr,
};
use core::{fmt, marker::PhantomData};

#[cfg(CONFIG_KALLMODSYMS)]
use bindings::{kallmodsyms_lookup_modules, kallmodsyms_lookup_size};
#[cfg(not(CONFIG_KALLMODSYMS))]
use off::{kallmodsyms_lookup_modules, kallmodsyms_lookup_size};

/// The modules that an address is in.
///
/// Finding them takes no lock, allocates nothing and may be done in any context, interrupts that cannot
/// be masked included. Until the component has started, in one of the device initcalls, no built-in
/// module is known. What is written for `{}` are the brackets of /proc/kallmodsyms.
///
/// # Examples
///
/// ```ignore
/// use kernel::kallmodsyms::Modules;
///
/// // fsl_dpaa2_eth and fsl_dpaa2_switch, say.
/// for name in Modules::of(address).names() {
///     pr_info!("{}\n", name);
/// }
/// ```
///
/// # Invariants
///
/// As many NUL-terminated names as `left` says are at `next`, one behind the other, and are never
/// changed nor freed; or `next` is null, `left` is not above 1, and `loaded` has so many.
#[derive(Clone, Copy)]
pub struct Modules(bindings::kallmodsyms_modules);

impl Modules {
    /// The modules whose object file defines what is at `address`, or the loaded module that has it.
    ///
    /// What is loaded can go as soon as this has returned. Its name stays: it is a copy.
    pub fn of(address: usize) -> Self {
        // INVARIANT: No names.
        let mut modules = Self(bindings::kallmodsyms_modules::default());
        // SAFETY: The pointer is valid for writing, and any address may be looked up.
        // INVARIANT: The function sees to it.
        unsafe { kallmodsyms_lookup_modules(address as _, &mut modules.0) };
        modules
    }

    /// Tells whether the address is in no module.
    pub fn is_empty(&self) -> bool {
        self.0.left == 0
    }

    /// Their names, those of built-in modules in the order of the alphabet.
    pub fn names(&self) -> Names<'_> {
        let next = if self.0.next.is_null() {
            self.0.loaded.as_ptr()
        } else {
            self.0.next
        };
        // INVARIANT: By those of `Modules`; `loaded` is borrowed for as long as the names are.
        Names {
            next,
            left: self.0.left,
            _modules: PhantomData,
        }
    }
}

impl fmt::Display for Modules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for name in self.names() {
            // Module names are ASCII. Not all series can write a C string.
            write!(f, "{separator}[{}]", name.to_str().unwrap_or("?"))?;
            separator = " ";
        }
        Ok(())
    }
}

/// The names of modules. Made by [`Modules::names`].
///
/// # Invariants
///
/// As many NUL-terminated names as `left` says are at `next`, one behind the other, and are neither
/// changed nor freed for all of `'a`.
#[derive(Clone)]
pub struct Names<'a> {
    next: *const c_char,
    left: c_uint,
    _modules: PhantomData<&'a Modules>,
}

impl<'a> Iterator for Names<'a> {
    type Item = &'a CStr;

    fn next(&mut self) -> Option<&'a CStr> {
        let left = self.left.checked_sub(1)?;
        // SAFETY: By the invariants there is a NUL-terminated name, which stays as it is for `'a`.
        let name = unsafe { CStr::from_char_ptr(self.next) };
        // What a C string is differs between series; this is without the NUL.
        let bytes: &BStr = name.as_ref();
        // INVARIANT: The next name, if there is one more, is behind the NUL of this one.
        self.next = self.next.wrapping_add(bytes.len()).wrapping_add(1);
        self.left = left;
        Some(name)
    }
}

/// A symbol, as seen from an address in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The size of the symbol in bytes, as its source gave it: without the padding behind it.
    pub size: usize,
    /// How many bytes into the symbol the address is, less than `size`.
    pub offset: usize,
}

impl Extent {
    /// The symbol that `address` is in, which is the one that `%pS` names. `None` if the address is in
    /// padding, or in what has no size, or none that is known.
    ///
    /// May be called in any context, as [`Modules::of`].
    pub fn of(address: usize) -> Option<Self> {
        let (mut size, mut offset) = (0, 0);
        // SAFETY: Both pointers are valid for writing, and any address may be looked up.
        let found = unsafe { kallmodsyms_lookup_size(address as _, &mut size, &mut offset) };
        found.then_some(Self {
            size: size as usize,
            offset: offset as usize,
        })
    }
}

/// What there is in place of the C functions with the option off.
#[cfg(not(CONFIG_KALLMODSYMS))]
mod off {
    use crate::{bindings, ffi::c_ulong};

    /// Leaves `modules`, which has no names.
    ///
    /// # Safety
    ///
    /// None is needed: this is unsafe because what it stands for is.
    pub(super) unsafe fn kallmodsyms_lookup_modules(
        _addr: c_ulong,
        _modules: *mut bindings::kallmodsyms_modules,
    ) -> bool {
        false
    }

    /// Knows no size.
    ///
    /// # Safety
    ///
    /// None is needed: this is unsafe because what it stands for is.
    pub(super) unsafe fn kallmodsyms_lookup_size(
        _addr: c_ulong,
        _size: *mut c_ulong,
        _offset: *mut c_ulong,
    ) -> bool {
        false
    }
}
