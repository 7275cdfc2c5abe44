// SPDX-License-Identifier: GPL-2.0

//! The defects for which tables are refused.

use super::size_layout::VALUES;
use core::fmt;

/// A defect that makes the module tables unusable as a whole.
///
/// A row is a range or an exception. An offset is a number of bytes from the start of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableError {
    /// The two tables of a pair have different numbers of rows.
    LengthMismatch { keys: usize, entries: usize },
    /// The row is not above the row before it.
    NotSorted { row: usize },
    /// The names do not begin with the zero byte that stands for "in no module".
    NoLeadingZero,
    /// The row has an offset at which no name starts.
    NotAName { row: usize, offset: u32 },
    /// The name is empty, too long, not NUL-terminated or has a byte that no module name has.
    BadName { offset: usize },
    /// The list has a count below two, or ends before its last name.
    BadList { offset: usize },
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LengthMismatch { keys, entries } => {
                write!(f, "{keys} rows of one table but {entries} of its pair")
            }
            Self::NotSorted { row } => write!(f, "row {row} is out of order"),
            Self::NoLeadingZero => f.write_str("module names do not begin with a zero byte"),
            Self::NotAName { row, offset } => {
                write!(
                    f,
                    "row {row} points at name offset {offset}, where no name starts"
                )
            }
            Self::BadName { offset } => write!(f, "bad module name at name offset {offset}"),
            Self::BadList { offset } => write!(f, "bad module list at name offset {offset}"),
        }
    }
}

/// A defect that makes the size tables unusable as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeError {
    /// Level `level` has a wrong number of entries or of ranks.
    Count { level: usize },
    /// Rank number `rank` of level `level` is not the number of escapes before the entry of the
    /// rank.
    Rank { level: usize, rank: usize },
    /// The number of values is not 15.
    Values { len: usize },
}

impl fmt::Display for SizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Count { level } => write!(f, "level {level} has a wrong number of entries"),
            Self::Rank { level, rank } => write!(f, "rank {rank} of level {level} is wrong"),
            Self::Values { len } => write!(f, "{len} values instead of {VALUES}"),
        }
    }
}

/// A defect that makes the tables of object files unusable as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectError {
    /// The number of markers does not fit the number of symbols.
    MarkerCount,
    /// The offset in the marker is not that of the block, or its bit for braces is wrong.
    BadMarker { block: usize },
    /// The run that begins with this symbol is cut short, crosses the end of its block, comes after
    /// the last symbol, has an object file that does not exist, or has braces without an object
    /// file.
    BadRun { symbol: u32 },
    /// The entries for directories are out of order or do not match the object files, or the last
    /// directory does not end in a NUL.
    BadDirectories,
    /// The entry has no directory, or a directory with a byte that no path has.
    BadDirectory { row: usize },
    /// The object file has no name, a name with a byte that no name has, or a wrong offset. If
    /// bytes or offsets follow the last name, `object` is the number of object files.
    BadName { object: u32 },
}

// See the attribute of `stored_braces` in mod.rs.
#[cfg(any(not(CONFIG_KALLMODSYMS), CONFIG_KALLMODSYMS_OBJECTS))]
impl fmt::Display for ObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::MarkerCount => f.write_str("wrong number of markers"),
            Self::BadMarker { block } => write!(f, "marker {block} does not fit its block"),
            Self::BadRun { symbol } => write!(f, "bad run of symbol {symbol}"),
            Self::BadDirectories => f.write_str("the entries for directories are out of order"),
            Self::BadDirectory { row } => write!(f, "bad directory in entry {row}"),
            Self::BadName { object } => write!(f, "bad name of object file {object}"),
        }
    }
}

/// A defect that makes the symbol tables unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolError {
    /// The string of this token is too long, or does not lie inside the token table.
    BadToken { token: u8 },
    /// There are fewer markers than the number of symbols needs.
    MarkerCount { markers: usize, symbols: u32 },
    /// The marker is not the offset of its symbol's entry.
    BadMarker { marker: usize },
    /// The entry of this symbol is empty, is too long, or ends after the end of the stream.
    BadEntry { symbol: u32 },
    /// The string of this symbol does not begin with a visible ASCII character.
    BadType { symbol: u32 },
}

impl fmt::Display for SymbolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::BadToken { token } => write!(f, "token {token} is not in the token table"),
            Self::MarkerCount { markers, symbols } => {
                write!(f, "{markers} markers do not serve {symbols} symbols")
            }
            Self::BadMarker { marker } => write!(f, "marker {marker} does not point at its symbol"),
            Self::BadEntry { symbol } => write!(f, "bad name entry of symbol {symbol}"),
            Self::BadType { symbol } => write!(f, "symbol {symbol} has no type"),
        }
    }
}
