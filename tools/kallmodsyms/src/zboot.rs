// SPDX-License-Identifier: GPL-2.0

//! A vmlinuz.efi of arm64 or riscv: an EFI program that contains a compressed Image.
//!
//! ```text
//! 00: 4d 5a 00 00 7a 69 6d 67    magic numbers of the program and of its kind
//! 08: 30 13 00 00 c6 f9 8f 00    place and length of the kernel
//! 18: 67 7a 69 70 00             form of the kernel: gzip
//! ```

use std::path::Path;

use crate::decompress::{Format, COPY, LARGEST};
use crate::error::{Error, Result};

/// The longest name of a form.
const NAME: usize = 0x20;

/// Return: true if `file` is a vmlinuz.efi.
pub(crate) fn is_one(file: &[u8]) -> bool {
    file.starts_with(b"MZ") && file.get(4..8) == Some(b"zimg")
}

/// The Image inside of `file`, the content of the file `path`.
pub(crate) fn unpack(path: &Path, file: &[u8]) -> Result<Vec<u8>> {
    let failed = |problem: &str| Error::in_file(path, problem, COPY);
    let payload = payload(file).ok_or_else(|| failed("the file is cut short"))?;
    let format = Format::of(payload).ok_or_else(|| {
        let name = file.get(0x18..0x18 + NAME).unwrap_or_default();
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let name = String::from_utf8_lossy(name);
        failed(&format!(
            "the kernel inside is compressed in a way that is not known: '{}'",
            name.escape_debug()
        ))
    })?;
    format.decompress(path, payload, LARGEST)
}

/// The compressed kernel. The length in the header leaves out the 4 bytes that the build may append.
fn payload(file: &[u8]) -> Option<&[u8]> {
    let word = |at: usize| {
        let bytes = file.get(at..)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    };
    let start = word(0x8)?;
    file.get(start..start.checked_add(word(0xc)?)?)
}
