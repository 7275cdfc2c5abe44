// SPDX-License-Identifier: GPL-2.0

//! The object file that defines each symbol, and the number of components of its path in braces.
//!
//! In the order of the symbols, most neighbours are of one object file. So a stream stores runs:
//! consecutive symbols that share an object file, and the form of its path in the listing. The
//! object files are numbered in the order of the link. So the next run is usually of an object file
//! with a slightly higher number. The first byte of a run has three parts:
//!
//! ```text
//! bits 0 to 3   0 to 11: the number is the previous number plus this; the previous number is that
//!                        of the last run with an object file
//!               12: the symbols are of no object file
//!               13: the next byte is the difference to the previous number, from -128 to 127
//!               14: the next two bytes are the number
//!               15: the next four bytes are the number; the byte after them is the number of
//!                   components of the path in braces
//! bit 4         1: the lines show the last component of the path in braces
//! bits 5 to 7   1 to 7: the number of symbols; 0: the next byte is the number of symbols less 1
//! ```
//!
//! If the byte with the number of symbols exists, it comes before the other bytes. Numbers of
//! several bytes have the lowest byte first. A block is 256 symbols. No run crosses the end of a
//! block, and the number before the first run of a block counts as 0. A marker has the offset of
//! each block in the stream, so a lookup decodes the runs of one block at most. A bit of the marker
//! tells whether lines of the block have braces, so a walk over the lines with braces decodes no
//! runs of other blocks.
//!
//! [`object_paths`](super::object_paths) decodes the paths. `object_layout.rs` has the names and
//! lengths of the tables.

use super::object_paths::{check_directories, check_names, ObjectPath};

pub use super::error::ObjectError;
pub use super::object_layout::{ObjectId, RawObjects, BLOCK, BRACES_IN_BLOCK};

/// The codes from 12 on in the lowest four bits of a run's first byte, and the higher bits.
pub mod code {
    /// The symbols are of no object file.
    pub const NONE: u8 = 12;
    /// A signed byte is the difference to the previous number.
    pub const DIFFERENCE: u8 = 13;
    /// Two bytes are the number.
    pub const NUMBER: u8 = 14;
    /// Four bytes are the number, and a byte has the number of components.
    pub const LONG: u8 = 15;
    /// The bit for braces with one component.
    pub const BRACES: u8 = 1 << 4;
    /// The lowest of the bits with the number of symbols.
    pub const SYMBOLS_SHIFT: u32 = 5;
    /// The most symbols that fit into the first byte.
    pub const MOST_SYMBOLS: u8 = 7;
}

/// Consecutive symbols of one object file, or of none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The number of symbols, from 1 to [`BLOCK`].
    pub symbols: u32,
    /// The object file; `None` if no object file defines the symbols.
    pub object: Option<ObjectId>,
    /// The number of components of the path that the lines show in braces; 0 for lines without
    /// braces, and [`WHOLE_PATH`](super::object_paths::WHOLE_PATH) for all components.
    pub components: u8,
}

/// The tables of object files of one kernel.
///
/// [`Self::new`] checks all of them. Decoding does not rely on the checks: wrong tables give wrong
/// paths, and never a panic or an endless loop.
#[derive(Clone, Copy, Debug)]
pub struct ObjectTables<'a>(RawObjects<'a>);

/// An iterator over runs, from the first run of a block on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Runs<'a> {
    /// The stream from the next run on.
    rest: &'a [u8],
    /// The number of the previous object file in the block.
    previous: u32,
    /// The number of the first symbol of the next run.
    symbol: u32,
}

impl<'a> ObjectTables<'a> {
    /// Checks the tables of a kernel with `symbols` symbols. The time is linear in the length of
    /// the tables.
    pub fn new(raw: RawObjects<'a>, symbols: u32) -> Result<Self, ObjectError> {
        check_runs(&raw, symbols)?;
        check_directories(&raw)?;
        check_names(&raw)?;
        Ok(Self(raw))
    }

    /// The number of object files.
    pub const fn len(&self) -> u32 {
        self.0.objects
    }

    /// Return: true if there is no object file.
    pub const fn is_empty(&self) -> bool {
        self.0.objects == 0
    }

    /// The runs from the block of symbol number `symbol` on.
    pub fn runs_from(&self, symbol: u32) -> Runs<'a> {
        let block = symbol / BLOCK;
        let marker = self.0.markers.get(block as usize);
        let offset = marker.map(|marker| (marker & !BRACES_IN_BLOCK) as usize);
        let rest = offset.and_then(|offset| self.0.runs.get(offset..));
        // Does not overflow: the product is at most `symbol`.
        Runs::new(rest.unwrap_or_default(), block.wrapping_mul(BLOCK))
    }

    /// The runs from the first block with braces on: the block of symbol number `symbol`, or a
    /// later block. `None` if no such block has lines with braces.
    pub fn braces_from(&self, symbol: u32) -> Option<Runs<'a>> {
        let block = symbol / BLOCK;
        let mut markers = self.0.markers.get(block as usize..)?.iter();
        let skipped = markers.position(|marker| marker & BRACES_IN_BLOCK != 0)?;
        // Does not overflow: symbols are counted in `u32`.
        let symbols = (skipped as u32).wrapping_mul(BLOCK);
        Some(self.runs_from(symbol.wrapping_add(symbols)))
    }

    /// The run of symbol number `symbol`; `None` if the kernel has no such symbol.
    ///
    /// Decodes up to 256 runs. May be called from any context.
    pub fn run_of(&self, symbol: u32) -> Option<Run> {
        let mut runs = self.runs_from(symbol);
        loop {
            let run = runs.next()?;
            if runs.symbol() > symbol {
                return Some(run);
            }
        }
    }

    /// The path of an object file; `None` if the kernel has no object file of this number.
    ///
    /// Skips up to 3 names and searches the directories, which takes logarithmic time. May be
    /// called from any context.
    pub fn path(&self, object: ObjectId) -> Option<ObjectPath<'a>> {
        let name = self.last_component(object)?;
        name.in_directory(&self.0, object)
    }

    /// The last `components` components of the path of an object file, or all components for
    /// [`WHOLE_PATH`](super::object_paths::WHOLE_PATH). See [`Self::path`].
    pub fn end_of_path(&self, object: ObjectId, components: u8) -> Option<ObjectPath<'a>> {
        if components == 1 {
            return self.last_component(object);
        }
        Some(self.path(object)?.last_components(components))
    }

    /// Return: true if the path of an object file ends with the components `end`. The time is
    /// linear in the number of object files.
    pub fn has(&self, end: &[u8]) -> bool {
        let mut objects = (0..self.len()).map(ObjectId);
        objects.any(|object| self.path(object).is_some_and(|path| path.ends_with(end)))
    }

    /// The path of an object file without its directory.
    fn last_component(&self, object: ObjectId) -> Option<ObjectPath<'a>> {
        ObjectPath::name_of(&self.0, object)
    }
}

impl<'a> Runs<'a> {
    /// The runs in `bytes`, from symbol number `symbol` on, which is the first of a block.
    #[inline]
    const fn new(bytes: &'a [u8], symbol: u32) -> Self {
        Self {
            rest: bytes,
            previous: 0,
            symbol,
        }
    }

    /// The number of the first symbol of the next run.
    #[inline]
    pub const fn symbol(&self) -> u32 {
        self.symbol
    }

    /// Return: true if the next run is the first of a block.
    #[inline(always)]
    pub const fn is_at_block(&self) -> bool {
        self.symbol % BLOCK == 0
    }

    /// Skips runs without braces whose first byte has the difference, but no further than to the
    /// next block. [`next`](Self::next) would take twice the instructions.
    ///
    /// Return: true if it came to a block.
    #[inline]
    pub fn skip_short(&mut self) -> bool {
        if self.is_at_block() {
            self.previous = 0;
        }
        while let Some((head, symbols, rest)) = self.head() {
            let code = head & (2 * code::BRACES - 1);
            if code >= code::NONE {
                break;
            }
            self.previous = self.previous.wrapping_add(code.into());
            self.symbol = self.symbol.wrapping_add(symbols);
            self.rest = rest;
            if self.is_at_block() {
                return true;
            }
        }
        false
    }

    /// The first byte of the next run, the number of symbols, and the bytes after both.
    #[inline(always)]
    fn head(&self) -> Option<(u8, u32, &'a [u8])> {
        let (&head, rest) = self.rest.split_first()?;
        match u32::from(head >> code::SYMBOLS_SHIFT) {
            0 => {
                let (&less, rest) = rest.split_first()?;
                Some((head, u32::from(less).wrapping_add(1), rest))
            }
            symbols => Some((head, symbols, rest)),
        }
    }
}

impl Iterator for Runs<'_> {
    type Item = Run;

    #[inline(always)]
    fn next(&mut self) -> Option<Run> {
        let (head, symbols, mut rest) = self.head()?;
        if self.is_at_block() {
            self.previous = 0;
        }
        let mut components = (head >> code::BRACES.trailing_zeros()) & 1;
        let code = head & (code::BRACES - 1);
        let mut object = Some(self.previous.wrapping_add(code.into()));
        if code >= code::NONE {
            (object, components, rest) = object_by_code(code, self.previous, components, rest)?;
        }
        self.previous = object.unwrap_or(self.previous);
        self.symbol = self.symbol.wrapping_add(symbols);
        self.rest = rest;
        Some(Run {
            symbols,
            object: object.map(ObjectId),
            components,
        })
    }
}

/// Decodes the object file of a run whose first byte does not have the difference: the number, the
/// number of components, and the bytes after both.
#[inline]
fn object_by_code(
    code: u8,
    previous: u32,
    components: u8,
    rest: &[u8],
) -> Option<(Option<u32>, u8, &[u8])> {
    Some(match code {
        code::DIFFERENCE => {
            let (&difference, rest) = rest.split_first()?;
            let number = previous.wrapping_add_signed((difference as i8).into());
            (Some(number), components, rest)
        }
        code::NUMBER => {
            let (&number, rest) = rest.split_first_chunk()?;
            (Some(u16::from_le_bytes(number).into()), components, rest)
        }
        code::LONG => {
            let (&number, rest) = rest.split_first_chunk()?;
            let (&components, rest) = rest.split_first()?;
            (Some(u32::from_le_bytes(number)), components, rest)
        }
        _ => (None, components, rest),
    })
}

fn check_runs(raw: &RawObjects<'_>, symbols: u32) -> Result<(), ObjectError> {
    let mut runs = Runs::new(raw.runs, 0);
    if raw.markers.len() != symbols.div_ceil(BLOCK) as usize {
        return Err(ObjectError::MarkerCount);
    }
    let mut symbol: u32 = 0;
    for (&marker, block) in raw.markers.iter().zip(0..) {
        let offset = raw.runs.len().wrapping_sub(runs.rest.len());
        let mut has_braces = false;
        let end = symbols.min(symbol.saturating_add(BLOCK));
        while symbol < end {
            let run = runs.next().ok_or(ObjectError::BadRun { symbol })?;
            let after = symbol.saturating_add(run.symbols);
            let exists = run
                .object
                .is_none_or(|ObjectId(number)| number < raw.objects);
            let has_object = run.components == 0 || run.object.is_some();
            if after > end || !exists || !has_object {
                return Err(ObjectError::BadRun { symbol });
            }
            symbol = after;
            has_braces |= run.components != 0;
        }
        let flag = if has_braces { BRACES_IN_BLOCK } else { 0 };
        if u32::try_from(offset) != Ok(marker ^ flag) {
            return Err(ObjectError::BadMarker { block });
        }
    }
    match runs.rest {
        [] => Ok(()),
        [..] => Err(ObjectError::BadRun { symbol }),
    }
}
