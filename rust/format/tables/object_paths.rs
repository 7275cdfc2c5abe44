// SPDX-License-Identifier: GPL-2.0

//! The paths of object files.
//!
//! A path is a directory, a slash, a name and `.o`. The names of all object files are stored one
//! after the other, without `.o`. After a name comes a byte: 0, or 1 if the path does not end in
//! `.o`. Consecutive object files of one directory share an entry for the directory.

use super::{
    error::ObjectError,
    object_layout::{ObjectId, RawObjects, NAME_STEP},
};

/// The number of components in braces that stands for the whole path.
pub const WHOLE_PATH: u8 = u8::MAX;

/// The byte after a name whose path ends in `.o`.
pub const WITH_EXTENSION: u8 = 0;

/// The byte after a name that is the end of its path.
pub const WITHOUT_EXTENSION: u8 = 1;

/// The end of most paths.
pub const EXTENSION: &[u8] = b".o";

/// The path of an object file, relative to the directory of the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectPath<'a> {
    /// The directory without a slash at its end. Empty for an object file in the directory of the
    /// build.
    directory: &'a [u8],
    /// The bytes of the table from the name on.
    name_and_more: &'a [u8],
    /// The length of the name in bytes.
    name_len: usize,
    has_extension: bool,
}

impl<'a> ObjectPath<'a> {
    /// The path of `object` without its directory. Skips up to 3 names.
    pub(super) fn name_of(raw: &RawObjects<'a>, ObjectId(number): ObjectId) -> Option<Self> {
        let number = Some(number).filter(|&number| number < raw.objects)?;
        let start = raw.name_offsets.get((number / NAME_STEP) as usize)?;
        let mut names = raw.names.get(*start as usize..)?;
        for _ in 0..number % NAME_STEP {
            let end = end_of_name(names)?;
            names = names.get(end.wrapping_add(1)..)?;
        }
        Names(names).next()
    }

    /// Adds the directory of `object` to this path, which [`name_of`](Self::name_of) returned for
    /// `object`. Takes logarithmic time.
    pub(super) fn in_directory(
        self,
        raw: &RawObjects<'a>,
        ObjectId(number): ObjectId,
    ) -> Option<Self> {
        let after = raw
            .directory_starts
            .partition_point(|&first| first <= number);
        let directory = raw.directory_offsets.get(after.checked_sub(1)?)?;
        Some(Self {
            directory: until_nul(raw.directories.get(*directory as usize..)?)?,
            ..self
        })
    }

    /// For a path without a directory: 16 bytes that begin with the name, the length of the name,
    /// and true if `.o` follows the name. `None` if the path has a directory, if the name is longer
    /// than 16 bytes, or if the table ends before the 16 bytes do.
    pub(super) fn as_short(&self) -> Option<(&'a [u8; 16], usize, bool)> {
        let text = self.name_and_more.first_chunk()?;
        let is_short = self.directory.is_empty() && self.name_len <= text.len();
        is_short.then_some((text, self.name_len, self.has_extension))
    }

    fn name(&self) -> &'a [u8] {
        self.name_and_more.get(..self.name_len).unwrap_or_default()
    }

    /// The parts of the path, one after the other.
    pub fn parts(&self) -> [&'a [u8]; 4] {
        let slash: &[u8] = match self.directory {
            [] => b"",
            [..] => b"/",
        };
        let extension = match self.has_extension {
            true => EXTENSION,
            false => b"",
        };
        [self.directory, slash, self.name(), extension]
    }

    /// Return: true if the whole path is `path`.
    pub fn is(&self, path: &[u8]) -> bool {
        self.parts().into_iter().flatten().eq(path)
    }

    /// Return: true if `end` is the last component of the path, or the last components with the
    /// slashes between them: `super.o` or `ext4/super.o`.
    pub fn ends_with(&self, end: &[u8]) -> bool {
        let mut path = self.parts().into_iter().flatten().rev();
        let same = end.iter().rev().all(|byte| path.next() == Some(byte));
        !end.is_empty() && same && matches!(path.next(), None | Some(b'/'))
    }

    /// The last `components` components of the path, or the whole path if it has fewer. 0 counts as
    /// 1; [`WHOLE_PATH`] keeps the whole path.
    pub fn last_components(self, components: u8) -> Self {
        if components == WHOLE_PATH {
            return self;
        }
        let wanted = usize::from(components).saturating_sub(1);
        let mut slashes = self
            .directory
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, &byte)| byte == b'/');
        let directory = match wanted.checked_sub(1) {
            None => Some(&[][..]),
            Some(skipped) => slashes
                .nth(skipped)
                .and_then(|(slash, _)| self.directory.get(slash.wrapping_add(1)..)),
        };
        Self {
            directory: directory.unwrap_or(self.directory),
            ..self
        }
    }
}

/// An iterator over the names of object files: paths without a directory.
struct Names<'a>(&'a [u8]);

impl<'a> Iterator for Names<'a> {
    type Item = ObjectPath<'a>;

    #[inline]
    fn next(&mut self) -> Option<ObjectPath<'a>> {
        let name_and_more = self.0;
        let name_len = end_of_name(name_and_more)?;
        let (&kind, rest) = name_and_more.get(name_len..)?.split_first()?;
        self.0 = rest;
        Some(ObjectPath {
            directory: &[],
            name_and_more,
            name_len,
            has_extension: kind == WITH_EXTENSION,
        })
    }
}

/// The number of bytes before the first byte that ends a name.
#[inline]
fn end_of_name(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const LIMIT: u64 = ONES * (WITHOUT_EXTENSION as u64 + 1);
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*word);
        // The lowest bit that is set belongs to the first byte below the limit. A borrow can set
        // only bits above it.
        let below = word.wrapping_sub(LIMIT) & !word & (ONES << 7);
        if below != 0 {
            let before = bytes.len().wrapping_sub(rest.len());
            return Some(before.wrapping_add(below.trailing_zeros() as usize / 8));
        }
        rest = after;
    }
    let before = bytes.len().wrapping_sub(rest.len());
    let end = rest.iter().position(|&byte| byte <= WITHOUT_EXTENSION)?;
    Some(before.wrapping_add(end))
}

/// The bytes before the first zero byte.
fn until_nul(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|&byte| byte == 0)?;
    bytes.get(..end)
}

/// Return: true if a path with this byte can be shown in braces.
pub const fn is_path_byte(byte: u8) -> bool {
    byte > b' ' && !matches!(byte, 0x7f | b'{' | b'}')
}

/// Checks the entries for directories, and the directories.
pub(super) fn check_directories(raw: &RawObjects<'_>) -> Result<(), ObjectError> {
    let (starts, offsets) = (raw.directory_starts, raw.directory_offsets);
    let mut pairs = starts.iter().zip(starts.get(1..).unwrap_or_default());
    let rises = pairs.all(|(this, next)| this < next);
    let is_whole = starts.first().copied() == (raw.objects != 0).then_some(0)
        && starts.last().is_none_or(|&last| last < raw.objects);
    if !rises || !is_whole || starts.len() != offsets.len() {
        return Err(ObjectError::BadDirectories);
    }
    for (&offset, row) in offsets.iter().zip(0..) {
        let before = raw.directories.get(..offset as usize);
        let directory = raw.directories.get(offset as usize..).and_then(until_nul);
        let is_start = before.is_some_and(|before| matches!(before, [] | [.., 0]));
        if !is_start || !directory.is_some_and(is_path) {
            return Err(ObjectError::BadDirectory { row });
        }
    }
    if !matches!(raw.directories, [] | [.., 0]) {
        return Err(ObjectError::BadDirectories);
    }
    Ok(())
}

/// Checks the names and their offsets.
pub(super) fn check_names(raw: &RawObjects<'_>) -> Result<(), ObjectError> {
    let mut names = Names(raw.names);
    let mut offsets = raw.name_offsets.iter();
    for object in 0..raw.objects {
        let offset = raw.names.len().wrapping_sub(names.0.len());
        if object % NAME_STEP == 0 && offsets.next().copied() != u32::try_from(offset).ok() {
            return Err(ObjectError::BadName { object });
        }
        let path = names.next().ok_or(ObjectError::BadName { object })?;
        let name = path.name();
        if name.is_empty() || !is_path(name) || name.contains(&b'/') {
            return Err(ObjectError::BadName { object });
        }
    }
    match (names.0, offsets.next()) {
        ([], None) => Ok(()),
        _ => Err(ObjectError::BadName {
            object: raw.objects,
        }),
    }
}

fn is_path(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| is_path_byte(byte))
}
