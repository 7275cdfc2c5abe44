// SPDX-License-Identifier: GPL-2.0

//! Tables that the linker put into the kernel's read-only data.
//!
//! C declares such a table as an array without a length. The length is another symbol, or the
//! address of the next table, and nothing but the build guarantees that they agree. So each table is
//! checked to lie inside the constants as a whole before it becomes a slice. A wrong length can then
//! lead to wrong values, which the checks of the table's own format find, but not to an access
//! outside of the constants.
//!
//! The constants are what the linker script has between `__start_rodata` and
//! `__start_ro_after_init`. The data behind that, which the kernel writes while it starts, also
//! become read-only, but only later.
//!
//! C header: [`include/asm-generic/sections.h`](srctree/include/asm-generic/sections.h)

use crate::format::ranges::RawTables;
#[cfg(CONFIG_KALLMODSYMS_SIZES)]
use crate::format::sizes::{RawSizes, RANK_STEP, VALUES};
use core::{mem, ptr::addr_of, slice};
use kernel::{bindings, prelude::*};

/// A type of which every bit pattern is a value and which has no padding.
///
/// # Safety
///
/// The above must be true of the type.
pub(crate) unsafe trait Plain: Copy + 'static {}

// SAFETY: Every bit pattern is a `u8`.
unsafe impl Plain for u8 {}
// SAFETY: Every bit pattern is a `u16`.
unsafe impl Plain for u16 {}
// SAFETY: Every bit pattern is a `u32`.
unsafe impl Plain for u32 {}
// SAFETY: Every bit pattern is a `u64`.
unsafe impl Plain for u64 {}
// SAFETY: Every bit pattern is an `i32`.
unsafe impl Plain for i32 {}

/// The table of `len` elements at `start`.
///
/// Fails with `EINVAL` if it is not aligned or not inside the constants.
///
/// # Safety
///
/// If there are constants there, nothing may write to them at any time.
pub(crate) unsafe fn table<T: Plain>(start: *const T, len: usize) -> Result<&'static [T]> {
    let low = addr_of!(bindings::__start_rodata) as usize;
    let high = addr_of!(bindings::__start_ro_after_init) as usize;
    let address = start as usize;
    let size = len.checked_mul(mem::size_of::<T>()).ok_or(EINVAL)?;
    let end = address.checked_add(size).ok_or(EINVAL)?;
    if address < low || end > high || address % mem::align_of::<T>() != 0 {
        return Err(EINVAL);
    }
    // SAFETY:
    // - `start` is not null, as it is not below the start of the constants, and it is aligned.
    // - The `size` bytes from it on are inside the constants, which are mapped as one and stay
    //   mapped for as long as the kernel runs.
    // - Every bit pattern is a `T`, by the contract of `Plain`.
    // - Nothing writes there, by the contract of this function.
    Ok(unsafe { slice::from_raw_parts(start, len) })
}

/// The table from `start` up to where `end`, which follows it, starts.
///
/// Fails with `EINVAL` if `end` does not follow, or as [`table`] does.
///
/// # Safety
///
/// As for [`table`].
pub(crate) unsafe fn between<T: Plain, U>(start: *const T, end: *const U) -> Result<&'static [T]> {
    let size = (end as usize).checked_sub(start as usize).ok_or(EINVAL)?;
    // SAFETY: The contract is the same.
    unsafe { table(start, size / mem::size_of::<T>()) }
}

/// Finds the tables that say which modules a symbol is in; they are still to be checked.
///
/// Fails with `EINVAL` if they are not inside the constants.
pub(crate) fn module_tables() -> Result<RawTables<'static>> {
    // SAFETY: The generator makes these tables and their lengths as constants.
    unsafe {
        let ranges = bindings::kallsyms_num_modules as usize;
        let exceptions = bindings::kallsyms_num_module_exceptions as usize;
        let names = bindings::kallsyms_module_names_len as usize;
        Ok(RawTables {
            offsets: table(addr_of!(bindings::kallsyms_module_offsets).cast(), ranges)?,
            modules: table(addr_of!(bindings::kallsyms_modules).cast(), ranges)?,
            exceptions: table(
                addr_of!(bindings::kallsyms_module_exceptions).cast(),
                exceptions,
            )?,
            exception_modules: table(
                addr_of!(bindings::kallsyms_exception_modules).cast(),
                exceptions,
            )?,
            names: table(addr_of!(bindings::kallsyms_module_names).cast(), names)?,
        })
    }
}

/// Finds the tables of the sizes of the `symbols` core symbols; they are still to be checked.
///
/// Fails with `EINVAL` if they are not inside the constants.
#[cfg(CONFIG_KALLMODSYMS_SIZES)]
pub(crate) fn size_tables(symbols: u32) -> Result<RawSizes<'static>> {
    let symbols = symbols as usize;
    let ranks = |entries: usize| entries.div_ceil(RANK_STEP);
    // SAFETY: The generator makes these tables and their lengths as constants.
    unsafe {
        let [nibbles, bytes, words] = bindings::kallsyms_size_counts.map(|count| count as usize);
        let bits = symbols.div_ceil(u64::BITS as usize);
        Ok(RawSizes {
            bits: table(addr_of!(bindings::kallsyms_size_bits).cast(), bits)?,
            bit_ranks: table(
                addr_of!(bindings::kallsyms_size_bit_ranks).cast(),
                ranks(symbols),
            )?,
            nibbles: table(
                addr_of!(bindings::kallsyms_size_nibbles).cast(),
                nibbles.div_ceil(2),
            )?,
            nibble_ranks: table(
                addr_of!(bindings::kallsyms_size_nibble_ranks).cast(),
                ranks(nibbles),
            )?,
            values: table(addr_of!(bindings::kallsyms_size_values).cast(), VALUES)?,
            bytes: table(addr_of!(bindings::kallsyms_size_bytes).cast(), bytes)?,
            byte_ranks: table(
                addr_of!(bindings::kallsyms_size_byte_ranks).cast(),
                ranks(bytes),
            )?,
            words: table(addr_of!(bindings::kallsyms_size_words).cast(), words)?,
        })
    }
}
