// SPDX-License-Identifier: GPL-2.0

//! Tests compressed memory dumps, in the plain form and in the flattened form of makedumpfile and QEMU.

use std::io::Write;

use crate::dump::{core, moved, Core};
use crate::kernel::{Vmlinux, TEXT};
use crate::show::{Place, LINES};
use crate::vmlinuz::refused;

/// The bytes of a page. The pages are small, so that the tables take several pages.
const PAGE: usize = 512;

/// The number of blocks of each bitmap.
const BITMAP: usize = 1;

/// The numbers of the pages without tables in the dump.
const OTHERS: [usize; 3] = [1, 9, 30];

/// The number of the first page with tables.
const FIRST: usize = 32;

// The offsets of fields in the header and in the sub-header.
const VERSION: usize = 8;
const SIZE_OF_PAGE: usize = 0x1ac;
const LEVEL: usize = PAGE + 8;
const SPLIT: usize = PAGE + 12;
const PLACE_OF_VMCOREINFO: usize = PAGE + 32;

/// The offset of the bitmap of the pages in the dump. The bitmap of the machine's pages is before it.
const OF_DUMP: usize = (2 + BITMAP) * PAGE;

/// The offset of the descriptor of the first page with tables.
const DESCRIPTOR: usize = (2 + 2 * BITMAP) * PAGE + 24 * OTHERS.len();

/// Compresses a page. Returns the compressed page and its flags.
type Compress = fn(&[u8]) -> (Vec<u8>, u32);

const FORMS: [Compress; 5] = [
    |page| (page.to_vec(), 0),
    zlib,
    |page| (lzo1x::compress(page, lzo1x::CompressLevel::default()), 2),
    |page| (snap::raw::Encoder::new().compress_vec(page).unwrap(), 4),
    |page| (zstd::encode_all(page, 0).unwrap(), 0x20),
];

fn zlib(page: &[u8]) -> (Vec<u8>, u32) {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(page).unwrap();
    (encoder.finish().unwrap(), 1)
}

/// The memory of a kernel, from page `FIRST` of the machine on.
fn memory(vmlinux: &Vmlinux) -> Core {
    let mut core = Core::of(vmlinux);
    core.place.1 = (FIRST * PAGE) as u64;
    core.note += &core.phys_base();
    core
}

/// The dump of a kernel, without the pages for which `is_absent` is true.
fn dump(core: &Core, compress: Compress, is_absent: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut pages: Vec<(usize, Vec<u8>)> = OTHERS.map(|number| (number, vec![0xa5; PAGE])).into();
    let mut machine = [0; PAGE];
    for (number, page) in (FIRST..).zip(core.memory.chunks(PAGE)) {
        let mut page = page.to_vec();
        page.resize(PAGE, 0xff);
        machine[number / 8] |= 1 << (number % 8);
        if !is_absent(&page) {
            pages.push((number, page));
        }
    }
    let mut has = [0; PAGE];
    for (number, _) in &pages {
        has[number / 8] |= 1 << (number % 8);
    }
    let mut file = b"KDUMP   \x06\0\0\0".to_vec();
    file.resize(SIZE_OF_PAGE, 0);
    let header = [PAGE, 1, 2 * BITMAP].map(|number| (number as u32).to_le_bytes());
    file.extend(header.concat());
    file.resize(2 * PAGE, 0);
    file.extend(machine);
    file.extend(has);
    let mut bytes = core.note.clone().into_bytes();
    let note = file.len() + 24 * pages.len();
    let mut place = note + bytes.len();
    for (_, page) in &pages {
        let (page, flags) = compress(page);
        file.extend((place as u64).to_le_bytes());
        file.extend(
            [page.len() as u32, flags, 0, 0]
                .map(u32::to_le_bytes)
                .concat(),
        );
        place += page.len();
        bytes.extend(page);
    }
    file.extend(bytes);
    let vmcoreinfo = [note, core.note.len()].map(|number| (number as u64).to_le_bytes());
    file[PLACE_OF_VMCOREINFO..][..16].copy_from_slice(&vmcoreinfo.concat());
    file
}

/// A compressed memory dump with the tables of `vmlinux`.
pub(crate) fn kdump(vmlinux: &Vmlinux) -> Vec<u8> {
    dump(&memory(vmlinux), zlib, |_| false)
}

/// The flattened form of a file, in records of different lengths. The first record has wrong bytes, and the last
/// record overwrites them, because makedumpfile completes the header at the end.
pub(crate) fn flattened(file: &[u8]) -> Vec<u8> {
    let mut flattened = b"makedumpfile".to_vec();
    flattened.resize(16, 0);
    flattened.extend([1_u64, 1].map(u64::to_be_bytes).concat());
    flattened.resize(4096, 0);
    let mut record = |at: usize, bytes: &[u8]| {
        let header = [at as u64, bytes.len() as u64].map(u64::to_be_bytes);
        flattened.extend(header.concat());
        flattened.extend(bytes);
    };
    record(0, &[0xee; 100]);
    let mut at = 20;
    for len in (1..).map(|number| 100 * number) {
        let end = file.len().min(at + len);
        // The plain form has zeros at the places without a record.
        if file[at..end].iter().any(|&byte| byte != 0) {
            record(at, &file[at..end]);
        }
        at = end;
        if at == file.len() {
            break;
        }
    }
    record(0, &file[..100]);
    flattened.extend([0xff; 16]);
    flattened
}

fn write(file: &mut [u8], at: usize, number: u32) {
    file[at..at + 4].copy_from_slice(&number.to_le_bytes());
}

#[test]
fn a_compressed_dump_is_read_in_every_form() {
    let core = memory(&Vmlinux::new());
    assert!(core.memory.len() > 2 * PAGE);
    for compress in FORMS {
        let file = dump(&core, compress, |_| false);
        for file in [flattened(&file), file] {
            let place = Place::with(&file);
            assert_eq!(place.output(&["show", "vmlinux"]), moved(LINES));
            let query = ["lookup", "vmlinux", "0xffffffff91200061"];
            let answer = "ffffffff91200061 b_open+0x1/0x20\t[b]\n";
            assert_eq!(place.output(&query), answer);
        }
    }
    // makedumpfile can also flatten a dump in ELF form.
    let place = Place::with(&flattened(&core.file()));
    assert_eq!(place.output(&["show", "vmlinux"]), moved(LINES));
}

#[test]
fn pages_of_zeros_may_be_left_out() {
    let mut vmlinux = Vmlinux {
        has_sizes: false,
        ..Vmlinux::new()
    };
    let last = vmlinux.symbols.pop().unwrap();
    let filler = (TEXT + 0x4800, 0, 'd', "filler");
    vmlinux.symbols.extend([filler; 240]);
    vmlinux.symbols.push(last);
    vmlinux.exceptions.truncate(1);
    let mut core = memory(&vmlinux);
    // Zeroes kallsyms_seqs_of_names, which is longer than a page. kallmodsyms does not read this table.
    let sevens = core.memory.windows(100);
    let table = { sevens }.position(|bytes| bytes == [7; 100]).unwrap();
    let table = core.memory[table..].iter_mut();
    table
        .take_while(|byte| **byte == 7)
        .for_each(|byte| *byte = 0);
    let is_zero = |page: &[u8]| page.iter().all(|&byte| byte == 0);
    assert!(core.memory.chunks(PAGE).any(is_zero));
    let expected = Place::with(&core.file()).output(&["show", "vmlinux"]);
    let mut file = dump(&core, zlib, is_zero);
    let place = Place::with(&file);
    refused(place.command(&["show", "vmlinux"]), "is not in the dump");
    write(&mut file, LEVEL, 31);
    let place = Place::with(&file);
    assert_eq!(place.output(&["show", "vmlinux"]), expected);
    // A page that the machine does not have is not a page of zeros.
    file[2 * PAGE..OF_DUMP].fill(0);
    let place = Place::with(&file);
    refused(place.command(&["show", "vmlinux"]), "is not in the dump");
}

#[test]
fn incomplete_or_damaged_compressed_dumps_are_refused() {
    let core = memory(&Vmlinux::new());
    let file = dump(&core, zlib, |_| false);
    let with = |at: usize, number: u32| {
        let mut file = file.clone();
        write(&mut file, at, number);
        file
    };
    let second = core.place.0 + PAGE as u64;
    let first = core.place.0 + 8;
    for (page, problem) in [(0, first), (1, second)] {
        let mut file = file.clone();
        file[OF_DUMP + FIRST / 8] &= !(1 << page);
        let problem =
            format!("the memory at {problem:#x}, where the tables are, is not in the dump");
        refused(Place::with(&file).command(&["show", "vmlinux"]), &problem);
    }
    let of_page = u64::from_le_bytes(file[DESCRIPTOR + 24..][..8].try_into().unwrap());
    for (file, problem) in [
        (
            with(SPLIT, 1),
            "this is a part of a split dump\n  Join the parts",
        ),
        (
            with(VERSION, 7),
            "version 7 of the header of the dump is not known",
        ),
        (
            with(VERSION, 2),
            "version 2 of the header has no VMCOREINFO",
        ),
        (
            with(SIZE_OF_PAGE, 5),
            "a page of 5 bytes: the header of the dump is damaged",
        ),
        (
            with(PLACE_OF_VMCOREINFO, 0),
            "the dump has no note VMCOREINFO",
        ),
        (with(DESCRIPTOR, 0), "is not in the dump"),
        (
            with(DESCRIPTOR + 8, 10_000),
            "the page is damaged: it is too long",
        ),
        (
            with(DESCRIPTOR + 12, 0x40),
            "the page is damaged: its form 0x40 is not known",
        ),
        (with(DESCRIPTOR + 12, 0), "bytes (plain)"),
        (with(DESCRIPTOR + 12, 2), "it does not decompress (lzo)"),
        (with(DESCRIPTOR + 12, 4), "it does not decompress (snappy)"),
        (with(DESCRIPTOR + 12, 0x20), "it does not decompress (zstd)"),
        (with(of_page as usize, 0), "it does not decompress (zlib)"),
        (file[..300].to_vec(), "the dump is cut short"),
        (file[..PAGE + 20].to_vec(), "the dump is cut short"),
        (
            file[..of_page as usize + 10].to_vec(),
            "cannot be read: the dump is cut short",
        ),
    ] {
        refused(Place::with(&file).command(&["show", "vmlinux"]), problem);
    }
    let without = with_note(&core, "NUMBER(phys_base)", "NUMBER(base)");
    refused(
        Place::with(&without).command(&["show", "vmlinux"]),
        "is not in the dump",
    );
}

fn with_note(core: &Core, from: &str, to: &str) -> Vec<u8> {
    let mut core = core.clone();
    core.note = core.note.replace(from, to);
    dump(&core, zlib, |_| false)
}

#[test]
fn flattened_dumps_that_are_cut_short_or_damaged_are_refused() {
    let file = flattened(&kdump(&Vmlinux::new()));
    let mut version = file.clone();
    version[31] = 2;
    let mut endless = file.clone();
    endless[4096 + 8] = 0xff;
    let mut empty = file.clone();
    empty[4096 + 8..4096 + 16].fill(0);
    for (file, problem) in [
        (
            file[..file.len() - 16].to_vec(),
            "the flattened dump is cut short",
        ),
        (file[..5000].to_vec(), "the flattened dump is cut short"),
        (file[..20].to_vec(), "the flattened dump is cut short"),
        (endless, "the flattened dump is cut short"),
        (empty, "the flattened dump is cut short"),
        (
            version,
            "this version of the flattened form of makedumpfile is not known",
        ),
    ] {
        refused(Place::with(&file).command(&["show", "vmlinux"]), problem);
    }
    let elf = flattened(&core(&Vmlinux::new()));
    refused(
        Place::with(&elf[..elf.len() - 1]).command(&["show", "vmlinux"]),
        "the flattened dump is cut short",
    );
}
