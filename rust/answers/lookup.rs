// SPDX-License-Identifier: GPL-2.0

//! The functions that kernel code and modules call: the modules of an address, and the size of the
//! symbol there.
//!
//! These functions may be called from any context, non-maskable interrupts included. Before the
//! component has started, they find no built-in module.
//!
//! C header: [`include/linux/kallmodsyms.h`](srctree/include/linux/kallmodsyms.h)

use super::{address_in_symbol::AddressInSymbol, lookup_state::LookupState};
use crate::format::{names::ModuleNames, ranges::RangeHint};
use core::ptr;
use kernel::bindings;

#[cfg(CONFIG_KALLMODSYMS_SIZES)]
use super::true_sizes::symbol_at;

/// Sizes are not stored.
#[cfg(not(CONFIG_KALLMODSYMS_SIZES))]
fn symbol_at(_: usize) -> Option<(u32, AddressInSymbol)> {
    None
}

/// The number of bytes from `_text` to an address; `None` if the address is not in the image.
pub(super) fn image_offset(addr: usize) -> Option<usize> {
    let text = ptr::addr_of!(bindings::_text) as usize;
    let end = ptr::addr_of!(bindings::_end) as usize;
    let is_in_image = (text..end).contains(&addr);
    is_in_image.then(|| addr.wrapping_sub(text))
}

/// The built-in modules of the byte at `addr`; `None` if `addr` is not in the image.
fn builtin_modules(addr: usize) -> Option<ModuleNames<'static>> {
    let offset = image_offset(addr)?;
    let Some(state) = LookupState::get() else {
        return Some(ModuleNames::none());
    };
    let (modules, hint) = (state.symbols.modules(), &mut RangeHint::default());
    let Some(of_exception) = state.exceptions.modules_at(offset) else {
        return Some(modules.at_offset(offset as u32, hint));
    };
    // Another symbol, which need not be an exception, may begin inside the exception or at the same
    // address. If the symbol that `%pS` names contains `addr`, that symbol decides; if not, the
    // exception decides.
    Some(match symbol_at(addr) {
        Some((symbol, in_symbol)) => {
            let start = offset.wrapping_sub(in_symbol.offset);
            modules.of_symbol(symbol, start as u32, hint)
        }
        None => of_exception,
    })
}

/// Finds the modules that `addr` is in: the modules whose object file defines the symbol there, or
/// the loaded module. Returns true if `addr` is in a module.
///
/// # Safety
///
/// - `modules` is valid for writing.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_lookup_modules(
    addr: usize,
    modules: *mut bindings::kallmodsyms_modules,
) -> bool {
    // SAFETY: `modules` is valid for writing by the contract, so pointers to its fields are in
    // bounds.
    let (next, left, loaded) = unsafe {
        (
            ptr::addr_of_mut!((*modules).next),
            ptr::addr_of_mut!((*modules).left),
            ptr::addr_of_mut!((*modules).loaded),
        )
    };
    let (names, count) = match builtin_modules(addr) {
        Some(names) => {
            let (bytes, count) = names.encoded();
            (bytes.as_ptr().cast(), count.into())
        }
        // A null pointer stands for `loaded`. A pointer into the structure would be wrong in a copy
        // of the structure.
        //
        // SAFETY:
        // - Any address may be looked up.
        // - `loaded` is valid for writing, by the contract.
        // - `loaded` has room for the name of a module.
        None => (ptr::null(), unsafe {
            bindings::kallmodsyms_loaded_module(addr, loaded.cast()).into()
        }),
    };
    // SAFETY: `next` and `left` are fields of `modules`, which is valid for writing by the
    // contract.
    unsafe {
        *next = names;
        *left = count;
    }
    count != 0
}

/// The place of `addr` in a symbol of a loaded module; `None` if `addr` is in no such symbol.
fn address_in_loaded_symbol(addr: usize) -> Option<AddressInSymbol> {
    let (mut symbol_size, mut offset) = (0, 0);
    // SAFETY:
    // - Any address may be looked up.
    // - Both pointers are valid for writing.
    let found = unsafe { bindings::kallmodsyms_loaded_size(addr, &mut symbol_size, &mut offset) };
    found.then_some(AddressInSymbol {
        symbol_size,
        offset,
    })
}

/// The place of `addr` in a symbol; `None` if `addr` is in no symbol of known size.
fn address_in_symbol(addr: usize) -> Option<AddressInSymbol> {
    match image_offset(addr) {
        Some(_) => symbol_at(addr).map(|(_, in_symbol)| in_symbol),
        None => address_in_loaded_symbol(addr),
    }
}

/// Finds the symbol that `addr` is in, and stores its size in `size` and the place of the address
/// in `offset`. Returns true if `addr` is in a symbol of known size; if not, stores nothing.
///
/// # Safety
///
/// - `size` is null or valid for writing.
/// - `offset` is null or valid for writing.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_lookup_size(
    addr: usize,
    size: *mut usize,
    offset: *mut usize,
) -> bool {
    let Some(in_symbol) = address_in_symbol(addr) else {
        return false;
    };
    if !size.is_null() {
        // SAFETY: `size` is not null, so it is valid for writing by the contract.
        unsafe { *size = in_symbol.symbol_size };
    }
    if !offset.is_null() {
        // SAFETY: `offset` is not null, so it is valid for writing by the contract.
        unsafe { *offset = in_symbol.offset };
    }
    true
}
