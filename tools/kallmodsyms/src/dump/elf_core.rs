// SPDX-License-Identifier: GPL-2.0

//! A dump as an ELF file: a vmcore, or `/proc/kcore` of the running kernel. VMCOREINFO is in a segment of type
//! `PT_NOTE`, the memory is in segments of type `PT_LOAD`.

use std::io;
use std::path::Path;

use object::elf::{FileHeader64, ProgramHeader64, ET_CORE, PT_LOAD, PT_NOTE};
use object::pod::{from_bytes, slice_from_all_bytes};
use object::LittleEndian as Le;

use super::file::DumpFile;
use super::vmcoreinfo::Vmcoreinfo;
use super::{Form, Lack, COPY};
use crate::error::{Error, Result};
use crate::words::Word;

/// The number of bytes of a program header.
const PROGRAM_HEADER: usize = 56;

/// The most bytes of a segment with notes.
const NOTES: u64 = 1 << 24;

type Segment = ProgramHeader64<Le>;

/// A dump in ELF form.
pub(super) struct ElfCore<'f> {
    file: &'f DumpFile,
    /// The bytes of all program headers.
    headers: Vec<u8>,
}

impl<'f> ElfCore<'f> {
    /// The dump in `file`, whose path is `path`; `None` if the file has another form.
    pub(super) fn open(path: &Path, file: &'f DumpFile) -> Result<Option<Self>> {
        let failed = |error: io::Error| Error::in_file(path, error.to_string(), COPY);
        let header = file.read(0, size_of::<FileHeader64<Le>>() as u64);
        let header = header.map_err(failed)?;
        let Ok((header, _)) = from_bytes::<FileHeader64<Le>>(&header) else {
            return Ok(None);
        };
        let is_elf = header.e_ident.magic == *b"\x7fELF" && header.e_ident.class == 2;
        if !is_elf || header.e_type.get(Le) != ET_CORE {
            return Ok(None);
        }
        let size = usize::from(header.e_phnum.get(Le)) * PROGRAM_HEADER;
        let headers = file.read(header.e_phoff.get(Le), size as u64);
        let headers = headers.map_err(failed)?;
        match headers.len() == size {
            true => Ok(Some(Self { file, headers })),
            false => Err(Error::in_file(path, "the dump is cut short", COPY)),
        }
    }

    fn segments(&self) -> &[Segment] {
        slice_from_all_bytes(&self.headers).unwrap_or_default()
    }
}

impl Form for ElfCore<'_> {
    fn vmcoreinfo(&self) -> io::Result<Option<Vec<u8>>> {
        for segment in self.segments() {
            if segment.p_type.get(Le) != PT_NOTE {
                continue;
            }
            let size = segment.p_filesz.get(Le).min(NOTES);
            let notes = self.file.read(segment.p_offset.get(Le), size)?;
            if let Some(text) = note_named(&notes, b"VMCOREINFO\0") {
                return Ok(Some(text.to_vec()));
            }
        }
        Ok(None)
    }

    fn piece(
        &self,
        vmcoreinfo: &Vmcoreinfo<'_>,
        address: u64,
        most: u64,
    ) -> io::Result<std::result::Result<Vec<u8>, Lack>> {
        let place = |start: fn(&Segment) -> u64, wanted: u64| {
            let mut segments = self.segments().iter();
            segments.find_map(|segment| segment_place(segment, start(segment), wanted))
        };
        let by_address = place(|segment| segment.p_vaddr.get(Le), address);
        // The segments can have virtual addresses of the linear map only, not of the image.
        let by_physical = || {
            let physical = vmcoreinfo.physical(address)?;
            place(|segment| segment.p_paddr.get(Le), physical)
        };
        let Some((at, size)) = by_address.or_else(by_physical) else {
            return Ok(Err(Lack::Absent));
        };
        let bytes = self.file.read(at, size.min(most))?;
        Ok(match bytes.is_empty() {
            true => Err(Lack::CutShort),
            false => Ok(bytes),
        })
    }
}

/// The place in the file of the byte at `address`, and the number of bytes from that place to the segment's
/// end; `None` if `segment` does not have that byte. The segment begins at the address `start`.
fn segment_place(segment: &Segment, start: u64, address: u64) -> Option<(u64, u64)> {
    let size = segment.p_filesz.get(Le);
    let distance = address.checked_sub(start)?;
    if segment.p_type.get(Le) != PT_LOAD || distance >= size {
        return None;
    }
    let place = segment.p_offset.get(Le).checked_add(distance)?;
    Some((place, size - distance))
}

/// The content of the note with the name `wanted`.
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
