// SPDX-License-Identifier: GPL-2.0

//! The functions that find the address of a symbol by its name and its module, or by its name and
//! its object file, and the functions that hooks in the kernel's tracers call for such names.
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
fn find(name: &[u8], wanted: impl Fn(&CoreSymbols, u32) -> bool) -> Result<usize, c_int> {
    let LookupState { symbols, .. } = LookupState::get().ok_or(NONE)?;
    let found = symbols.named(name);
    let mut addresses = found
        .filter(|&symbol| wanted(symbols, symbol))
        .filter_map(|symbol| symbols.address(symbol));
    let address = addresses.next().ok_or(NONE)?;
    match addresses.all(|another| another == address) {
        true => Ok(address),
        false => Err(SEVERAL),
    }
}

/// The address of the symbol called `name` of the built-in module called `module`. Fails with
/// [`NONE`] or [`SEVERAL`].
fn find_in_module(module: &[u8], name: &[u8]) -> Result<usize, c_int> {
    find(name, |symbols, symbol| {
        symbols.modules_of(symbol).any(|builtin| builtin == module)
    })
}

/// The address of the symbol called `name` of the object file with the path `object`. If that
/// object file defines no symbol of this name, or does not exist: of the object files whose paths
/// have `object` as their last components. Fails with [`NONE`] or [`SEVERAL`].
#[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
fn find_in_object(object: &[u8], name: &[u8]) -> Result<usize, c_int> {
    let find_where = |wanted: fn(&ObjectPath<'_>, &[u8]) -> bool| {
        find(name, |symbols, symbol| {
            let path = symbols.object_of(symbol);
            path.is_some_and(|path| wanted(&path, object))
        })
    };
    match find_where(|path, object| path.is(object)) {
        Err(NONE) => find_where(|path, object| path.ends_with(object)),
        found => found,
    }
}

/// Object files are not stored.
#[cfg(not(CONFIG_KALLMODSYMS_OBJECTS))]
fn find_in_object(_: &[u8], _: &[u8]) -> Result<usize, c_int> {
    Err(NONE)
}

/// The address of the symbol called `name` of the built-in module called `place`, or of the object
/// file `place` if no such module has the symbol. Fails with [`NONE`] or [`SEVERAL`].
fn find_at(place: &[u8], name: &[u8]) -> Result<usize, c_int> {
    match find_in_module(place, name) {
        Err(NONE) => find_in_object(place, name),
        found => found,
    }
}

/// Return: true if `place` is a built-in module, or if the paths of object files have `place` as
/// their last components.
fn exists(place: &[u8]) -> bool {
    LookupState::get().is_some_and(|LookupState { symbols, .. }| {
        symbols.modules().has(place) || symbols.has_object(place)
    })
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
    let found = find_in_module(module.to_bytes(), name.to_bytes());
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
    let found = find_in_object(object.to_bytes(), name.to_bytes());
    // SAFETY: `addr` is valid for writing, by the contract.
    unsafe { store(found, addr) }
}

/// The address of a symbol of a built-in module or an object file; 0 if [`find_at`] fails. `name`
/// has the module or the object file, a colon, and the name of the symbol.
///
/// # Safety
///
/// - `name` is a NUL-terminated string, which nothing changes during the call.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_lookup_name(name: *const c_char) -> usize {
    // SAFETY:
    // - The string is NUL-terminated, by the contract.
    // - Nothing changes the string during the call, by the contract. The reference ends with the
    //   call.
    let name = unsafe { CStr::from_ptr(name.cast()) };
    let mut parts = name.to_bytes().splitn(2, |&byte| byte == b':');
    match (parts.next(), parts.next()) {
        (Some(place), Some(name)) => find_at(place, name).unwrap_or(0),
        _ => 0,
    }
}

/// Checks the place of a probe. Returns 0 if `place` is a built-in module or an object file that
/// has the symbol `name` at one address, or if there is no such `place`; `-ENOENT` if `place` has
/// no such symbol; `-EADDRNOTAVAIL` if `place` has it at several addresses.
///
/// # Safety
///
/// - `place` and `name` are NUL-terminated strings, which nothing changes during the call.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_check_probe(
    place: *const c_char,
    name: *const c_char,
) -> c_int {
    // SAFETY:
    // - Both strings are NUL-terminated, by the contract.
    // - Nothing changes the strings during the call, by the contract. The references end with
    //   the call.
    let [place, name] = unsafe { [place, name].map(|text| CStr::from_ptr(text.cast())) };
    match find_at(place.to_bytes(), name.to_bytes()) {
        Ok(_) => 0,
        Err(NONE) if !exists(place.to_bytes()) => 0,
        Err(NONE) => NONE,
        Err(_) => -(bindings::EADDRNOTAVAIL as c_int),
    }
}

/// Return: true if the text before the first colon of `name`, or all of `name`, is a built-in
/// module or the last components of the path of an object file.
///
/// # Safety
///
/// - `name` is a NUL-terminated string, which nothing changes during the call.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_is_builtin(name: *const c_char) -> bool {
    // SAFETY:
    // - The string is NUL-terminated, by the contract.
    // - Nothing changes the string during the call, by the contract. The reference ends with the
    //   call.
    let name = unsafe { CStr::from_ptr(name.cast()) };
    let place = name.to_bytes().split(|&byte| byte == b':').next();
    place.is_some_and(exists)
}
