// SPDX-License-Identifier: GPL-2.0

//! The functions that find the address of a symbol by its name and its module, or by its name and
//! its object file.
//!
//! These functions may be called from any context, non-maskable interrupts included. Before the
//! component has started, they find only symbols of loaded modules.
//!
//! C header: [`include/linux/kallmodsyms.h`](srctree/include/linux/kallmodsyms.h)

use super::lookup_state::LookupState;
#[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
use crate::format::object_paths::ObjectPath;
use crate::sources::CoreSymbols;
use core::ffi::CStr;
use kernel::{
    bindings,
    ffi::{c_char, c_int},
};

/// No symbol was found.
const NONE: c_int = -(bindings::ENOENT as c_int);

/// Symbols at several addresses were found.
const SEVERAL: c_int = -(bindings::ENOTUNIQ as c_int);

/// The one address of all core symbols that are called `name` and for which `wanted` returns true.
/// Fails with [`NONE`] or [`SEVERAL`].
fn find(name: &CStr, wanted: impl Fn(&CoreSymbols, u32) -> bool) -> Result<usize, c_int> {
    let LookupState { symbols, .. } = LookupState::get().ok_or(NONE)?;
    let found = symbols.named(name.to_bytes());
    let mut addresses = found
        .filter(|&symbol| wanted(symbols, symbol))
        .filter_map(|symbol| symbols.address(symbol));
    let address = addresses.next().ok_or(NONE)?;
    match addresses.all(|another| another == address) {
        true => Ok(address),
        false => Err(SEVERAL),
    }
}

/// If `found` is an address, stores it in `addr` and returns 0. Otherwise returns the error.
///
/// # Safety
///
/// - `addr` is valid for writing.
unsafe fn store(found: Result<usize, c_int>, addr: *mut usize) -> c_int {
    match found {
        Ok(address) => {
            // SAFETY: `addr` is valid for writing, by the contract.
            unsafe { *addr = address };
            0
        }
        Err(error) => error,
    }
}

/// Finds the symbol called `name` in the loaded module called `module`, or in the built-in module
/// if no module of this name is loaded. Stores the address of the symbol in `addr`.
///
/// Returns 0; `-ENOENT` if the module has no such symbol, or if there is no such module;
/// `-ENOTUNIQ` if the module has symbols of this name at several addresses. If it does not return
/// 0, it stores nothing.
///
/// # Safety
///
/// - `module` and `name` are NUL-terminated strings, which nothing changes during the call.
/// - `addr` is valid for writing.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_find_in_module(
    module: *const c_char,
    name: *const c_char,
    addr: *mut usize,
) -> c_int {
    const NOT_LOADED: c_int = -(bindings::ESRCH as c_int);
    // SAFETY:
    // - Both strings are NUL-terminated, and nothing changes them during the call, by the contract.
    // - `addr` is valid for writing, by the contract.
    match unsafe { bindings::kallmodsyms_find_in_loaded(module, name, addr) } {
        NOT_LOADED => {}
        result => return result,
    }
    // SAFETY:
    // - Both strings are NUL-terminated, by the contract.
    // - Nothing changes the strings during the call, by the contract. The references end with
    //   the call.
    let [module, name] = unsafe { [module, name].map(|text| CStr::from_ptr(text.cast())) };
    let found = find(name, |symbols, symbol| {
        let mut modules = symbols.modules_of(symbol);
        modules.any(|builtin| builtin == module.to_bytes())
    });
    // SAFETY: `addr` is valid for writing, by the contract.
    unsafe { store(found, addr) }
}

/// Finds the symbol called `name` of the object file with the path `object`. If that object file
/// defines no symbol of this name, or does not exist, finds the symbol of the object files whose
/// paths have `object` as their last components. Stores the address of the symbol in `addr`.
///
/// Returns 0; `-ENOENT` if no such object file defines a symbol of this name; `-ENOTUNIQ` if such
/// object files define symbols of this name at several addresses. If it does not return 0, it
/// stores nothing.
///
/// # Safety
///
/// - `object` and `name` are NUL-terminated strings, which nothing changes during the call.
/// - `addr` is valid for writing.
#[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_find_in_object(
    object: *const c_char,
    name: *const c_char,
    addr: *mut usize,
) -> c_int {
    // SAFETY:
    // - Both strings are NUL-terminated, by the contract.
    // - Nothing changes the strings during the call, by the contract. The references end with
    //   the call.
    let [object, name] = unsafe { [object, name].map(|text| CStr::from_ptr(text.cast())) };
    let find_where = |wanted: fn(&ObjectPath<'_>, &[u8]) -> bool| {
        find(name, |symbols, symbol| {
            let path = symbols.object_of(symbol);
            path.is_some_and(|path| wanted(&path, object.to_bytes()))
        })
    };
    let found = match find_where(|path, object| path.is(object)) {
        Err(NONE) => find_where(|path, object| path.ends_with(object)),
        found => found,
    };
    // SAFETY: `addr` is valid for writing, by the contract.
    unsafe { store(found, addr) }
}
