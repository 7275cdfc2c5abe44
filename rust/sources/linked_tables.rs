// SPDX-License-Identifier: GPL-2.0

//! The tables that the link of vmlinux puts into the read-only data, as slices.
//!
//! The kernel's scripts/kallsyms writes the tables of names and addresses. The generator, in
//! kernel/kallmodsyms/scripts/, writes the tables of modules, sizes and object files. The core
//! symbols are the symbols of vmlinux that scripts/kallsyms lists. This file reads only the counts,
//! which give the lengths of the slices: [`format`](mod@crate::format) checks the other tables.
//!
//! C headers: [`kernel/kallsyms_internal.h`](srctree/kernel/kallsyms_internal.h) and `bindings.h`

#[cfg(any(CONFIG_KALLMODSYMS_SIZES, CONFIG_KALLMODSYMS_OBJECTS))]
use crate::format::layout::{Counts, Table};
#[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
use crate::format::object_layout::{ObjectCounts, RawObjects};
#[cfg(CONFIG_KALLMODSYMS_SIZES)]
use crate::format::size_layout::RawSizes;
use crate::{
    abstractions::read_only_data::{slice_between, slice_of},
    format::{ranges::RawTables, sorted_names::Row, tokens::TOKENS},
};
use core::ptr::addr_of;
use kernel::{bindings, prelude::*};

/// The tables of the core symbols' names.
pub(crate) struct NameTables {
    /// The entries of all symbols. Alignment padding may follow the last entry.
    pub(crate) names: &'static [u8],
    /// Offsets in `names`.
    pub(crate) markers: &'static [u32],
    /// The strings of the tokens. Alignment padding may follow the last string.
    pub(crate) token_table: &'static [u8],
    /// Offsets in the token table.
    pub(crate) token_index: &'static [u16; TOKENS],
}

/// The number of core symbols.
pub(crate) fn symbol_count() -> u32 {
    // SAFETY: The number is a constant of the read-only data.
    unsafe { bindings::kallsyms_num_syms }
}

/// Finds the tables of names. Fails with `EINVAL` if they are not inside the read-only data.
///
/// scripts/kallsyms writes the names, the markers, the token table and the token index one after
/// the other.
pub(crate) fn name_tables() -> Result<NameTables> {
    let names = addr_of!(bindings::kallsyms_names).cast::<u8>();
    let markers = addr_of!(bindings::kallsyms_markers).cast::<u32>();
    let token_table = addr_of!(bindings::kallsyms_token_table).cast::<u8>();
    let token_index = addr_of!(bindings::kallsyms_token_index).cast::<u16>();
    // SAFETY: All of these tables are constants, so nothing writes to them.
    unsafe {
        Ok(NameTables {
            names: slice_between(names, markers)?,
            markers: slice_between(markers, token_table)?,
            token_table: slice_between(token_table, token_index)?,
            token_index: slice_of(token_index, TOKENS)?
                .try_into()
                .map_err(|_| EINVAL)?,
        })
    }
}

/// Finds the numbers of the `len` core symbols in the order of their names. Fails with `EINVAL` if
/// the numbers are not inside the read-only data.
pub(crate) fn sorted_names(len: u32) -> Result<&'static [Row]> {
    let rows = addr_of!(bindings::kallsyms_seqs_of_names).cast::<Row>();
    // SAFETY: The table is a constant, so nothing writes to it.
    unsafe { slice_of(rows, len as usize) }
}

/// Finds the encoded addresses of the `len` core symbols. Fails with `EINVAL` if the addresses are
/// not inside the read-only data.
pub(crate) fn offsets(len: u32) -> Result<&'static [i32]> {
    // SAFETY: The table is a constant, so nothing writes to it.
    unsafe { slice_of(addr_of!(bindings::kallsyms_offsets).cast(), len as usize) }
}

/// Finds the module tables. Fails with `EINVAL` if they are not inside the read-only data.
pub(crate) fn module_tables() -> Result<RawTables<'static>> {
    // SAFETY: All of these tables and their lengths are constants, so nothing writes to them.
    unsafe {
        let ranges = bindings::kallsyms_num_modules as usize;
        let exceptions = bindings::kallsyms_num_module_exceptions as usize;
        let names = bindings::kallsyms_module_names_len as usize;
        Ok(RawTables {
            offsets: slice_of(addr_of!(bindings::kallsyms_module_offsets).cast(), ranges)?,
            modules: slice_of(addr_of!(bindings::kallsyms_modules).cast(), ranges)?,
            exceptions: slice_of(
                addr_of!(bindings::kallsyms_module_exceptions).cast(),
                exceptions,
            )?,
            exception_modules: slice_of(
                addr_of!(bindings::kallsyms_exception_modules).cast(),
                exceptions,
            )?,
            names: slice_of(addr_of!(bindings::kallsyms_module_names).cast(), names)?,
        })
    }
}

/// Finds the size tables. Fails with `EINVAL` if they are not inside the read-only data.
#[cfg(CONFIG_KALLMODSYMS_SIZES)]
pub(crate) fn size_tables() -> Result<RawSizes<'static>> {
    // SAFETY: The counts are constants, so nothing writes to them.
    let [nibbles, bytes, words] = unsafe { bindings::kallsyms_size_counts };
    let counts = Counts {
        symbols: symbol_count(),
        nibbles,
        bytes,
        words,
        ..Counts::default()
    };
    let len = |table: Table| table.len(&counts) as usize;
    // SAFETY: All of these tables are constants, so nothing writes to them.
    unsafe {
        Ok(RawSizes {
            bits: slice_of(
                addr_of!(bindings::kallsyms_size_bits).cast(),
                len(Table::SizeBits),
            )?,
            bit_ranks: slice_of(
                addr_of!(bindings::kallsyms_size_bit_ranks).cast(),
                len(Table::SizeBitRanks),
            )?,
            nibbles: slice_of(
                addr_of!(bindings::kallsyms_size_nibbles).cast(),
                len(Table::SizeNibbles),
            )?,
            nibble_ranks: slice_of(
                addr_of!(bindings::kallsyms_size_nibble_ranks).cast(),
                len(Table::SizeNibbleRanks),
            )?,
            values: slice_of(
                addr_of!(bindings::kallsyms_size_values).cast(),
                len(Table::SizeValues),
            )?,
            bytes: slice_of(
                addr_of!(bindings::kallsyms_size_bytes).cast(),
                len(Table::SizeBytes),
            )?,
            byte_ranks: slice_of(
                addr_of!(bindings::kallsyms_size_byte_ranks).cast(),
                len(Table::SizeByteRanks),
            )?,
            words: slice_of(
                addr_of!(bindings::kallsyms_size_words).cast(),
                len(Table::SizeWords),
            )?,
        })
    }
}

/// Finds the tables of object files. Fails with `EINVAL` if they are not inside the read-only data.
#[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
pub(crate) fn object_tables() -> Result<RawObjects<'static>> {
    // SAFETY: The counts are constants, so nothing writes to them.
    let objects = ObjectCounts::new(unsafe { bindings::kallsyms_object_counts });
    let counts = Counts {
        symbols: symbol_count(),
        objects,
        ..Counts::default()
    };
    let len = |table: Table| table.len(&counts) as usize;
    // SAFETY: All of these tables are constants, so nothing writes to them.
    unsafe {
        Ok(RawObjects {
            objects: objects.objects,
            runs: slice_of(
                addr_of!(bindings::kallsyms_object_runs).cast(),
                len(Table::ObjectRuns),
            )?,
            markers: slice_of(
                addr_of!(bindings::kallsyms_object_markers).cast(),
                len(Table::ObjectMarkers),
            )?,
            names: slice_of(
                addr_of!(bindings::kallsyms_object_names).cast(),
                len(Table::ObjectNames),
            )?,
            name_offsets: slice_of(
                addr_of!(bindings::kallsyms_object_name_offsets).cast(),
                len(Table::ObjectNameOffsets),
            )?,
            directory_starts: slice_of(
                addr_of!(bindings::kallsyms_object_dir_starts).cast(),
                len(Table::ObjectDirectoryStarts),
            )?,
            directory_offsets: slice_of(
                addr_of!(bindings::kallsyms_object_dir_offsets).cast(),
                len(Table::ObjectDirectoryOffsets),
            )?,
            directories: slice_of(
                addr_of!(bindings::kallsyms_object_dirs).cast(),
                len(Table::ObjectDirectories),
            )?,
        })
    }
}
