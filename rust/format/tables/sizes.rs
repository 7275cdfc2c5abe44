// SPDX-License-Identifier: GPL-2.0

//! The sizes of symbols, at about half a byte each.
//!
//! The gap of a symbol is the distance to the next symbol at a higher address. The addresses tell
//! the gap, so it needs no table. Half of all symbols fill their gap. Most of the other symbols
//! have no size, or have 1 to 15 bytes of padding after them, each number about equally often. The
//! tables encode sizes in four levels. An entry tells the size of a symbol, or is an escape: the
//! symbol then has an entry in the next level.
//!
//! 1. A bit for each symbol: 0 if the symbol fills its gap. A 1 is an escape.
//! 2. A nibble for each escape of level 1: 0 to 14 stand for the 15 most frequent values of this
//!    kernel. A value is a number of bytes of padding, or "no size". 15 is an escape.
//! 3. A byte for each escape of level 2: the number of bytes of padding. 255 is an escape.
//! 4. A word for each escape of level 3: the size itself. The symbol overlaps the next symbol, or
//!    has at least 255 bytes of padding.
//!
//! The rank of an entry is the number of escapes before the entry in its level. The rank of an
//! escape in level N is the index of the symbol's entry in level N+1. The tables have the rank of
//! every 512th entry, from which the decoder counts. So a single size costs at most three counts
//! over 512 entries, and no count for half of the symbols. A reader of all sizes in order does not
//! count.
//!
//! `size_layout.rs` has the names and lengths of the tables. Documentation/kbuild/tables.rst has
//! the number of symbols in each level on x86_64 defconfig.

pub use super::error::SizeError;
pub use super::size_layout::{RawSizes, NO_SIZE, RANK_STEP, VALUES};

/// The escape of level 2.
pub const NIBBLE_ESCAPE: u8 = 15;

/// The escape of level 3.
pub const BYTE_ESCAPE: u8 = 255;

/// The size tables of one kernel.
///
/// [`Self::new`] checks that level 1 has a bit for each symbol, that each other level has an entry
/// for each escape of the level before it, and that all ranks are right. Decoding does not rely on
/// these checks: wrong tables give wrong sizes, and never a panic or an endless loop.
#[derive(Clone, Copy, Debug)]
pub struct SizeTables<'a>(RawSizes<'a>);

/// The place of a reader of consecutive sizes.
#[derive(Clone, Copy, Debug, Default)]
pub struct SizeCursor {
    /// The number of the next symbol.
    symbol: u32,
    /// The indexes of the next entries of levels 2, 3 and 4.
    nibble: usize,
    byte: usize,
    word: usize,
}

impl<'a> SizeTables<'a> {
    /// The tables of a kernel without symbols.
    pub(super) const NONE: Self = Self(RawSizes {
        bits: &[],
        bit_ranks: &[],
        nibbles: &[],
        nibble_ranks: &[],
        values: &[],
        bytes: &[],
        byte_ranks: &[],
        words: &[],
    });

    /// Checks the tables of a kernel with `symbols` symbols. The time is linear in the length of
    /// the tables.
    pub fn new(raw: RawSizes<'a>, symbols: u32) -> Result<Self, SizeError> {
        let symbols = symbols as usize;
        if raw.values.len() != VALUES {
            return Err(SizeError::Values {
                len: raw.values.len(),
            });
        }
        if raw.bits.len() != symbols.div_ceil(u64::BITS as usize) {
            return Err(SizeError::Count { level: 1 });
        }
        let tables = Self(raw);
        let ones = check_level(1, symbols, raw.bit_ranks, |symbol| tables.bit(symbol))?;
        if raw.nibbles.len() != ones.div_ceil(2) {
            return Err(SizeError::Count { level: 2 });
        }
        let is_escape = |nibble| tables.nibble(nibble) == Some(NIBBLE_ESCAPE);
        let bytes = check_level(2, ones, raw.nibble_ranks, is_escape)?;
        if raw.bytes.len() != bytes {
            return Err(SizeError::Count { level: 3 });
        }
        let is_escape = |byte| raw.bytes.get(byte) == Some(&BYTE_ESCAPE);
        let words = check_level(3, bytes, raw.byte_ranks, is_escape)?;
        if raw.words.len() != words {
            return Err(SizeError::Count { level: 4 });
        }
        Ok(tables)
    }

    /// The tables without a check. For callers that run before the component starts and checks the
    /// tables.
    pub fn unchecked(raw: RawSizes<'a>) -> Self {
        Self(raw)
    }

    /// The size in bytes of symbol number `symbol`; 0 if the symbol has no size. `gap` is the
    /// number of bytes to the next symbol at a higher address.
    ///
    /// Takes constant time: for most symbols, the test of a bit, or a count over at most eight
    /// words of bits. May be called from any context.
    pub fn size(&self, symbol: u32, gap: u64) -> u64 {
        if !self.bit(symbol as usize) {
            return gap;
        }
        let nibble = self.nibbles_before(symbol as usize);
        self.size_by_nibble(nibble, gap).unwrap_or_else(|| {
            let byte = self.bytes_before(nibble);
            let size = self.size_by_byte(byte, gap);
            size.unwrap_or_else(|| self.size_by_word(self.words_before(byte)))
        })
    }

    /// A cursor at symbol number `symbol`. Constant time.
    pub fn cursor(&self, symbol: u32) -> SizeCursor {
        let nibble = self.nibbles_before(symbol as usize);
        let byte = self.bytes_before(nibble);
        SizeCursor {
            symbol,
            nibble,
            byte,
            word: self.words_before(byte),
        }
    }

    /// The size of the symbol at `cursor`; see [`Self::size`]. Moves the cursor to the next symbol.
    #[inline]
    pub fn next(&self, cursor: &mut SizeCursor, gap: u64) -> u64 {
        let filled = !self.bit(cursor.symbol as usize);
        cursor.symbol = cursor.symbol.wrapping_add(1);
        if filled {
            return gap;
        }
        self.next_escaped(cursor, gap)
    }

    /// The size of the next symbol that has an escape in level 1. Does not change the symbol number
    /// of `cursor`.
    #[inline]
    fn next_escaped(&self, cursor: &mut SizeCursor, gap: u64) -> u64 {
        let size = self.size_by_nibble(cursor.nibble, gap);
        cursor.nibble = cursor.nibble.wrapping_add(1);
        size.unwrap_or_else(|| self.next_byte_or_word(cursor, gap))
    }

    /// A reader of the sizes from symbol number `symbol` on. Constant time.
    pub(super) fn reader(&self, symbol: u32) -> SizeReader {
        let mut reader = SizeReader {
            cursor: self.cursor(symbol),
            ..SizeReader::default()
        };
        let values = reader.padding.iter_mut().zip(&mut reader.mask);
        for ((padding, mask), &value) in values.zip(self.0.values) {
            if value != NO_SIZE {
                (*padding, *mask) = (value.into(), u64::MAX);
            }
        }
        reader
    }

    /// Up to 14 nibbles from number `nibble` on. The first nibble is in the lowest 4 bits. A 1 bit
    /// above the last nibble marks the end.
    #[cold]
    #[inline(never)]
    fn nibbles_ahead(&self, nibble: usize) -> u64 {
        const END: u64 = 1 << 56;
        let bytes = self.0.nibbles.get(nibble / 2..).unwrap_or_default();
        let word = match bytes.first_chunk() {
            Some(&word) => u64::from_le_bytes(word) & (END - 1) | END,
            None => {
                let bytes = bytes.iter().take(7).rev();
                bytes.fold(1, |word, &byte| (word << 8) | u64::from(byte))
            }
        };
        word >> (nibble % 2 * 4)
    }

    /// The size in the next entry of level 3 or, if that entry is an escape, of level 4.
    #[cold]
    #[inline(never)]
    fn next_byte_or_word(&self, cursor: &mut SizeCursor, gap: u64) -> u64 {
        let size = self.size_by_byte(cursor.byte, gap);
        cursor.byte = cursor.byte.wrapping_add(1);
        size.unwrap_or_else(|| {
            let size = self.size_by_word(cursor.word);
            cursor.word = cursor.word.wrapping_add(1);
            size
        })
    }

    /// The size that nibble number `nibble` of level 2 tells; `None` if the nibble is an escape.
    #[inline]
    fn size_by_nibble(&self, nibble: usize, gap: u64) -> Option<u64> {
        let value = self.nibble(nibble).unwrap_or(0);
        let padding = *self.0.values.get(usize::from(value))?;
        Some(match padding {
            NO_SIZE => 0,
            padding => gap.wrapping_sub(padding.into()),
        })
    }

    /// The size that byte number `byte` of level 3 tells; `None` if the byte is an escape.
    fn size_by_byte(&self, byte: usize, gap: u64) -> Option<u64> {
        let padding = self.0.bytes.get(byte).copied().unwrap_or(0);
        (padding != BYTE_ESCAPE).then(|| gap.wrapping_sub(padding.into()))
    }

    /// The size in word number `word` of level 4.
    fn size_by_word(&self, word: usize) -> u64 {
        self.0.words.get(word).copied().unwrap_or(0)
    }

    /// The number of escapes before `nibble` in level 2, like [`rank`], but a word at a time.
    fn bytes_before(&self, nibble: usize) -> usize {
        let raw = &self.0;
        let base = raw.nibble_ranks.get(nibble / RANK_STEP).copied();
        let first = nibble / RANK_STEP * (RANK_STEP / 2);
        let pairs = raw.nibbles.get(first..nibble / 2).unwrap_or_default();
        let words = pairs.chunks_exact(size_of::<u64>());
        let rest = words.remainder().iter().rev();
        let last = match nibble % 2 {
            0 => 0,
            _ => raw.nibbles.get(nibble / 2).copied().unwrap_or(0) & 0xf,
        };
        let rest = rest.fold(u64::from(last), |word, &pair| (word << 8) | u64::from(pair));
        let words = words.map(|word| word.try_into().map_or(0, u64::from_le_bytes));
        let escapes = words.chain([rest]).map(|word| {
            let halves = word & (word >> 1);
            (halves & (halves >> 2) & 0x1111_1111_1111_1111).count_ones()
        });
        (base.unwrap_or(0) as usize).wrapping_add(escapes.map(|count| count as usize).sum())
    }

    /// The number of escapes before `byte` in level 3.
    fn words_before(&self, byte: usize) -> usize {
        let is_escape = |byte| self.0.bytes.get(byte) == Some(&BYTE_ESCAPE);
        rank(self.0.byte_ranks, byte, is_escape)
    }

    /// The number of escapes before `symbol` in level 1, like [`rank`], but a word at a time.
    fn nibbles_before(&self, symbol: usize) -> usize {
        let raw = &self.0;
        let base = raw.bit_ranks.get(symbol / RANK_STEP).copied();
        let first = symbol / RANK_STEP * (RANK_STEP / 64);
        let words = raw.bits.get(first..).unwrap_or_default();
        let (whole, part) = (symbol % RANK_STEP / 64, symbol % 64);
        let partial = words.get(whole).copied().unwrap_or(0) & !(u64::MAX << part);
        let whole = words.iter().take(whole).map(|word| word.count_ones());
        let counted = whole.fold(partial.count_ones(), u32::wrapping_add);
        base.unwrap_or(0).wrapping_add(counted) as usize
    }

    /// The bits of level 1 from symbol number `symbol` on, up to the next multiple of 64. All
    /// higher bits are zeros.
    #[inline]
    pub(super) fn bits_from(&self, symbol: u32) -> u64 {
        let word = self.0.bits.get(symbol as usize / 64).copied().unwrap_or(0);
        word >> (symbol % 64)
    }

    /// Return: true if the symbol has an escape in level 1.
    #[inline]
    fn bit(&self, symbol: usize) -> bool {
        let word = self.0.bits.get(symbol / 64).copied().unwrap_or(0);
        (word >> (symbol % 64)) & 1 != 0
    }

    /// The nibble number `index` of level 2.
    #[inline]
    fn nibble(&self, index: usize) -> Option<u8> {
        let pair = self.0.nibbles.get(index / 2)?;
        Some((pair >> (index % 2 * 4)) & 0xf)
    }
}

impl SizeCursor {
    /// The number of the next symbol.
    pub fn symbol(&self) -> u32 {
        self.symbol
    }
}

/// A reader of consecutive sizes in levels 2 to 4. The caller reads level 1, and counts the
/// symbols.
#[derive(Default)]
pub(super) struct SizeReader {
    /// By nibble: the number of bytes of padding to subtract from the gap.
    padding: [u64; 16],
    /// By nibble: a mask for the result of that subtraction. It is 0 for "no size", and all ones
    /// for other values.
    mask: [u64; 16],
    /// The next nibbles, as [`SizeTables::nibbles_ahead`] returns them; 0 or 1 if no nibble is
    /// left.
    next_nibbles: u64,
    /// The place after the nibbles of `next_nibbles`.
    cursor: SizeCursor,
}

impl SizeReader {
    /// The size of the next symbol that has an escape in level 1; see [`SizeTables::next`].
    #[inline(always)]
    pub(super) fn next_escaped(&mut self, tables: &SizeTables<'_>, gap: u64) -> u64 {
        if self.next_nibbles <= 1 {
            self.read_ahead(tables);
        }
        let nibble = self.next_nibbles as u8 & 0xf;
        self.next_nibbles >>= 4;
        if nibble == NIBBLE_ESCAPE {
            return tables.next_byte_or_word(&mut self.cursor, gap);
        }
        let at = usize::from(nibble);
        // Both arrays have an entry for each nibble, so the defaults are never taken.
        let padding = self.padding.get(at).copied().unwrap_or(0);
        let mask = self.mask.get(at).copied().unwrap_or(0);
        gap.wrapping_sub(padding) & mask
    }

    /// Reads the next nibbles into `next_nibbles`.
    #[cold]
    #[inline(never)]
    fn read_ahead(&mut self, tables: &SizeTables<'_>) {
        let nibble = self.cursor.nibble;
        self.next_nibbles = tables.nibbles_ahead(nibble);
        let count = self.next_nibbles.checked_ilog2().unwrap_or(0) / 4;
        self.cursor.nibble = nibble.wrapping_add(count as usize);
    }
}

/// The rank of entry `index` of a level: the number of escapes before the entry. `ranks` has the
/// rank of every 512th entry.
fn rank(ranks: &[u32], index: usize, is_escape: impl Fn(usize) -> bool) -> usize {
    let base = ranks.get(index / RANK_STEP).copied().unwrap_or(0);
    let rest = index - index % RANK_STEP..index;
    (base as usize).wrapping_add(rest.filter(|&entry| is_escape(entry)).count())
}

/// Checks the `ranks` of a level with `len` entries. Returns the number of escapes in the level.
fn check_level(
    level: usize,
    len: usize,
    ranks: &[u32],
    is_escape: impl Fn(usize) -> bool,
) -> Result<usize, SizeError> {
    if ranks.len() != len.div_ceil(RANK_STEP) {
        return Err(SizeError::Count { level });
    }
    let mut count: usize = 0;
    for entry in 0..len {
        if entry % RANK_STEP == 0 {
            let rank = entry / RANK_STEP;
            if ranks.get(rank).map(|&rank| rank as usize) != Some(count) {
                return Err(SizeError::Rank { level, rank });
            }
        }
        count = count.wrapping_add(usize::from(is_escape(entry)));
    }
    Ok(count)
}
