// SPDX-License-Identifier: GPL-2.0

//! The function that kernel code and modules call for the object file of an address.
//!
//! The function may be called from any context, non-maskable interrupts included. Before the
//! component has started, it finds no object file.
//!
//! C header: [`include/linux/kallmodsyms.h`](srctree/include/linux/kallmodsyms.h)

use super::{lookup::image_offset, lookup_state::LookupState, printed_symbol::PrintedSymbol};
use crate::format::object_paths::ObjectPath;
use core::ptr;
use kernel::{bindings, ffi::c_char};

/// The path of the object file that defines the symbol that `%pS` names for `addr`.
fn path_at(addr: usize) -> Option<ObjectPath<'static>> {
    image_offset(addr)?;
    let symbol = PrintedSymbol::at(addr)?;
    LookupState::get()?.symbols.object_of(symbol.number)
}

/// Finds the object file of the symbol that `%pS` names for `addr`. Writes its path and a NUL to
/// `path`.
///
/// Returns the number of bytes before the NUL; `-ENOENT` if the object file is not known; `-E2BIG`
/// if the path and the NUL have more than `size` bytes. If it fails, it stores nothing.
///
/// # Safety
///
/// - If `size` is not 0, the `size` bytes from `path` on are valid for writing, and nothing else
///   accesses them during the call.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_lookup_object(
    addr: usize,
    path: *mut c_char,
    size: usize,
) -> isize {
    let Some(found) = path_at(addr) else {
        return -(bindings::ENOENT as isize);
    };
    let parts = found.parts();
    let lengths = parts.iter().map(|part| part.len());
    // A NUL follows the path.
    let len = lengths.fold(1, usize::wrapping_add);
    if len > size {
        return -(bindings::E2BIG as isize);
    }
    let mut end = path.cast::<u8>();
    for part in parts.into_iter().chain([&[0][..]]) {
        // SAFETY:
        // - `part` is valid for reading.
        // - The bytes from `end` on are valid for writing, by the contract: they are a part of the
        //   `len` bytes from `path` on, and `len` is not above `size`.
        // - A `u8` needs no alignment.
        // - `part` is in the read-only data, and does not overlap the caller's memory.
        unsafe { ptr::copy_nonoverlapping(part.as_ptr(), end, part.len()) };
        end = end.wrapping_add(part.len());
    }
    len.wrapping_sub(1) as isize
}
