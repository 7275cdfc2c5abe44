// SPDX-License-Identifier: GPL-2.0

//! A vmlinuz of x86, which contains a compressed, stripped vmlinux.
//!
//! The header of the vmlinuz has the place of the vmlinux; see Documentation/arch/x86/boot.rst of the kernel.

use std::ops::Range;
use std::path::Path;

use crate::decompress::{Format, COPY, LARGEST};
use crate::error::{Error, Result};

/// Return: true if `file` is a vmlinuz.
pub(crate) fn is_one(file: &[u8]) -> bool {
    file.get(0x1fe..0x200) == Some(b"\x55\xaa") && file.get(0x202..0x206) == Some(b"HdrS")
}

/// The vmlinux inside of `file`, the content of the file `path`.
pub(crate) fn unpack(path: &Path, file: &[u8]) -> Result<Vec<u8>> {
    let failed = |problem: &str| Error::in_file(path, problem, COPY);
    let payload = payload(file)
        .ok_or_else(|| failed("the header of this vmlinuz does not tell where the kernel is"))?;
    let payload = file
        .get(payload)
        .ok_or_else(|| failed("the file is cut short"))?;
    if payload.starts_with(b"\x7fELF") {
        return Ok(payload.to_vec());
    }
    let format = Format::of(payload)
        .ok_or_else(|| failed("the kernel inside is compressed in a way that is not known"))?;
    // The last 4 bytes are the length of the kernel. Data that decompress to more could exhaust the memory.
    let size = payload.last_chunk().copied().map_or(0, u32::from_le_bytes);
    let most = LARGEST.min(size as usize);
    let kernel = format.decompress(path, format.without_length(payload), most)?;
    match kernel.starts_with(b"\x7fELF") {
        true => Ok(kernel),
        false => Err(failed("what is inside of this vmlinuz is no vmlinux")),
    }
}

/// The place of the compressed kernel; `None` if the version of the header has no such field.
fn payload(file: &[u8]) -> Option<Range<usize>> {
    let word = |at: usize| {
        let bytes = file.get(at..)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    };
    if u16::from_le_bytes(*file.get(0x206..)?.first_chunk()?) < 0x208 {
        return None;
    }
    let setup = match *file.get(0x1f1)? {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let start = ((setup + 1) * 512).checked_add(word(0x248)?)?;
    Some(start..start.checked_add(word(0x24c)?)?)
}
