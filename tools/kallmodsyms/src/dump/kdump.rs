// SPDX-License-Identifier: GPL-2.0

//! A dump in the compressed form of makedumpfile and QEMU: each page of memory is compressed by itself. The
//! file consists of blocks as large as a page:
//!
//! - block 0 is the header, and the sub-header begins in block 1;
//! - a bitmap with one bit for each page number: 1 if the machine has the page;
//! - a bitmap with one bit for each page number: 1 if the dump has the page;
//! - a descriptor for each page that the dump has, then the compressed pages.
//!
//! ```text
//! 000: 4b 44 55 4d 50 20 20 20 06 00 00 00    "KDUMP   " and the version of the header
//! 1ac: 00 10 00 00 01 00 00 00 10 00 00 00    bytes of a block; blocks of the sub-header; blocks of both bitmaps
//! 1020: a8 13 00 00 00 00 00 00 3e 0b 00 00 00 00 00 00    place and size of VMCOREINFO
//! descriptor: 00 60 02 00 00 00 00 00 2c 04 00 00 01 00 00 00    place, size, flags: zlib
//! ```

use std::cell::Cell;
use std::io;
use std::path::Path;

use super::file::DumpFile;
use super::page;
use super::vmcoreinfo::Vmcoreinfo;
use super::{Form, Lack, COPY, REMEDY};
use crate::error::{Error, Result};
use crate::words::Word;

const MAGIC: &[u8] = b"KDUMP   ";

/// The known versions of the header that have VMCOREINFO.
const VERSIONS: std::ops::RangeInclusive<u32> = 3..=6;

/// The bytes that are read of the header and of the sub-header, for 64-bit machines.
const HEADER: usize = 464;
const SUB_HEADER: usize = 48;

/// The bytes of a descriptor.
const DESCRIPTOR: u64 = 24;

/// The page sizes that a header may have.
const PAGES: std::ops::RangeInclusive<u64> = 512..=1 << 16;

/// A bit of makedumpfile's dump level: the dump leaves out pages of zeros.
const WITHOUT_ZEROS: u32 = 1;

/// The most bytes of VMCOREINFO.
const VMCOREINFO: u64 = 1 << 20;

/// The most bytes of a bitmap that are read at once.
const BITS: u64 = 1 << 16;

/// A dump in compressed form.
pub(super) struct Kdump<'f> {
    file: &'f DumpFile,
    /// The number of bytes of a page, and of a block.
    page: u64,
    /// False if the dump leaves out pages of zeros.
    has_all_zeros: bool,
    /// The place and the size of VMCOREINFO.
    vmcoreinfo: (u64, u64),
    /// The places of the bitmap of the machine, of the bitmap of the dump, and of the descriptors.
    of_machine: u64,
    of_dump: u64,
    descriptors: u64,
    /// The page number of the last count, and how many pages before that page the dump has.
    counted: Cell<(u64, u64)>,
}

impl<'f> Kdump<'f> {
    /// The dump in `file`, whose path is `path`; `None` if the file has another form.
    pub(super) fn open(path: &Path, file: &'f DumpFile) -> Result<Option<Self>> {
        let failed = |error: io::Error| Error::in_file(path, error.to_string(), COPY);
        let refused = |problem: String, remedy: &str| Err(Error::in_file(path, problem, remedy));
        let header = file.read(0, HEADER as u64).map_err(failed)?;
        if !header.starts_with(MAGIC) {
            return Ok(None);
        }
        let cut_short = || Error::in_file(path, "the dump is cut short", COPY);
        let version = u32_at(&header, 8).ok_or_else(cut_short)?;
        if version < *VERSIONS.start() {
            let problem = format!("version {version} of the header has no VMCOREINFO");
            return refused(problem, REMEDY);
        }
        if version > *VERSIONS.end() {
            let problem = format!("version {version} of the header of the dump is not known");
            return refused(problem, REMEDY);
        }
        let block = |at| u32_at(&header, at).map(u64::from);
        let fields = [0x1ac, 0x1b0, 0x1b4].map(block);
        let [Some(page), Some(sub_headers), Some(bitmaps)] = fields else {
            return Err(cut_short());
        };
        if !page.is_power_of_two() || !PAGES.contains(&page) {
            let problem = format!(
                "a page of {page} bytes: the header of the dump is damaged, or of a 32-bit machine"
            );
            return refused(problem, COPY);
        }
        let sub_header = file.read(page, SUB_HEADER as u64).map_err(failed)?;
        let levels = [8, 12].map(|at| u32_at(&sub_header, at));
        let place = [32, 40].map(|at| u64::of_bytes(sub_header.get(at..)?));
        let ([Some(level), Some(split)], [Some(at), Some(size)]) = (levels, place) else {
            return Err(cut_short());
        };
        if split != 0 {
            return refused(
                "this is a part of a split dump".to_owned(),
                "Join the parts: `makedumpfile --reassemble PART... DUMP`.",
            );
        }
        let of_machine = (1 + sub_headers) * page;
        Ok(Some(Self {
            file,
            page,
            has_all_zeros: level & WITHOUT_ZEROS == 0,
            vmcoreinfo: (at, size.min(VMCOREINFO)),
            of_machine,
            of_dump: of_machine + bitmaps / 2 * page,
            descriptors: of_machine + bitmaps * page,
            counted: Cell::new((0, 0)),
        }))
    }

    /// Return: true if the bit of page `number` is set in the bitmap at the place `bitmap`.
    fn has(&self, bitmap: u64, number: u64) -> io::Result<bool> {
        let byte = self.file.read(bitmap + number / 8, 1)?;
        Ok(byte
            .first()
            .is_some_and(|byte| (byte >> (number % 8)) & 1 == 1))
    }

    /// The number of pages before page `number` that the dump has.
    fn pages_before(&self, number: u64) -> io::Result<u64> {
        let (mut from, mut count) = self.counted.get();
        if from > number {
            (from, count) = (0, 0);
        }
        while from < number {
            let first = from / 8;
            let bytes = self
                .file
                .read(self.of_dump + first, BITS.min(number.div_ceil(8) - first))?;
            if bytes.is_empty() {
                break;
            }
            let end = number.min((first + bytes.len() as u64) * 8);
            count += bits(&bytes, from - first * 8, end - first * 8);
            from = end;
        }
        self.counted.set((number, count));
        Ok(count)
    }

    /// The bytes of page `number`.
    fn page(&self, number: u64) -> io::Result<std::result::Result<Vec<u8>, Lack>> {
        let bitmap = self.descriptors - self.of_dump;
        if number / 8 >= bitmap {
            return Ok(Err(Lack::Absent));
        }
        if !self.has(self.of_dump, number)? {
            let is_zero = !self.has_all_zeros && self.has(self.of_machine, number)?;
            return Ok(match is_zero {
                true => Ok(vec![0; self.page as usize]),
                false => Err(Lack::Absent),
            });
        }
        let before = self.pages_before(number)?;
        let place = before
            .checked_mul(DESCRIPTOR)
            .and_then(|distance| self.descriptors.checked_add(distance));
        let Some(place) = place else {
            return Ok(Err(Lack::CutShort));
        };
        let descriptor = self.file.read(place, DESCRIPTOR)?;
        let place = u64::of_bytes(&descriptor);
        let numbers = (place, u32_at(&descriptor, 8), u32_at(&descriptor, 12));
        let (Some(place), Some(size), Some(flags)) = numbers else {
            return Ok(Err(Lack::CutShort));
        };
        // If the disk is full, makedumpfile leaves out the page, and the descriptor has the place 0.
        if place == 0 {
            return Ok(Err(Lack::Absent));
        }
        if u64::from(size) > self.page {
            return Ok(Err(Lack::Damaged("it is too long".to_owned())));
        }
        let bytes = self.file.read(place, size.into())?;
        if bytes.len() < size as usize {
            return Ok(Err(Lack::CutShort));
        }
        Ok(page::decompress(bytes, flags, self.page as usize).map_err(Lack::Damaged))
    }
}

impl Form for Kdump<'_> {
    fn vmcoreinfo(&self) -> io::Result<Option<Vec<u8>>> {
        let (at, size) = self.vmcoreinfo;
        match at {
            0 => Ok(None),
            _ => self.file.read(at, size).map(Some),
        }
    }

    fn piece(
        &self,
        vmcoreinfo: &Vmcoreinfo<'_>,
        address: u64,
        _: u64,
    ) -> io::Result<std::result::Result<Vec<u8>, Lack>> {
        let Some(physical) = vmcoreinfo.physical(address) else {
            return Ok(Err(Lack::Absent));
        };
        let page = self.page(physical / self.page)?;
        Ok(page.map(|mut page| page.split_off((physical % self.page) as usize)))
    }
}

/// The number of 1 bits in `bytes` from bit `start` up to, but without, bit `end`.
fn bits(bytes: &[u8], start: u64, end: u64) -> u64 {
    let ones = |end: u64| {
        let whole = (end / 8) as usize;
        let (before, rest) = bytes.split_at_checked(whole).unwrap_or((bytes, &[]));
        let before: u64 = before.iter().map(|byte| u64::from(byte.count_ones())).sum();
        let last = rest.first().map_or(0, |byte| byte & ((1 << (end % 8)) - 1));
        before + u64::from(last.count_ones())
    };
    ones(end) - ones(start)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    u32::of_bytes(bytes.get(at..)?)
}
