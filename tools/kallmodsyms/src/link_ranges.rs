// SPDX-License-Identifier: GPL-2.0

//! The ranges of the image by object file: `.tmp_vmlinux.ranges`, which the build leaves beside vmlinux.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::hexadecimal::parse_digits;
use crate::line::each_line;
use crate::selection::{is_selected, no_such_object};
use crate::tables::KernelTables;

pub(crate) const FILE: &str = ".tmp_vmlinux.ranges";

/// The ranges of one link.
pub(crate) struct LinkRanges {
    path: PathBuf,
    text: Vec<u8>,
    /// Sorted by address.
    rows: Vec<Row>,
    /// The address of `_text` at link time, and the number of bytes that the kernel is moved at run time.
    linked_text: u64,
    offset: u64,
}

/// A range of the image, with addresses of the link.
struct Row {
    addresses: Range<u64>,
    section: Box<[u8]>,
    object: Box<[u8]>,
}

impl LinkRanges {
    /// Reads the file beside the vmlinux of `kernel`.
    pub(crate) fn read(kernel: &KernelTables<'_>) -> Result<Self> {
        let (path, text) = read_beside(kernel.path())?;
        let addresses = &kernel.addresses;
        let ranges = each_line(&text).filter_map(LinkRange::parse);
        let mut rows: Vec<Row> = ranges.map(Row::from).collect();
        rows.sort_by_key(|row| row.addresses.start);
        Ok(Self {
            path,
            rows,
            text,
            linked_text: addresses.linked_text,
            offset: addresses.text.wrapping_sub(addresses.linked_text),
        })
    }

    /// The run-time addresses of the ranges of an object file, or of all object files in a directory.
    pub(crate) fn of_object(&self, object: &str) -> Result<Vec<Range<u64>>> {
        let mut ranges = Vec::new();
        for (number, line) in (1..).zip(each_line(&self.text)) {
            let range = LinkRange::parse(line).ok_or_else(|| self.bad_line(number))?;
            if is_selected(range.object, object) {
                ranges.push(self.moved(range.addresses));
            }
        }
        match ranges.is_empty() {
            false => Ok(ranges),
            true => Err(no_such_object(&self.path, "part", object)),
        }
    }

    /// The section and the object file of the byte at the run-time address `address`.
    pub(crate) fn at(&self, address: u64) -> Option<(&[u8], &[u8])> {
        let linked = match address < self.linked_text.wrapping_add(self.offset) {
            true => address,
            false => address.wrapping_sub(self.offset),
        };
        let after = self
            .rows
            .partition_point(|row| row.addresses.start <= linked);
        let row = self.rows.get(after.checked_sub(1)?)?;
        let has_byte = row.addresses.contains(&linked);
        has_byte.then_some((&row.section, &row.object))
    }

    /// The run-time addresses of `range`. A range below `_text` counts as a part of the per-cpu area, which
    /// does not move.
    fn moved(&self, range: Range<u64>) -> Range<u64> {
        if range.start < self.linked_text {
            return range;
        }
        range.start.wrapping_add(self.offset)..range.end.wrapping_add(self.offset)
    }

    fn bad_line(&self, number: usize) -> Error {
        bad_line(&self.path, number)
    }
}

/// The failure that a line is no [`LinkRange`].
pub(crate) fn bad_line(path: &Path, number: usize) -> Error {
    Error::at_line(
        path,
        number,
        "not two addresses, a section and an object",
        "Build the kernel again.",
    )
}

/// Reads `.tmp_vmlinux.ranges` beside `vmlinux`.
///
/// Return: the path and the content of `.tmp_vmlinux.ranges`.
pub(crate) fn read_beside(vmlinux: &Path) -> Result<(PathBuf, Vec<u8>)> {
    let path = vmlinux.with_file_name(FILE);
    match fs::read(&path) {
        Ok(text) => Ok((path, text)),
        Err(error) => Err(Error::in_file(
            &path,
            error.to_string(),
            "The build leaves it beside vmlinux: give the vmlinux of the build directory.",
        )),
    }
}

/// A line of `.tmp_vmlinux.ranges`.
///
/// ```text
/// ffffffff81001000-ffffffff810014c3 .text init/main.o
/// ```
pub(crate) struct LinkRange<'t> {
    pub(crate) addresses: Range<u64>,
    section: &'t [u8],
    /// The object file; `-` if the range is from several object files or from none.
    pub(crate) object: &'t [u8],
}

impl From<LinkRange<'_>> for Row {
    fn from(range: LinkRange<'_>) -> Self {
        Self {
            addresses: range.addresses,
            section: range.section.into(),
            object: range.object.into(),
        }
    }
}

impl<'t> LinkRange<'t> {
    pub(crate) fn parse(line: &'t [u8]) -> Option<Self> {
        let mut words = line.splitn(3, |&byte| byte == b' ');
        let mut addresses = words.next()?.splitn(2, |&byte| byte == b'-');
        Some(Self {
            addresses: parse_digits(addresses.next()?)?..parse_digits(addresses.next()?)?,
            section: words.next()?,
            object: words.next()?,
        })
    }
}
