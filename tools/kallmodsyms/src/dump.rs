// SPDX-License-Identifier: GPL-2.0

//! A dump of a kernel's memory as an ELF file: a vmcore, or `/proc/kcore` of the running kernel.
//!
//! The note VMCOREINFO has the addresses of the tables and the offset of that boot. Only the memory with the
//! tables is read: a dump can be larger than the memory of this machine.
//!
//! ```text
//! SYMBOL(kallsyms_num_syms)=ffffffff9bb81200
//! KERNELOFFSET=19800000
//! NUMBER(phys_base)=-8388608
//! ```

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use object::elf::{FileHeader64, ProgramHeader64, ET_CORE, PT_LOAD, PT_NOTE};
use object::pod::{from_bytes, slice_from_all_bytes};
use object::LittleEndian as Le;

use crate::error::{Error, Result};
use crate::hexadecimal::parse_hexadecimal;
use crate::words::Word;

/// The number of bytes of a program header.
const PROGRAM_HEADER: usize = 56;

/// The most bytes of a segment with notes.
const NOTES: u64 = 1 << 24;

/// The most bytes that are read behind the first table.
const TABLES: u64 = 1 << 26;

/// The address of physical address 0 on x86, if `phys_base` is 0.
const X86_TEXT: u64 = 0xffff_ffff_8000_0000;

/// The first of the tables.
const FIRST: &str = "SYMBOL(kallsyms_num_syms)";

/// The remedy for a dump that cannot be read.
pub(crate) const REMEDY: &str =
    "Give the vmlinux or the vmlinuz of that kernel, with the KERNELOFFSET of the dump as --offset.";

/// The part of a dump that has the tables.
pub(crate) struct Dump {
    pub(crate) memory: Vec<u8>,
    /// The address of the first byte of `memory`, a multiple of 8.
    pub(crate) start: u64,
    /// The distance from the addresses of the link to those of the boot.
    pub(crate) offset: u64,
}

type Segment = ProgramHeader64<Le>;

impl Dump {
    /// Reads the dump in the file `path`; `None` if the file is no dump.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        let failed = |error: io::Error| Error::in_file(path, error.to_string(), REMEDY);
        let file = File::open(path).map_err(failed)?;
        let header = at_most(&file, 0, size_of::<FileHeader64<Le>>() as u64).map_err(failed)?;
        let Ok((header, _)) = from_bytes::<FileHeader64<Le>>(&header) else {
            return Ok(None);
        };
        let is_elf = header.e_ident.magic == *b"\x7fELF" && header.e_ident.class == 2;
        if !is_elf || header.e_type.get(Le) != ET_CORE {
            return Ok(None);
        }
        let size = usize::from(header.e_phnum.get(Le)) * PROGRAM_HEADER;
        let segments = at_most(&file, header.e_phoff.get(Le), size as u64).map_err(failed)?;
        let segments = slice_from_all_bytes::<Segment>(&segments)
            .map_err(|()| Error::in_file(path, "the dump is cut short", REMEDY))?;
        let note = vmcoreinfo(&file, segments).map_err(failed)?;
        let note = note.ok_or_else(|| {
            Error::in_file(
                path,
                "the dump has no note VMCOREINFO of its kernel",
                REMEDY,
            )
        })?;
        Self::by_note(path, &file, segments, &Note::parse(&note)).map(Some)
    }

    fn by_note(path: &Path, file: &File, segments: &[Segment], note: &Note<'_>) -> Result<Self> {
        let missing = |name: &str| {
            Error::in_file(
                path,
                format!("VMCOREINFO of the dump has no {name}"),
                REMEDY,
            )
        };
        let first = note.hexadecimal(FIRST).ok_or_else(|| missing(FIRST))?;
        let offset = note.hexadecimal("KERNELOFFSET");
        let offset = offset.ok_or_else(|| missing("KERNELOFFSET"))?;
        // Linux 7.2 and 7.3 have tables at multiples of 4.
        let start = first & !7;
        let place = segments
            .iter()
            .find_map(|segment| segment_place(segment, note, start));
        let (place, size) = place.ok_or_else(|| {
            let problem =
                format!("the memory at {start:#x}, where the tables are, is not in the dump");
            Error::in_file(path, problem, REMEDY)
        })?;
        let memory = at_most(file, place, size.min(TABLES));
        let memory = memory.map_err(|error| Error::in_file(path, error.to_string(), REMEDY))?;
        Ok(Self {
            memory,
            start,
            offset,
        })
    }
}

/// The text of a note VMCOREINFO.
struct Note<'t>(HashMap<&'t str, &'t str>);

impl<'t> Note<'t> {
    fn parse(text: &'t str) -> Self {
        Self(
            text.lines()
                .filter_map(|line| line.split_once('='))
                .collect(),
        )
    }

    fn hexadecimal(&self, name: &str) -> Option<u64> {
        parse_hexadecimal(self.0.get(name)?)
    }

    /// The physical address of an address in the image.
    fn physical(&self, address: u64) -> Option<u64> {
        let distances = ["NUMBER(kimage_voffset)", "NUMBER(va_kernel_pa_offset)"];
        if let Some(distance) = distances.iter().find_map(|name| self.hexadecimal(name)) {
            return Some(address.wrapping_sub(distance));
        }
        let base = self.0.get("NUMBER(phys_base)")?.parse::<i64>().ok()?;
        let distance = address.checked_sub(X86_TEXT)?;
        Some(distance.wrapping_add_signed(base))
    }
}

/// The place in the file of the byte at `address`, and the number of bytes from there to the end of the
/// segment; `None` if `segment` does not have that byte.
fn segment_place(segment: &Segment, note: &Note<'_>, address: u64) -> Option<(u64, u64)> {
    if segment.p_type.get(Le) != PT_LOAD {
        return None;
    }
    let size = segment.p_filesz.get(Le);
    let distance = |from: u64, address: u64| {
        let distance = address.checked_sub(from)?;
        (distance < size).then_some(distance)
    };
    let by_address = distance(segment.p_vaddr.get(Le), address);
    // The dumps of arm64 and riscv have addresses of the linear map.
    let by_physical = || distance(segment.p_paddr.get(Le), note.physical(address)?);
    let distance = by_address.or_else(by_physical)?;
    Some((
        segment.p_offset.get(Le).checked_add(distance)?,
        size - distance,
    ))
}

/// The text of the note VMCOREINFO; `None` if no segment has one.
fn vmcoreinfo(file: &File, segments: &[Segment]) -> io::Result<Option<String>> {
    for segment in segments {
        if segment.p_type.get(Le) != PT_NOTE {
            continue;
        }
        let size = segment.p_filesz.get(Le).min(NOTES);
        let notes = at_most(file, segment.p_offset.get(Le), size)?;
        if let Some(text) = note_named(&notes, b"VMCOREINFO\0") {
            return Ok(Some(String::from_utf8_lossy(text).into_owned()));
        }
    }
    Ok(None)
}

/// The content of the note with this name.
fn note_named<'n>(notes: &'n [u8], wanted: &[u8]) -> Option<&'n [u8]> {
    let mut rest = notes;
    loop {
        let word = |at: usize| Some(u32::of_bytes(rest.get(at..)?)? as usize);
        let (name, content) = (word(0)?, word(4)?);
        let after_name = 12_usize.checked_add(name)?;
        let start = after_name.checked_next_multiple_of(4)?;
        let end = start.checked_add(content)?;
        let content = rest.get(start..end)?;
        if rest.get(12..after_name)? == wanted {
            return Some(content);
        }
        rest = rest.get(end.checked_next_multiple_of(4)?..)?;
    }
}

/// The `size` bytes at `place` of `file`, or the bytes up to its end.
fn at_most(file: &File, place: u64, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 1 << 16];
    while (bytes.len() as u64) < size {
        let left = size - bytes.len() as u64;
        let wanted = chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX));
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
