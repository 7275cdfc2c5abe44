// SPDX-License-Identifier: GPL-2.0

//! The formats of compressed kernels: those of `CONFIG_KERNEL_GZIP`, `CONFIG_KERNEL_ZSTD` and so on, and the
//! frames that lz4(1) makes by default.

mod lz4;
mod lzo;

use std::io::{self, Read};
use std::path::Path;

use crate::error::{Error, Result};

/// No image is this long: the symbols of an image are less than 2 GiB apart.
pub(crate) const LARGEST: usize = 1 << 31;

/// The remedy for a damaged file that contains a kernel.
pub(crate) const COPY: &str = "Copy the file again, or give the vmlinux that it was made from.";

/// The most memory for a dictionary of xz or lzma, in KiB. The kernel's builds use 128 MiB at most.
const DICTIONARY: u32 = 1 << 20;

/// A format of compressed data.
pub(crate) struct Format {
    name: &'static str,
    /// The first bytes of the data.
    start: &'static [u8],
    /// Decompresses data, but returns at most this number of bytes.
    decompress: fn(&[u8], usize) -> io::Result<Vec<u8>>,
    /// The payload of an x86 vmlinuz ends in the length of the kernel (4 bytes). True if these bytes are a
    /// part of the format, as in gzip; false if kbuild appends them to the compressed data.
    length_is_in_format: bool,
}

const FORMATS: [Format; 8] = [
    Format {
        name: "gzip",
        start: b"\x1f\x8b\x08",
        decompress: |data, most| read(flate2::read::GzDecoder::new(data), most),
        length_is_in_format: true,
    },
    Format {
        name: "zstd",
        start: b"\x28\xb5\x2f\xfd",
        decompress: |data, most| read(zstd::Decoder::with_buffer(data)?, most),
        length_is_in_format: false,
    },
    Format {
        name: "xz",
        start: b"\xfd7zXZ\0",
        decompress: |data, most| {
            read(
                lzma_rust2::XzReader::new_mem_limit(data, false, DICTIONARY),
                most,
            )
        },
        length_is_in_format: false,
    },
    Format {
        name: "lzma",
        start: b"\x5d\0\0",
        decompress: |data, most| {
            read(
                lzma_rust2::LzmaReader::new_mem_limit(data, DICTIONARY, None)?,
                most,
            )
        },
        length_is_in_format: false,
    },
    Format {
        name: "lz4",
        start: lz4::MAGIC,
        decompress: lz4::decompress,
        length_is_in_format: false,
    },
    Format {
        name: "lz4",
        start: b"\x04\x22\x4d\x18",
        decompress: |data, most| read(lz4_flex::frame::FrameDecoder::new(data), most),
        length_is_in_format: false,
    },
    Format {
        name: "bzip2",
        start: b"BZh",
        decompress: |data, most| read(bzip2::read::BzDecoder::new(data), most),
        length_is_in_format: false,
    },
    Format {
        name: "lzop",
        start: lzo::MAGIC,
        decompress: lzo::decompress,
        length_is_in_format: false,
    },
];

impl Format {
    /// The format of `data`; `None` if `data` has the first bytes of no known format.
    pub(crate) fn of(data: &[u8]) -> Option<&'static Self> {
        let mut formats = FORMATS.iter();
        formats.find(|format| data.starts_with(format.start))
    }

    /// `payload` without the length of the kernel, if kbuild appended that length.
    pub(crate) fn without_length<'d>(&self, payload: &'d [u8]) -> &'d [u8] {
        let length = if self.length_is_in_format { 0 } else { 4 };
        let end = payload.len().saturating_sub(length);
        payload.get(..end).unwrap_or_default()
    }

    /// Decompresses `data`, the kernel in the file `path`. A kernel larger than `most` bytes is a failure.
    pub(crate) fn decompress(&self, path: &Path, data: &[u8], most: usize) -> Result<Vec<u8>> {
        let failed = |problem: String| Error::in_file(path, problem, COPY);
        // One byte more than the limit shows that the kernel is too long.
        match (self.decompress)(data, most.saturating_add(1)) {
            Ok(kernel) if kernel.len() > most => Err(failed(format!(
                "the kernel inside ({}) is longer than the length in the file, or longer than 2 GiB",
                self.name
            ))),
            Ok(kernel) => Ok(kernel),
            Err(error) => Err(failed(format!(
                "the kernel inside ({}) does not decompress: {error}",
                self.name
            ))),
        }
    }
}

/// The first `most` bytes of `data`, or all if there are fewer.
fn read(data: impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    data.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn bad(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

const CUT_SHORT: &str = "the data are cut short";
