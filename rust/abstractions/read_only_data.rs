// SPDX-License-Identifier: GPL-2.0

//! Slices of the kernel's read-only data.
//!
//! C declares a linked table as an array without a length. A variable has the length, or the
//! address of the next table tells it. Only the build guarantees that the length is right. So this
//! code makes a slice of a table only if the whole table is inside the read-only data. A wrong
//! length can then give wrong values, which the format code finds, but no access outside of the
//! read-only data.
//!
//! The read-only data are the bytes from `__start_rodata` to `__start_ro_after_init` in the linker
//! script. Code may write to the variables after them while the kernel starts.
//!
//! C header: [`include/asm-generic/sections.h`](srctree/include/asm-generic/sections.h)

use core::{mem, ptr::addr_of, slice};
use kernel::{bindings, prelude::*};

/// A type without padding, for which every bit pattern is a value.
///
/// # Safety
///
/// - Every bit pattern is a value of the type.
/// - The type has no padding.
pub(crate) unsafe trait Plain: Copy + 'static {}

// SAFETY:
// - Every bit pattern is a `u8`.
// - An integer has no padding.
unsafe impl Plain for u8 {}
// SAFETY:
// - Every bit pattern is a `[u8; 3]`.
// - An array of bytes has no padding.
unsafe impl Plain for [u8; 3] {}
// SAFETY:
// - Every bit pattern is a `u16`.
// - An integer has no padding.
unsafe impl Plain for u16 {}
// SAFETY:
// - Every bit pattern is a `u32`.
// - An integer has no padding.
unsafe impl Plain for u32 {}
// SAFETY:
// - Every bit pattern is a `u64`.
// - An integer has no padding.
unsafe impl Plain for u64 {}
// SAFETY:
// - Every bit pattern is an `i32`.
// - An integer has no padding.
unsafe impl Plain for i32 {}

/// The `len` elements from `start` on.
///
/// Fails with `EINVAL` if the elements are not aligned, or not inside the read-only data.
///
/// # Safety
///
/// - If the elements are inside the read-only data, nothing writes to them at any time.
pub(crate) unsafe fn slice_of<T: Plain>(start: *const T, len: usize) -> Result<&'static [T]> {
    let low = addr_of!(bindings::__start_rodata) as usize;
    let high = addr_of!(bindings::__start_ro_after_init) as usize;
    let address = start as usize;
    let size = len.checked_mul(mem::size_of::<T>()).ok_or(EINVAL)?;
    let end = address.checked_add(size).ok_or(EINVAL)?;
    if address < low || end > high || address % mem::align_of::<T>() != 0 {
        return Err(EINVAL);
    }
    // SAFETY:
    // - `start` is not null: it is not below the start of the read-only data.
    // - `start` is aligned: this was just tested.
    // - The `size` bytes from `start` on are inside the read-only data: this was just tested. The
    //   read-only data are one object, which stays mapped for as long as the kernel runs.
    // - `size` is less than `isize::MAX`, as the read-only data are smaller.
    // - Every bit pattern is a `T`, by the contract of `Plain`.
    // - Nothing writes to the elements, by the contract of this function.
    Ok(unsafe { slice::from_raw_parts(start, len) })
}

/// The elements from `start` up to `end`, the start of the next table.
///
/// Fails with `EINVAL` if `end` is below `start`, or if [`slice_of`] fails.
///
/// # Safety
///
/// - If the elements are inside the read-only data, nothing writes to them at any time.
pub(crate) unsafe fn slice_between<T: Plain, U>(
    start: *const T,
    end: *const U,
) -> Result<&'static [T]> {
    let size = (end as usize).checked_sub(start as usize).ok_or(EINVAL)?;
    // SAFETY: Nothing writes to the elements, by the contract of this function.
    unsafe { slice_of(start, size / mem::size_of::<T>()) }
}
