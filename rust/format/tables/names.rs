// SPDX-License-Identifier: GPL-2.0

//! The names table: which modules a range belongs to.
//!
//! A strtab that begins with one zero byte, so that offset 0 means "in no module". At any other
//! offset that a range uses stands one of:
//!
//! ```text
//! e x t 4 \0                    one module
//! \0 <count> a \0 b \0 ...      <count> modules, at least two
//! ```
//!
//! A module that is alone in some ranges and in a list in others has its name in the list only, so
//! a range may point at a name inside a list.

use super::error::TableError;

/// Longest module name in bytes, without its NUL: `MODULE_NAME_LEN` (include/linux/module.h) less
/// one. The kernel has 64 bits, whatever machine the generator runs on.
pub const MAX_NAME_LEN: usize = 64 - size_of::<u64>() - 1;

/// Most modules that one list can hold: its count is a byte.
pub const MAX_LIST_LEN: usize = u8::MAX as usize;

/// A byte that a module name may have, as the module loader sees it (no `-`).
pub const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+')
}

/// The modules of one range: an iterator over names, each without its NUL.
///
/// Allocates nothing and never sleeps, so it may be used from any context.
#[derive(Clone, Copy, Debug, Default)]
pub struct ModuleNames<'a> {
    /// Starts at the next name.
    rest: &'a [u8],
    /// Names still to come.
    left: u8,
}

impl<'a> ModuleNames<'a> {
    /// The empty set of modules.
    pub const fn none() -> Self {
        Self { rest: &[], left: 0 }
    }

    /// Tells whether there is no further name.
    pub const fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// The names as they are stored, each with its NUL, and how many they are; what follows the last is
    /// not theirs.
    pub const fn encoded(&self) -> (&'a [u8], u8) {
        (self.rest, self.left)
    }

    /// Decodes the entry at byte `offset` of `names`. Any offset is safe: where no entry can be
    /// decoded the result is empty or cut short. [`check`] tells such offsets from good ones.
    pub(super) fn at(names: &'a [u8], offset: u32) -> Self {
        let entry = names.get(offset as usize..).unwrap_or_default();
        match *entry {
            _ if offset == 0 => Self::none(),
            [0, count, ref rest @ ..] => Self { rest, left: count },
            [0] | [] => Self::none(),
            _ => Self {
                rest: entry,
                left: 1,
            },
        }
    }
}

impl<'a> Iterator for ModuleNames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let end = self.rest.iter().position(|&byte| byte == 0)?;
        let (name, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.get(1..).unwrap_or_default();
        Some(name)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left.into()))
    }
}

/// Checks that an entry which decodes whole stands at byte `offset` of `names`; `row` is for the
/// error.
pub(super) fn check(names: &[u8], offset: u32, row: usize) -> Result<(), TableError> {
    if offset == 0 {
        return Ok(());
    }
    let start = offset as usize;
    let entry = names.get(start..).unwrap_or_default();
    let before = names.get(..start).unwrap_or_default();
    // An entry starts where the one before it ended; a name also right behind the head of a list.
    let starts_entry = before.ends_with(&[0]);
    let starts_list = matches!(before, [.., 0, 0, 2..=u8::MAX]);
    match *entry {
        [0, count, ref rest @ ..] if starts_entry => {
            let list = ModuleNames { rest, left: count };
            if !list.into_iter().all(is_name) {
                return Err(TableError::BadName { offset: start });
            }
            if count < 2 || list.count() != usize::from(count) {
                return Err(TableError::BadList { offset: start });
            }
            Ok(())
        }
        [1..=u8::MAX, ..] if starts_entry || starts_list => {
            let mut single = ModuleNames {
                rest: entry,
                left: 1,
            };
            match single.next() {
                Some(name) if is_name(name) => Ok(()),
                _ => Err(TableError::BadName { offset: start }),
            }
        }
        _ => Err(TableError::NotAName { row, offset }),
    }
}

/// Tells whether `name` can be a module's name.
pub fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME_LEN && name.iter().copied().all(is_name_byte)
}
