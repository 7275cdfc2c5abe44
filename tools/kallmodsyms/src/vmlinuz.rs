// SPDX-License-Identifier: GPL-2.0

//! A vmlinuz of x86, which contains a compressed, stripped vmlinux.
//!
//! Its header has the place of the vmlinux; see Documentation/arch/x86/boot.rst of the kernel.

use std::ops::Range;
use std::path::Path;

use crate::decompress::{self, Refusal};
use crate::error::{Error, Result};

/// A length above the length of any image: the symbols of an image are less than 2 GiB apart.
const MOST: u32 = 1 << 31;

/// The remedy for a damaged file.
const COPY: &str = "Copy the file again, or give the vmlinux that it was made of.";

/// Return: true if `file` is a vmlinuz.
pub(crate) fn is_one(file: &[u8]) -> bool {
    file.get(0x1fe..0x200) == Some(b"\x55\xaa") && file.get(0x202..0x206) == Some(b"HdrS")
}

/// The vmlinux inside of `file`; `path` is the place that `file` is from.
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
    // The last 4 bytes are the length of the kernel. A longer kernel could exceed the memory.
    let size = payload.last_chunk().copied().map_or(0, u32::from_le_bytes);
    let kernel = decompress::decompress(payload, size.min(MOST) as usize);
    let kernel = kernel.map_err(|refusal| match refusal {
        Refusal::Unknown => failed("the kernel inside is compressed in a way that is not known"),
        Refusal::TooLarge => failed("the kernel inside is larger than the file says"),
        Refusal::Damaged(form, error) => failed(&format!(
            "the kernel inside ({form}) does not decompress: {error}"
        )),
    })?;
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
