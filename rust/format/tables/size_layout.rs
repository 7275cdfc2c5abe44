// SPDX-License-Identifier: GPL-2.0

//! The size tables as slices, and the constants of their levels.

/// The number of entries from one rank to the next.
pub const RANK_STEP: usize = 512;

/// The number of values that a nibble can stand for. The nibble 15 stands for no value: it is an
/// escape.
pub const VALUES: usize = 15;

/// The value for "no size" in level 2.
pub const NO_SIZE: u32 = u32::MAX;

/// The size tables as they are linked, not checked. The fields are in the order of the tables.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawSizes<'a> {
    /// Level 1: a bit for each symbol, the lowest bit of a word first.
    pub bits: &'a [u64],
    /// For every 512th bit, the number of ones before the bit.
    pub bit_ranks: &'a [u32],
    /// Level 2: two nibbles a byte, the lower half of a byte first.
    pub nibbles: &'a [u8],
    /// For every 512th nibble, the number of nibbles before it that are 15.
    pub nibble_ranks: &'a [u32],
    /// The meanings of the nibbles 0 to 14: a number of bytes of padding, or [`NO_SIZE`].
    pub values: &'a [u32],
    /// Level 3: numbers of bytes of padding.
    pub bytes: &'a [u8],
    /// For every 512th byte, the number of bytes before it that are 255.
    pub byte_ranks: &'a [u32],
    /// Level 4: sizes in bytes.
    pub words: &'a [u64],
}
