// SPDX-License-Identifier: GPL-2.0

//! Which symbols are asked for: those at some addresses, or in what an object brought.

use std::fs;
use std::ops::Range;
use std::path::Path;

use crate::digits;
use crate::error::{Error, Result};
use crate::lines;

use super::kernel::Kernel;
use super::options::Show;

/// What the generator leaves beside vmlinux.
const FILE: &str = ".tmp_vmlinux.ranges";

/// Addresses.
pub(super) struct Selection {
    /// `None` for all of them.
    ranges: Option<Vec<Range<u64>>>,
}

impl Selection {
    pub(super) fn of(show: &Show, kernel: &Kernel) -> Result<Self> {
        if show.ranges.is_empty() && show.objects.is_empty() {
            return Ok(Self { ranges: None });
        }
        let mut ranges = show.ranges.clone();
        if !show.objects.is_empty() {
            let pieces = Pieces::read(kernel)?;
            for object in &show.objects {
                ranges.extend(pieces.of_object(object)?);
            }
        }
        Ok(Self {
            ranges: Some(ranges),
        })
    }

    /// Whether all symbols are asked for.
    pub(super) fn is_all(&self) -> bool {
        self.ranges.is_none()
    }

    /// Whether a symbol at `address` is.
    pub(super) fn has(&self, address: u64) -> bool {
        let ranges = self.ranges.as_ref();
        ranges.is_none_or(|ranges| ranges.iter().any(|range| range.contains(&address)))
    }
}

/// What the image was put together from.
pub(super) struct Pieces<'k> {
    kernel: &'k Kernel,
    text: Vec<u8>,
}

impl<'k> Pieces<'k> {
    /// Reads the file beside vmlinux.
    pub(super) fn read(kernel: &'k Kernel) -> Result<Self> {
        let path = kernel.path().with_file_name(FILE);
        match fs::read(&path) {
            Ok(text) => Ok(Self { kernel, text }),
            Err(error) => Err(Error::in_file(
                &path,
                error.to_string(),
                "The build leaves it beside vmlinux: give the vmlinux of the build directory.",
            )),
        }
    }

    /// The stretches that an object brought, where they are in the kernel as it runs.
    fn of_object(&self, object: &str) -> Result<Vec<Range<u64>>> {
        let wanted = object.strip_prefix("./").unwrap_or(object).as_bytes();
        let mut ranges = Vec::new();
        for (number, line) in lines::numbered(&self.text) {
            let piece = Piece::parse(line).ok_or_else(|| self.bad_line(number))?;
            if piece.object == wanted {
                ranges.push(self.moved(piece.range));
            }
        }
        match ranges.is_empty() {
            false => Ok(ranges),
            true => Err(Error::in_file(
                &self.path(),
                format!("no part of the kernel is from '{}'", object.escape_debug()),
                "Name an object file as it is there, from the top of the build: fs/ext4/super.o.",
            )),
        }
    }

    /// Section and object of what is at `address` in the kernel as it runs.
    pub(super) fn at(&self, address: u64) -> Option<(&[u8], &[u8])> {
        let pieces = lines::Lines(&self.text).filter_map(Piece::parse);
        let mut pieces = pieces.filter(|piece| self.moved(piece.range.clone()).contains(&address));
        pieces.next().map(|piece| (piece.section, piece.object))
    }

    /// A stretch of the image in the kernel as it runs. The per-cpu area, below it, is not moved.
    fn moved(&self, range: Range<u64>) -> Range<u64> {
        let addresses = &self.kernel.addresses;
        if range.start < addresses.linked_text {
            return range;
        }
        let offset = addresses.text.wrapping_sub(addresses.linked_text);
        range.start.wrapping_add(offset)..range.end.wrapping_add(offset)
    }

    fn path(&self) -> std::path::PathBuf {
        Path::new(self.kernel.path()).with_file_name(FILE)
    }

    fn bad_line(&self, number: usize) -> Error {
        Error::at_line(
            &self.path(),
            number,
            "not two addresses, a section and an object",
            "Build the kernel again.",
        )
    }
}

/// A line of the file.
///
/// ```text
/// ffffffff81001000-ffffffff810014c3 .text init/main.o
/// ```
struct Piece<'t> {
    range: Range<u64>,
    section: &'t [u8],
    /// `-` where it is no single object's.
    object: &'t [u8],
}

impl<'t> Piece<'t> {
    fn parse(line: &'t [u8]) -> Option<Self> {
        let mut words = line.splitn(3, |&byte| byte == b' ');
        let mut range = words.next()?.splitn(2, |&byte| byte == b'-');
        Some(Self {
            range: digits::parse(range.next()?)?..digits::parse(range.next()?)?,
            section: words.next()?,
            object: words.next()?,
        })
    }
}
