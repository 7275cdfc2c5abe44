// SPDX-License-Identifier: GPL-2.0

//! The layout of the tables in the kernel's read-only data: their order, labels, elements and
//! lengths.
//!
//! The generator writes the tables as this file describes them. Some tables of one, three or five
//! elements are counts. From these counts and the number of symbols, a reader computes the lengths
//! of all other tables. rust/bindings.h declares the labels for C, and
//! Documentation/kbuild/tables.rst explains the tables.

use super::object_layout::{ObjectCounts, BLOCK, NAME_STEP};
use super::size_layout::{RANK_STEP, VALUES};

/// Each table begins at a multiple of this many bytes.
pub const ALIGN: u64 = 8;

/// The first word of the room, which is the spare bytes after a table. The next word is the length
/// of the room in bytes, including both words. With these two words, a reader without labels finds
/// the next table.
pub const ROOM_MARK: u32 = u32::from_le_bytes(*b"room");

/// A table that the generator links into the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// The number of ranges.
    RangeCount,
    /// The address of `_text` as linked.
    TextAddress,
    /// See [`RawTables::offsets`](super::ranges::RawTables::offsets).
    RangeOffsets,
    /// See [`RawTables::modules`](super::ranges::RawTables::modules).
    RangeModules,
    /// The number of exceptions.
    ExceptionCount,
    /// See [`RawTables::exceptions`](super::ranges::RawTables::exceptions).
    ExceptionSymbols,
    /// See [`RawTables::exception_modules`](super::ranges::RawTables::exception_modules).
    ExceptionModules,
    /// The number of bytes of the names.
    NamesLength,
    /// See [`names`](super::names).
    Names,
    /// The numbers of nibbles, bytes and words in levels 2 to 4 of the sizes.
    SizeCounts,
    /// See [`RawSizes::bits`](super::sizes::RawSizes::bits).
    SizeBits,
    /// See [`RawSizes::bit_ranks`](super::sizes::RawSizes::bit_ranks).
    SizeBitRanks,
    /// See [`RawSizes::nibbles`](super::sizes::RawSizes::nibbles).
    SizeNibbles,
    /// See [`RawSizes::nibble_ranks`](super::sizes::RawSizes::nibble_ranks).
    SizeNibbleRanks,
    /// See [`RawSizes::values`](super::sizes::RawSizes::values).
    SizeValues,
    /// See [`RawSizes::bytes`](super::sizes::RawSizes::bytes).
    SizeBytes,
    /// See [`RawSizes::byte_ranks`](super::sizes::RawSizes::byte_ranks).
    SizeByteRanks,
    /// See [`RawSizes::words`](super::sizes::RawSizes::words).
    SizeWords,
    /// See [`ObjectCounts`].
    ObjectCounts,
    /// See [`RawObjects::runs`](super::object_layout::RawObjects::runs).
    ObjectRuns,
    /// See [`RawObjects::markers`](super::object_layout::RawObjects::markers).
    ObjectMarkers,
    /// See [`RawObjects::names`](super::object_layout::RawObjects::names).
    ObjectNames,
    /// See [`RawObjects::name_offsets`](super::object_layout::RawObjects::name_offsets).
    ObjectNameOffsets,
    /// See [`RawObjects::directory_starts`](super::object_layout::RawObjects::directory_starts).
    ObjectDirectoryStarts,
    /// See [`RawObjects::directory_offsets`](super::object_layout::RawObjects::directory_offsets).
    ObjectDirectoryOffsets,
    /// See [`RawObjects::directories`](super::object_layout::RawObjects::directories).
    ObjectDirectories,
}

/// The type of a table's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// A byte.
    U8,
    /// Four bytes, in the byte order of the kernel.
    U32,
    /// Eight bytes, in the byte order of the kernel.
    U64,
}

/// The counts that decide the lengths of tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The number of symbols in the listing.
    pub symbols: u32,
    /// The number of ranges.
    pub ranges: u32,
    /// The number of exceptions.
    pub exceptions: u32,
    /// The number of bytes of the names.
    pub names: u32,
    /// The number of entries in level 2 of the sizes.
    pub nibbles: u32,
    /// The number of entries in level 3 of the sizes.
    pub bytes: u32,
    /// The number of entries in level 4 of the sizes.
    pub words: u32,
    /// The lengths of the tables of object files.
    pub objects: ObjectCounts,
}

impl Table {
    /// The tables of modules, in the order in which they are linked.
    pub const OF_MODULES: [Self; 9] = [
        Self::RangeCount,
        Self::TextAddress,
        Self::RangeOffsets,
        Self::RangeModules,
        Self::ExceptionCount,
        Self::ExceptionSymbols,
        Self::ExceptionModules,
        Self::NamesLength,
        Self::Names,
    ];

    /// The tables of sizes, in the order in which they are linked. If the kernel has them, they
    /// follow the tables of modules.
    pub const OF_SIZES: [Self; 9] = [
        Self::SizeCounts,
        Self::SizeBits,
        Self::SizeBitRanks,
        Self::SizeNibbles,
        Self::SizeNibbleRanks,
        Self::SizeValues,
        Self::SizeBytes,
        Self::SizeByteRanks,
        Self::SizeWords,
    ];

    /// The tables of object files, in the order in which they are linked. If the kernel has them,
    /// they come last.
    pub const OF_OBJECTS: [Self; 8] = [
        Self::ObjectCounts,
        Self::ObjectRuns,
        Self::ObjectMarkers,
        Self::ObjectNames,
        Self::ObjectNameOffsets,
        Self::ObjectDirectoryStarts,
        Self::ObjectDirectoryOffsets,
        Self::ObjectDirectories,
    ];

    /// The symbol at the beginning of the table.
    pub const fn label(self) -> &'static str {
        match self {
            Self::RangeCount => "kallsyms_num_modules",
            Self::TextAddress => "kallsyms_module_base",
            Self::RangeOffsets => "kallsyms_module_offsets",
            Self::RangeModules => "kallsyms_modules",
            Self::ExceptionCount => "kallsyms_num_module_exceptions",
            Self::ExceptionSymbols => "kallsyms_module_exceptions",
            Self::ExceptionModules => "kallsyms_exception_modules",
            Self::NamesLength => "kallsyms_module_names_len",
            Self::Names => "kallsyms_module_names",
            Self::SizeCounts => "kallsyms_size_counts",
            Self::SizeBits => "kallsyms_size_bits",
            Self::SizeBitRanks => "kallsyms_size_bit_ranks",
            Self::SizeNibbles => "kallsyms_size_nibbles",
            Self::SizeNibbleRanks => "kallsyms_size_nibble_ranks",
            Self::SizeValues => "kallsyms_size_values",
            Self::SizeBytes => "kallsyms_size_bytes",
            Self::SizeByteRanks => "kallsyms_size_byte_ranks",
            Self::SizeWords => "kallsyms_size_words",
            Self::ObjectCounts => "kallsyms_object_counts",
            Self::ObjectRuns => "kallsyms_object_runs",
            Self::ObjectMarkers => "kallsyms_object_markers",
            Self::ObjectNames => "kallsyms_object_names",
            Self::ObjectNameOffsets => "kallsyms_object_name_offsets",
            Self::ObjectDirectoryStarts => "kallsyms_object_dir_starts",
            Self::ObjectDirectoryOffsets => "kallsyms_object_dir_offsets",
            Self::ObjectDirectories => "kallsyms_object_dirs",
        }
    }

    /// The type of the elements.
    pub const fn element(self) -> Element {
        match self {
            Self::Names
            | Self::SizeNibbles
            | Self::SizeBytes
            | Self::ObjectRuns
            | Self::ObjectNames
            | Self::ObjectDirectories => Element::U8,
            Self::TextAddress | Self::SizeBits | Self::SizeWords => Element::U64,
            Self::RangeCount
            | Self::RangeOffsets
            | Self::RangeModules
            | Self::ExceptionCount
            | Self::ExceptionSymbols
            | Self::ExceptionModules
            | Self::NamesLength
            | Self::SizeCounts
            | Self::SizeBitRanks
            | Self::SizeNibbleRanks
            | Self::SizeValues
            | Self::SizeByteRanks
            | Self::ObjectCounts
            | Self::ObjectMarkers
            | Self::ObjectNameOffsets
            | Self::ObjectDirectoryStarts
            | Self::ObjectDirectoryOffsets => Element::U32,
        }
    }

    /// The number of elements.
    pub const fn len(self, counts: &Counts) -> u64 {
        match self {
            Self::RangeCount | Self::TextAddress | Self::ExceptionCount | Self::NamesLength => 1,
            Self::RangeOffsets | Self::RangeModules => counts.ranges as u64,
            Self::ExceptionSymbols | Self::ExceptionModules => counts.exceptions as u64,
            Self::Names => counts.names as u64,
            Self::SizeCounts => 3,
            Self::SizeBits => (counts.symbols as u64).div_ceil(u64::BITS as u64),
            Self::SizeBitRanks => ranks(counts.symbols),
            Self::SizeNibbles => (counts.nibbles as u64).div_ceil(2),
            Self::SizeNibbleRanks => ranks(counts.nibbles),
            Self::SizeValues => VALUES as u64,
            Self::SizeBytes => counts.bytes as u64,
            Self::SizeByteRanks => ranks(counts.bytes),
            Self::SizeWords => counts.words as u64,
            Self::ObjectCounts => 5,
            Self::ObjectRuns => counts.objects.runs as u64,
            Self::ObjectMarkers => counts.symbols.div_ceil(BLOCK) as u64,
            Self::ObjectNames => counts.objects.names as u64,
            Self::ObjectNameOffsets => counts.objects.objects.div_ceil(NAME_STEP) as u64,
            Self::ObjectDirectoryStarts | Self::ObjectDirectoryOffsets => {
                counts.objects.entries as u64
            }
            Self::ObjectDirectories => counts.objects.directories as u64,
        }
    }

    /// The number of bytes, without the room.
    pub const fn size(self, counts: &Counts) -> u64 {
        self.len(counts) * self.element().size()
    }
}

impl Element {
    /// The number of bytes of an element.
    pub const fn size(self) -> u64 {
        match self {
            Self::U8 => 1,
            Self::U32 => 4,
            Self::U64 => 8,
        }
    }
}

/// The number of ranks of a level of `entries` entries.
const fn ranks(entries: u32) -> u64 {
    (entries as u64).div_ceil(RANK_STEP as u64)
}
