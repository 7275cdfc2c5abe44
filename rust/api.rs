// SPDX-License-Identifier: GPL-2.0

//! The modules of an address, built-in modules included; the size and the object file of the symbol
//! there; and the address of a symbol of a module or an object file.
//!
//! This file is the module `kallmodsyms` of the `kernel` crate, for drivers and other modules that
//! are written in Rust. Only built-in code can find symbols by name. With `CONFIG_KALLMODSYMS` off,
//! no address is in a module, no size is known and no symbol is found. With
//! `CONFIG_KALLMODSYMS_OBJECTS` off, no object file is known.
//!
//! C header: [`include/linux/kallmodsyms.h`](srctree/include/linux/kallmodsyms.h)

use crate::{
    bindings,
    error::{to_result, Error},
    ffi::{c_char, c_int, c_uint},
    prelude::*,
    str::BStr,
};
use core::{fmt, marker::PhantomData};

#[cfg(CONFIG_KALLMODSYMS)]
use bindings::{kallmodsyms_find_in_module, kallmodsyms_lookup_modules, kallmodsyms_lookup_size};
#[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
use bindings::{kallmodsyms_find_in_object, kallmodsyms_lookup_object};
#[cfg(not(CONFIG_KALLMODSYMS_OBJECTS))]
use objects_off::{kallmodsyms_find_in_object, kallmodsyms_lookup_object};
#[cfg(not(CONFIG_KALLMODSYMS))]
use off::{kallmodsyms_find_in_module, kallmodsyms_lookup_modules, kallmodsyms_lookup_size};

/// The modules that an address is in.
///
/// The lookup takes no lock and allocates nothing. It may be called from any context, non-maskable
/// interrupts included. The component starts in one of the device initcalls. Before that, lookups
/// find no built-in module. `{}` writes the modules as /proc/kallmodsyms shows them: `[a] [b]`.
///
/// # Examples
///
/// ```ignore
/// use kernel::kallmodsyms::Modules;
///
/// // For example fsl_dpaa2_eth and fsl_dpaa2_switch.
/// for name in Modules::of(address).names() {
///     pr_info!("{}\n", name);
/// }
/// ```
///
/// # Invariants
///
/// One of two cases holds:
///
/// - At `next` are `left` NUL-terminated names, one after the other, which are never changed or
///   freed.
/// - `next` is null, `left` is at most 1, and `loaded` has `left` NUL-terminated names.
#[derive(Clone, Copy)]
pub struct Modules(bindings::kallmodsyms_modules);

impl Modules {
    /// The built-in modules of `address`, or the loaded module there.
    ///
    /// A loaded module can be freed as soon as this function has returned. The name of the module
    /// is a copy and stays valid.
    pub fn of(address: usize) -> Self {
        // INVARIANT: `next` is null and `left` is 0.
        let mut modules = Self(bindings::kallmodsyms_modules::default());
        // SAFETY:
        // - The pointer is valid for writing.
        // - Any address may be looked up.
        // INVARIANT: The function sets the fields so that one of the two cases holds.
        unsafe { kallmodsyms_lookup_modules(address, &mut modules.0) };
        modules
    }

    /// Return: true if the address is in no module.
    pub fn is_empty(&self) -> bool {
        self.0.left == 0
    }

    /// The names of the modules. Built-in modules are in alphabetical order.
    pub fn names(&self) -> Names<'_> {
        let next = if self.0.next.is_null() {
            self.0.loaded.as_ptr()
        } else {
            self.0.next
        };
        // INVARIANT: `left` names are at `next`, by the invariants of `Modules`. They are never
        // freed, or are in `loaded`, which the iterator borrows.
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
            // Module names are ASCII. Some series cannot format a C string.
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
/// At `next` are `left` NUL-terminated names, one after the other, which are neither changed nor
/// freed for all of `'a`.
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
        // SAFETY:
        // - At `next` is a NUL-terminated name, by the invariants.
        // - The name is neither changed nor freed for `'a`, by the invariants.
        let name = unsafe { CStr::from_char_ptr(self.next) };
        // The type of C strings differs between series. `bytes` has no NUL in any series.
        let bytes: &BStr = name.as_ref();
        // INVARIANT: The next name, if any, is after the NUL of this name.
        self.next = self.next.wrapping_add(bytes.len()).wrapping_add(1);
        self.left = left;
        Some(name)
    }
}

/// The size of a symbol, and the place of an address in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The size of the symbol in bytes, without the padding after the symbol.
    pub size: usize,
    /// The number of bytes from the start of the symbol to the address. It is less than `size`.
    pub offset: usize,
}

impl Extent {
    /// The extent of the symbol that `%pS` names for `address`. `None` if `%pS` names no symbol, if
    /// the address is in padding, or if the size of the symbol is not known.
    ///
    /// May be called from any context, non-maskable interrupts included.
    pub fn of(address: usize) -> Option<Self> {
        let (mut size, mut offset) = (0, 0);
        // SAFETY:
        // - Both pointers are valid for writing.
        // - Any address may be looked up.
        let found = unsafe { kallmodsyms_lookup_size(address, &mut size, &mut offset) };
        found.then_some(Self { size, offset })
    }
}

/// Finds the object file of the symbol that `%pS` names for `address`. Writes the path to `buf`,
/// and returns the path: `fs/ext4/super.o`.
///
/// Fails with `ENOENT` if the object file is not known, and with `E2BIG` if the path and a NUL do
/// not fit into `buf`. May be called from any context, non-maskable interrupts included.
pub fn object_path(address: usize, buf: &mut [u8]) -> Result<&[u8]> {
    // SAFETY:
    // - The bytes of `buf` are valid for writing, and borrowed during the call.
    // - Any address may be looked up.
    let len = unsafe { kallmodsyms_lookup_object(address, buf.as_mut_ptr().cast(), buf.len()) };
    match usize::try_from(len) {
        // The C function wrote `len` bytes and a NUL.
        Ok(len) => Ok(buf.get(..len).unwrap_or_default()),
        Err(_) => Err(Error::from_errno(len as c_int)),
    }
}

/// The address of the symbol called `name` of the module called `module`: the loaded module of this
/// name, or else the built-in module.
///
/// Fails with `ENOENT` if there is no such symbol, and with `ENOTUNIQ` if the module has symbols of
/// this name at several addresses. May be called from any context, non-maskable interrupts
/// included.
///
/// Loadable modules cannot call this function: the C function is not exported. Because this
/// function is inlined, modpost finds the call of the C function and refuses the module.
#[inline(always)]
pub fn find_in_module(module: &CStr, name: &CStr) -> Result<usize> {
    let mut address = 0;
    // SAFETY:
    // - Both strings are NUL-terminated, and borrowed during the call.
    // - `address` is valid for writing.
    let found = unsafe {
        kallmodsyms_find_in_module(module.as_char_ptr(), name.as_char_ptr(), &mut address)
    };
    to_result(found).map(|()| address)
}

/// The address of the symbol called `name` that an object file of the kernel defines. `object` is
/// the path of the object file, or the last components of the path: `ext4/super.o`. If `object` is
/// the whole path of an object file that defines such a symbol, only that object file counts.
///
/// Fails with `ENOENT` if there is no such symbol, and with `ENOTUNIQ` if such object files define
/// symbols of this name at several addresses. May be called from any context, non-maskable
/// interrupts included.
///
/// Loadable modules cannot call this function: the C function is not exported. Because this
/// function is inlined, modpost finds the call of the C function and refuses the module.
#[inline(always)]
pub fn find_in_object(object: &CStr, name: &CStr) -> Result<usize> {
    let mut address = 0;
    // SAFETY:
    // - Both strings are NUL-terminated, and borrowed during the call.
    // - `address` is valid for writing.
    let found = unsafe {
        kallmodsyms_find_in_object(object.as_char_ptr(), name.as_char_ptr(), &mut address)
    };
    to_result(found).map(|()| address)
}

/// The replacements of the C functions if `CONFIG_KALLMODSYMS` is off.
#[cfg(not(CONFIG_KALLMODSYMS))]
mod off {
    use crate::{
        bindings,
        ffi::{c_char, c_int, c_ulong},
    };

    /// Leaves `modules` without names. Returns false.
    ///
    /// # Safety
    ///
    /// There is no condition: this is unsafe because the C function is.
    pub(super) unsafe fn kallmodsyms_lookup_modules(
        _addr: c_ulong,
        _modules: *mut bindings::kallmodsyms_modules,
    ) -> bool {
        false
    }

    /// Stores nothing. Returns false.
    ///
    /// # Safety
    ///
    /// There is no condition: this is unsafe because the C function is.
    pub(super) unsafe fn kallmodsyms_lookup_size(
        _addr: c_ulong,
        _size: *mut c_ulong,
        _offset: *mut c_ulong,
    ) -> bool {
        false
    }

    /// Stores nothing. Returns `-ENOENT`.
    ///
    /// # Safety
    ///
    /// There is no condition: this is unsafe because the C function is.
    pub(super) unsafe fn kallmodsyms_find_in_module(
        _module: *const c_char,
        _name: *const c_char,
        _addr: *mut c_ulong,
    ) -> c_int {
        -(bindings::ENOENT as c_int)
    }
}

/// The replacements of the C functions if `CONFIG_KALLMODSYMS_OBJECTS` is off.
#[cfg(not(CONFIG_KALLMODSYMS_OBJECTS))]
mod objects_off {
    use crate::{
        bindings,
        ffi::{c_char, c_int, c_ulong},
    };

    /// Stores nothing. Returns `-ENOENT`.
    ///
    /// # Safety
    ///
    /// There is no condition: this is unsafe because the C function is.
    pub(super) unsafe fn kallmodsyms_lookup_object(
        _addr: c_ulong,
        _path: *mut c_char,
        _size: usize,
    ) -> isize {
        -(bindings::ENOENT as isize)
    }

    /// Stores nothing. Returns `-ENOENT`.
    ///
    /// # Safety
    ///
    /// There is no condition: this is unsafe because the C function is.
    pub(super) unsafe fn kallmodsyms_find_in_object(
        _object: *const c_char,
        _name: *const c_char,
        _addr: *mut c_ulong,
    ) -> c_int {
        -(bindings::ENOENT as c_int)
    }
}
