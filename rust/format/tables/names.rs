// SPDX-License-Identifier: GPL-2.0

//! The names table: the module names of ranges and exceptions.
//!
//! The table is a strtab that begins with one zero byte, so that offset 0 means "in no module". An
//! offset above 0 is the offset of an entry, which has one of two forms:
//!
//! ```text
//! e x t 4 \0                    one module
//! \0 <count> a \0 b \0 ...      <count> modules, at least two
//! ```
//!
//! Some ranges can be in one module, and other ranges in several modules that include this module.
//! The table then has the name of the module only inside the list. So a range may have the offset
//! of a name inside a list.

use super::error::TableError;

/// The longest module name in bytes, without its NUL: `MODULE_NAME_LEN` (include/linux/module.h)
/// less one. `u64` stands for `unsigned long` of the kernel, which is a 64-bit kernel even if the
/// generator runs on a 32-bit machine.
pub const MAX_NAME_LEN: usize = 64 - size_of::<u64>() - 1;

/// The most modules in one list: its count is a byte.
pub const MAX_LIST_LEN: usize = u8::MAX as usize;

/// Return: true if a module name may have this byte. Module names have `_` in place of `-`.
pub const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+')
}

/// The modules of a range or of an exception: an iterator over names without their NULs.
///
/// Allocates nothing and never sleeps, so it may be used from any context.
#[derive(Clone, Copy, Debug, Default)]
pub struct ModuleNames<'a> {
    /// The bytes from the next name on.
    rest: &'a [u8],
    /// The number of names still to come.
    left: u8,
}

impl<'a> ModuleNames<'a> {
    /// The empty set of modules.
    pub const fn none() -> Self {
        Self { rest: &[], left: 0 }
    }

    /// Return: true if no name is left.
    pub const fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// The names as they are stored, each with its NUL, and their number. The bytes after the last
    /// name belong to other entries.
    pub const fn encoded(&self) -> (&'a [u8], u8) {
        (self.rest, self.left)
    }

    /// Decodes the entry at byte `offset` of `names`. Any offset is safe: if no entry begins at
    /// `offset`, the result is empty, cut short or a part of an entry. [`check`] refuses an offset
    /// at which no entry begins.
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

/// Checks that a whole entry begins at byte `offset` of `names`. `row` is for the error.
pub(super) fn check(names: &[u8], offset: u32, row: usize) -> Result<(), TableError> {
    if offset == 0 {
        return Ok(());
    }
    let start = offset as usize;
    let entry = names.get(start..).unwrap_or_default();
    let before = names.get(..start).unwrap_or_default();
    // The byte before an entry is the NUL of the entry before. The byte before the first name of a
    // list is the count of the list instead.
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

/// Return: true if `name` can be the name of a module.
pub fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME_LEN && name.iter().copied().all(is_name_byte)
}
