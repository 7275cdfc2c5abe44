// SPDX-License-Identifier: GPL-2.0

//! The file of a dump. makedumpfile and QEMU write two forms:
//!
//! - plain: the dump itself;
//! - flattened, for pipes: a header of 4096 bytes, then records. Each record has some bytes of the plain form,
//!   and their place in it. Numbers have the highest byte first.
//!
//! ```text
//! 0000: 6d 61 6b 65 64 75 6d 70  66 69 6c 65 00 00 00 00    "makedumpfile"
//! 0010: 00 00 00 00 00 00 00 01  00 00 00 00 00 00 00 01    kind and version
//! 1000: 00 00 00 00 00 00 00 00  00 00 00 00 00 00 01 d0    a record: place 0, 464 bytes
//! 1010: 4b 44 55 4d 50 20 20 20  06 00 00 00                its bytes
//! 11e0: ff ff ff ff ff ff ff ff  ff ff ff ff ff ff ff ff    the end
//! ```

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::COPY;
use crate::error::{Error, Result};

const MAGIC: &[u8] = b"makedumpfile\0";

/// The place of the first record.
const RECORDS: u64 = 4096;

/// The place that marks the end record.
const END: u64 = u64::MAX;

/// The most bytes of one read.
const CHUNK: usize = 1 << 16;

/// The file of a dump, in either form.
pub(super) struct DumpFile {
    file: File,
    /// `None` if the file is plain.
    records: Option<Records>,
}

/// The records of a flattened file.
struct Records {
    /// Sorted by `start`.
    all: Vec<Record>,
    /// The length of the longest record.
    longest: u64,
}

/// A piece of the plain form.
#[derive(Clone, Copy)]
struct Record {
    /// The place of the piece in the plain form.
    start: u64,
    len: u64,
    /// The place of the bytes in the file. Where two records overlap, the later one in the file counts.
    at: u64,
}

impl DumpFile {
    /// Opens the file `path`.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let failed = |error: io::Error| Error::in_file(path, error.to_string(), COPY);
        let file = File::open(path).map_err(failed)?;
        let header = at_most(&file, 0, 32).map_err(failed)?;
        if !header.starts_with(MAGIC) {
            let records = None;
            return Ok(Self { file, records });
        }
        let version = header.get(16..).and_then(pair);
        if version.is_some_and(|version| version != (1, 1)) {
            return Err(Error::in_file(
                path,
                "this version of the flattened form of makedumpfile is not known",
                "Make a plain dump of it: `makedumpfile -R DUMP <FLATTENED`.",
            ));
        }
        let records = Records::read(&file).map_err(failed)?;
        let cut_short = || Error::in_file(path, "the flattened dump is cut short", COPY);
        let records = Some(records.ok_or_else(cut_short)?);
        Ok(Self { file, records })
    }

    /// The `size` bytes at `place` of the plain form; fewer if the plain form ends earlier.
    pub(super) fn read(&self, place: u64, size: u64) -> io::Result<Vec<u8>> {
        match &self.records {
            None => at_most(&self.file, place, size),
            Some(records) => records.bytes(&self.file, place, size),
        }
    }
}

impl Records {
    /// Reads the headers of all records in `file`; `None` if the end record is missing.
    fn read(file: &File) -> io::Result<Option<Self>> {
        let size = file.metadata()?.len();
        let (mut all, mut header) = (Vec::new(), RECORDS);
        loop {
            let Some((start, len)) = pair(&at_most(file, header, 16)?) else {
                return Ok(None);
            };
            if start == END {
                break;
            }
            let at = header.saturating_add(16);
            let end = at.checked_add(len).filter(|&end| end <= size);
            let (Some(end), Some(_), 1..) = (end, start.checked_add(len), len) else {
                return Ok(None);
            };
            all.push(Record { start, len, at });
            header = end;
        }
        all.sort_by_key(|record| record.start);
        let longest = all.iter().map(|record| record.len).max().unwrap_or(0);
        Ok(Some(Self { all, longest }))
    }

    /// The `size` bytes at `place` of the plain form; fewer if no record has the last of them.
    fn bytes(&self, file: &File, place: u64, size: u64) -> io::Result<Vec<u8>> {
        let wanted_end = place.saturating_add(size);
        let lowest = place.saturating_sub(self.longest);
        let first = self.all.partition_point(|record| record.start < lowest);
        let near = self.all.get(first..).unwrap_or_default().iter();
        let near = near.take_while(|record| record.start < wanted_end);
        let mut records: Vec<Record> = near.copied().collect();
        records.retain(|record| record.start + record.len > place);
        records.sort_by_key(|record| record.at);
        let mut bytes = Vec::new();
        for record in records {
            let start = record.start.max(place);
            let end = wanted_end.min(record.start + record.len);
            let piece = at_most(file, record.at + (start - record.start), end - start)?;
            let at = (start - place) as usize;
            if bytes.len() < at + piece.len() {
                // Bytes that no record has are zeros in the plain form.
                bytes.resize(at + piece.len(), 0);
            }
            if let Some(room) = bytes.get_mut(at..at + piece.len()) {
                room.copy_from_slice(&piece);
            }
        }
        Ok(bytes)
    }
}

/// Two numbers with the highest byte first.
fn pair(bytes: &[u8]) -> Option<(u64, u64)> {
    let (first, rest) = bytes.split_first_chunk()?;
    let second = rest.first_chunk()?;
    Some((u64::from_be_bytes(*first), u64::from_be_bytes(*second)))
}

/// The `size` bytes at `place` of `file`; fewer if the file ends earlier.
fn at_most(file: &File, place: u64, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let mut chunk = vec![0; CHUNK.min(size)];
    while bytes.len() < size {
        let wanted = chunk.len().min(size - bytes.len());
        let chunk = chunk.get_mut(..wanted).unwrap_or_default();
        let Some(at) = place.checked_add(bytes.len() as u64) else {
            break;
        };
        match file.read_at(chunk, at) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(chunk.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}
