// SPDX-License-Identifier: GPL-2.0

//! A vmlinuz of x86, which has a stripped vmlinux inside, compressed.
//!
//! The header says where: Documentation/arch/x86/boot.rst of the kernel. To decompress it is left to
//! the programs that are there for that, as in the kernel's scripts/extract-vmlinux.

use std::io::{ErrorKind, Read, Write};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::both::both;
use crate::error::{Error, Result};

/// Bytes that have the header in them.
pub(super) const HEAD: u64 = 0x250;

/// Who decompresses what begins with these bytes.
const PROGRAMS: [(&[u8], &[&str]); 7] = [
    (b"\x1f\x8b\x08", &["gzip", "-dc"]),
    (b"\x28\xb5\x2f\xfd", &["zstd", "-dc"]),
    (b"\xfd7zXZ\0", &["xz", "-dc", "--single-stream"]),
    (b"\x5d\0\0", &["xz", "-dc", "--format=lzma"]),
    (b"\x02\x21\x4c\x18", &["lz4", "-dc"]),
    (b"BZh", &["bzip2", "-dc"]),
    (b"\x89LZO", &["lzop", "-dc"]),
];

/// More bytes than an image has: its symbols are less than 2 GiB apart.
const MOST: u64 = 1 << 31;

/// What to do about a file that is not as it should be.
const COPY: &str = "Copy the file again, or give the vmlinux that it was made of.";

/// Whether a file that begins so is one.
pub(super) fn is_one(head: &[u8]) -> bool {
    head.get(0x1fe..0x200) == Some(b"\x55\xaa") && head.get(0x202..0x206) == Some(b"HdrS")
}

/// How many bytes of a file that begins so are of interest, by what it says.
pub(super) fn length(head: &[u8]) -> u64 {
    place(head).map_or(0, |place| place.end as u64)
}

/// The vmlinux inside of `file`, which is from `path`.
pub(super) fn unpack(path: &Path, file: &[u8]) -> Result<Vec<u8>> {
    let failed = |problem: &str| Error::in_file(path, problem, COPY);
    let place = place(file)
        .ok_or_else(|| failed("the header of this vmlinuz does not tell where the kernel is"))?;
    let payload = file
        .get(place)
        .ok_or_else(|| failed("the file is cut short"))?;
    if payload.starts_with(b"\x7fELF") {
        return Ok(payload.to_vec());
    }
    let known = PROGRAMS
        .iter()
        .find(|(start, _)| payload.starts_with(start));
    let (_, words) = known
        .ok_or_else(|| failed("the kernel inside is compressed in a way that is not known"))?;
    // Behind what others than gzip made stand 4 bytes, which say how long the kernel is.
    let data = match words.first() {
        Some(&"gzip") => payload,
        _ => payload
            .get(..payload.len().saturating_sub(4))
            .unwrap_or_default(),
    };
    // Those of gzip say it, too. What is longer than that could be more than there is memory for.
    let size = payload.last_chunk().copied().map_or(0, u32::from_le_bytes);
    let kernel = run(path, words, data, u64::from(size).min(MOST))?;
    match kernel.starts_with(b"\x7fELF") {
        true => Ok(kernel),
        false => Err(failed("what is inside of this vmlinuz is no vmlinux")),
    }
}

/// Where the compressed kernel is; `None` if the header is of a version that does not tell.
fn place(file: &[u8]) -> Option<Range<usize>> {
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
    let start = (setup + 1) * 512 + word(0x248)?;
    Some(start..start.checked_add(word(0x24c)?)?)
}

/// What the program of `words` makes of `data`, if that is at most `most` bytes.
fn run(path: &Path, words: &[&str], data: &[u8], most: u64) -> Result<Vec<u8>> {
    let program = words.first().copied().unwrap_or_default();
    let failed = |error: std::io::Error| {
        let problem = match error.kind() {
            ErrorKind::NotFound => format!(
                "the kernel inside is to be decompressed by {program}, which is not installed"
            ),
            _ => format!("{program}: {error}"),
        };
        let remedy = format!("Install {program}, or give the vmlinux that this file was made of.");
        Error::in_file(path, problem, remedy)
    };
    let mut command = Command::new(program);
    command.args(words.get(1..).unwrap_or_default());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child: Child = command.spawn().map_err(failed)?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let mut kernel = Vec::new();
    let read = || match output {
        Some(output) => {
            let mut output = output.take(most + 1);
            output.read_to_end(&mut kernel).map_err(failed)
        }
        None => Ok(0),
    };
    let write = || {
        // Who does not take all of it will say why.
        let _ = input.map(|mut input| input.write_all(data));
        Ok(())
    };
    both(read, write)?;
    let status = child.wait().map_err(failed)?;
    // If so, it was ended by that nobody read on.
    if kernel.len() as u64 > most {
        let problem = "the kernel inside is larger than the file says";
        return Err(Error::in_file(path, problem, COPY));
    }
    if !status.success() {
        return Err(Error::in_file(
            path,
            format!("{program} failed ({status})"),
            COPY,
        ));
    }
    Ok(kernel)
}
