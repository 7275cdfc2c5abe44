// SPDX-License-Identifier: GPL-2.0

//! The forms of compressed kernels: `CONFIG_KERNEL_GZIP` and the other choices of that option.

mod lz4;
mod lzo;

use std::io::{self, Read};

/// The most memory for a dictionary of xz or lzma, in KiB. The kernel's builds use 128 MiB at most.
const DICTIONARY: u32 = 1 << 20;

/// The reason why decompression failed.
pub(crate) enum Refusal {
    /// No known form has these first bytes.
    Unknown,
    /// The data have more bytes than expected.
    TooLarge,
    /// The data of this form are damaged.
    Damaged(&'static str, io::Error),
}

/// A form of compressed data.
struct Form {
    name: &'static str,
    /// The first bytes.
    start: &'static [u8],
    /// Decompresses data up to a number of bytes.
    decompress: fn(&[u8], usize) -> io::Result<Vec<u8>>,
    /// True if the 4 bytes with the length of the kernel are part of the data.
    has_size: bool,
}

const FORMS: [Form; 7] = [
    Form {
        name: "gzip",
        start: b"\x1f\x8b\x08",
        decompress: |data, most| read(flate2::read::GzDecoder::new(data), most),
        has_size: true,
    },
    Form {
        name: "zstd",
        start: b"\x28\xb5\x2f\xfd",
        decompress: |data, most| read(zstd::Decoder::with_buffer(data)?, most),
        has_size: false,
    },
    Form {
        name: "xz",
        start: b"\xfd7zXZ\0",
        decompress: |data, most| {
            read(
                lzma_rust2::XzReader::new_mem_limit(data, false, DICTIONARY),
                most,
            )
        },
        has_size: false,
    },
    Form {
        name: "lzma",
        start: b"\x5d\0\0",
        decompress: |data, most| {
            read(
                lzma_rust2::LzmaReader::new_mem_limit(data, DICTIONARY, None)?,
                most,
            )
        },
        has_size: false,
    },
    Form {
        name: "lz4",
        start: lz4::MAGIC,
        decompress: lz4::decompress,
        has_size: false,
    },
    Form {
        name: "bzip2",
        start: b"BZh",
        decompress: |data, most| read(bzip2::read::BzDecoder::new(data), most),
        has_size: false,
    },
    Form {
        name: "lzop",
        start: lzo::MAGIC,
        decompress: lzo::decompress,
        has_size: false,
    },
];

/// Decompresses a kernel of at most `most` bytes; its length is in the last 4 bytes of `payload`.
pub(crate) fn decompress(payload: &[u8], most: usize) -> Result<Vec<u8>, Refusal> {
    let mut forms = FORMS.iter();
    let form = forms.find(|form| payload.starts_with(form.start));
    let form = form.ok_or(Refusal::Unknown)?;
    let size = if form.has_size { 0 } else { 4 };
    let data = payload.get(..payload.len().saturating_sub(size));
    // A byte beyond the limit reveals too long data.
    let kernel = (form.decompress)(data.unwrap_or_default(), most.saturating_add(1));
    match kernel {
        Ok(kernel) if kernel.len() > most => Err(Refusal::TooLarge),
        Ok(kernel) => Ok(kernel),
        Err(error) => Err(Refusal::Damaged(form.name, error)),
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
