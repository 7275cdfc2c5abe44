// SPDX-License-Identifier: GPL-2.0

//! The function that kernel code and modules call for the object file of an address.
//!
//! The function may be called from any context, non-maskable interrupts included. Before the
//! component has started, it finds no object file.
//!
//! C header: [`include/linux/kallmodsyms.h`](srctree/include/linux/kallmodsyms.h)

use super::{lookup::image_offset, lookup_state::LookupState, printed_symbol::PrintedSymbol};
use crate::format::object_paths::ObjectPath;
use core::{mem::MaybeUninit, slice};
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
    let bytes = found.parts().into_iter().flatten().chain(&[0]);
    let len = bytes.clone().count();
    if len > size {
        return -(bindings::E2BIG as isize);
    }
    // SAFETY:
    // - The `len` bytes from `path` on are valid for writing, by the contract: `len` is not above
    //   `size`, and above 0.
    // - Nothing else accesses these bytes during the call, by the contract.
    // - A `MaybeUninit<u8>` needs no alignment and no value.
    let buf = unsafe { slice::from_raw_parts_mut(path.cast::<MaybeUninit<u8>>(), len) };
    for (slot, &byte) in buf.iter_mut().zip(bytes) {
        slot.write(byte);
    }
    len.wrapping_sub(1) as isize
}
