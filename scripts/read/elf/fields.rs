// SPDX-License-Identifier: GPL-2.0

//! Little endian fields of ELF structures, and strings of string tables.

use crate::common::lines::find;

/// The field at byte `at`; `None` if a part of the field is beyond the end of `bytes`.
#[inline]
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    field(bytes, at).map(u16::from_le_bytes)
}

/// The field at byte `at`; `None` if a part of the field is beyond the end of `bytes`.
#[inline]
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    field(bytes, at).map(u32::from_le_bytes)
}

/// The field at byte `at`; `None` if a part of the field is beyond the end of `bytes`.
#[inline]
pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    field(bytes, at).map(u64::from_le_bytes)
}

#[inline]
fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Return: true if a string with a NUL at its end is at each of `offsets` in a string table.
pub(super) fn are_strings_at(table: &[u8], mut offsets: impl Iterator<Item = u32>) -> bool {
    let Some((0, _)) = table.split_last() else {
        return offsets.next().is_none();
    };
    offsets.all(|offset| u64::from(offset) < table.len() as u64)
}

/// The string at byte `offset` of a string table, without its NUL; `None` if the table has no NUL from there
/// on.
#[inline]
pub(super) fn string(table: &[u8], offset: u32) -> Option<&[u8]> {
    let from_offset = table.get(usize::try_from(offset).ok()?..)?;
    from_offset.get(..find(from_offset, 0)?)
}
