// SPDX-License-Identifier: GPL-2.0

//! The tables of object files as slices, and the constants of their lengths.

/// The number of symbols from one marker to the next.
pub const BLOCK: u32 = 256;

/// The bit of a marker that is set if a line of the block has braces. The lower bits are the
/// offset.
pub const BRACES_IN_BLOCK: u32 = 1 << 31;

/// The number of object files from one name offset to the next.
pub const NAME_STEP: u32 = 4;

/// The number of an object file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

/// The lengths of the tables, in the order in which they are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectCounts {
    /// The number of object files.
    pub objects: u32,
    /// The number of bytes of the runs.
    pub runs: u32,
    /// The number of bytes of the names.
    pub names: u32,
    /// The number of entries for directories.
    pub entries: u32,
    /// The number of bytes of the directories.
    pub directories: u32,
}

impl ObjectCounts {
    /// The lengths from the numbers `stored` in `kallsyms_object_counts`, which has the order of the
    /// fields.
    pub const fn new(stored: [u32; 5]) -> Self {
        let [objects, runs, names, entries, directories] = stored;
        Self {
            objects,
            runs,
            names,
            entries,
            directories,
        }
    }
}

/// The tables of object files as they are linked, not checked. The slices are in the order of the
/// tables.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawObjects<'a> {
    /// The number of object files.
    pub objects: u32,
    /// The runs of symbols of one object file.
    pub runs: &'a [u8],
    /// For every 256th symbol, the offset of its run in `runs`, with [`BRACES_IN_BLOCK`].
    pub markers: &'a [u32],
    /// The names of the object files. The byte after each name tells whether `.o` follows.
    pub names: &'a [u8],
    /// For every fourth object file, the offset of its name in `names`.
    pub name_offsets: &'a [u32],
    /// For each entry, the number of its first object file. Sorted.
    pub directory_starts: &'a [u32],
    /// For each entry, the offset of the directory in `directories`.
    pub directory_offsets: &'a [u32],
    /// The directories, each with a NUL after it.
    pub directories: &'a [u8],
}
