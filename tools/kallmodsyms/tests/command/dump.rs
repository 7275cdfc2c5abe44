// SPDX-License-Identifier: GPL-2.0

//! Tests memory dumps in ELF form. The note VMCOREINFO of a dump has the addresses of the tables.

use crate::kernel::{Vmlinux, TEXT};
use crate::raw_image::image_lines;
use crate::show::{Place, LINES};
use crate::vmlinuz::refused;

/// The link address of the tables.
const RODATA: u64 = TEXT + 0x20_0000;

/// The offset by which the kernel was moved.
const OFFSET: u64 = 0x1020_0000;

/// The tables that VMCOREINFO names in these tests: the first table, the last module table, the first size table,
/// and the first table of object files.
const NAMED: [&str; 4] = [
    "kallsyms_num_syms",
    "kallsyms_module_names",
    "kallsyms_size_counts",
    "kallsyms_object_counts",
];

/// The offset of the memory in the file.
const MEMORY: usize = 0x400;

/// The memory of a kernel, and the note VMCOREINFO.
#[derive(Clone)]
pub(crate) struct Core {
    pub(crate) note: String,
    /// The virtual and the physical address of the memory.
    pub(crate) place: (u64, u64),
    pub(crate) memory: Vec<u8>,
    /// The offsets in the memory at which a new segment begins, without 0.
    cuts: Vec<usize>,
}

impl Core {
    pub(crate) fn of(vmlinux: &Vmlinux) -> Self {
        let (mut memory, tables) = vmlinux.rodata(RODATA);
        let table = |wanted: &str| {
            let table = tables.iter().find(|(name, _)| *name == wanted);
            table.map(|(_, address)| *address)
        };
        // The kernel relocates kallsyms_relative_base when it starts.
        if let Some(base) = table("kallsyms_relative_base") {
            let base = (base - RODATA) as usize;
            memory[base..base + 8].copy_from_slice(&(TEXT + OFFSET).to_le_bytes());
        }
        let mut note = format!("OSRELEASE=6.12.117\nKERNELOFFSET={OFFSET:x}\n");
        for name in NAMED {
            let line = |address| format!("SYMBOL({name})={:x}\n", address + OFFSET);
            note += &table(name).map_or_else(String::new, line);
        }
        Self {
            note,
            place: (RODATA + OFFSET, 0x120_0000),
            memory,
            cuts: Vec::new(),
        }
    }

    /// The line of x86 in VMCOREINFO for the physical address.
    pub(crate) fn phys_base(&self) -> String {
        let (address, physical) = self.place;
        let base = physical.wrapping_sub(address - 0xffff_ffff_8000_0000) as i64;
        format!("NUMBER(phys_base)={base}\n")
    }

    /// The dump in ELF form.
    pub(crate) fn file(&self) -> Vec<u8> {
        let bounds = [&[0][..], &self.cuts, &[self.memory.len()]].concat();
        let pairs = bounds.windows(2);
        let loads: Vec<(usize, usize)> = pairs.map(|pair| (pair[0], pair[1])).collect();
        let note_at = note_at(loads.len());
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        // ET_CORE, EM_X86_64
        file.extend([4, 0, 62, 0, 1, 0, 0, 0]);
        file.extend([0, 64, 0].map(u64::to_le_bytes).concat());
        file.extend(
            [0_u16, 0, 64, 56, 1 + loads.len() as u16, 0, 0, 0]
                .map(u16::to_le_bytes)
                .concat(),
        );
        let name = b"VMCOREINFO\0\0";
        let sizes = [11, self.note.len() as u32, 0].map(u32::to_le_bytes);
        let note = [&sizes.concat(), &name[..], self.note.as_bytes()].concat();
        let (address, physical) = self.place;
        let mut segments = vec![(4_u32, [note_at as u64, 0, 0, note.len() as u64])];
        // The segments of a dump can have any order.
        for &(start, end) in loads.iter().rev() {
            let at = start as u64;
            let offset = MEMORY as u64 + at;
            let load = [offset, address + at, physical + at, (end - start) as u64];
            segments.push((1, load));
        }
        for (kind, [offset, address, physical, size]) in segments {
            file.extend([kind, 4].map(u32::to_le_bytes).concat());
            let words = [offset, address, physical, size, size, 0];
            file.extend(words.map(u64::to_le_bytes).concat());
        }
        file.extend(note);
        assert!(file.len() <= MEMORY);
        file.resize(MEMORY, 0);
        file.extend(&self.memory);
        file
    }
}

/// The offset of the note in a file with this number of segments of memory.
fn note_at(segments: usize) -> usize {
    64 + (1 + segments) * 56
}

/// A memory dump in ELF form, with the tables of `vmlinux`.
pub(crate) fn core(vmlinux: &Vmlinux) -> Vec<u8> {
    Core::of(vmlinux).file()
}

/// `lines` with the addresses of the moved kernel.
pub(crate) fn moved(lines: &str) -> String {
    lines.replace("ffffffff810", "ffffffff912")
}

#[test]
fn a_dump_has_the_addresses_of_its_boot() {
    for (vmlinux, lines) in [
        (Vmlinux::new(), LINES.to_owned()),
        (Vmlinux::relative(), image_lines()),
    ] {
        let place = Place::with(&core(&vmlinux));
        assert_eq!(place.output(&["show", "vmlinux"]), moved(&lines));
        let query = [
            "lookup",
            "vmlinux",
            "0xffffffff91200061",
            "0xffffffff91202b3d",
        ];
        let answer = "ffffffff91200061 b_open+0x1/0x20\t[b]\n\
                      ffffffff91202b3d shared+0x2abd/0x2abc\t[b] [c_d]\n";
        assert_eq!(place.output(&query), answer);
        assert_eq!(place.output(&["modules", "vmlinux", "-1"]), "a\nb\nc_d\n");
        // The text has no offset of the kernel.
        place.write("text", " [<ffffffff91200061>]\n");
        let text = place.output(&["annotate", "vmlinux", "text"]);
        assert_eq!(text, " [<ffffffff91200061>] [b]\n");
    }
}

/// The physical address of the image follows from a line of VMCOREINFO, which differs between arm64, riscv and x86.
#[test]
fn segments_may_have_addresses_of_the_linear_map() {
    let core = Core::of(&Vmlinux::new());
    let physical = core.place.1;
    let distance = core.place.0 - physical;
    for line in [
        format!("NUMBER(kimage_voffset)=0x{distance:x}\n"),
        format!("NUMBER(va_kernel_pa_offset)=0x{distance:x}\n"),
        core.phys_base(),
    ] {
        let mut core = core.clone();
        core.place.0 = 0xffff_8880_0000_0000 + physical;
        let place = Place::with(&core.file());
        refused(place.command(&["show", "vmlinux"]), "is not in the dump");
        core.note += &line;
        let place = Place::with(&core.file());
        assert_eq!(place.output(&["show", "vmlinux"]), moved(LINES), "{line}");
    }
}

#[test]
fn tables_may_lie_in_several_segments() {
    let mut core = Core::of(&Vmlinux::new());
    core.cuts = vec![1, 40, 0x200, 0x201, core.memory.len() - 3];
    let place = Place::with(&core.file());
    assert_eq!(place.output(&["show", "vmlinux"]), moved(LINES));
    // The first header of memory is for the last segment, which has only bytes behind the tables. The next header
    // is for a segment with tables.
    let mut file = core.file();
    let kind = 64 + 56;
    file[kind] = 0;
    let place = Place::with(&file);
    assert_eq!(place.output(&["show", "vmlinux"]), moved(LINES));
    file[kind + 56] = 0;
    let place = Place::with(&file);
    let problem = format!("the memory at {:#x}, where", core.place.0 + 0x201);
    refused(place.command(&["show", "vmlinux"]), &problem);
}

#[test]
fn dumps_without_note_tables_or_memory_are_refused() {
    let core = Core::of(&Vmlinux::new());
    let with_note = |from: &str, to: &str| {
        let mut core = core.clone();
        core.note = core.note.replace(from, to);
        core.file()
    };
    let mut no_note = core.file();
    let name = note_at(1) + 12;
    no_note[name] = b'v';
    let without = Vmlinux {
        has_modules: false,
        ..Vmlinux::new()
    };
    let mut wrong_version = core.file();
    wrong_version.truncate(100);
    for (file, problem) in [
        (no_note, "the dump has no note VMCOREINFO"),
        (
            with_note("KERNELOFFSET", "OFFSET"),
            "VMCOREINFO of the dump has no KERNELOFFSET",
        ),
        (
            with_note("(kallsyms_num_syms", "(_stext"),
            "VMCOREINFO of the dump has no SYMBOL(kallsyms_num_syms)",
        ),
        (with_note("=ffffffff9", "=ffffffffa"), "is not in the dump"),
        (
            Core::of(&without).file(),
            "built without CONFIG_KALLMODSYMS",
        ),
        (
            core.file()[..MEMORY + 0x80].to_vec(),
            "where the tables are, cannot be read: the dump is cut short",
        ),
        (wrong_version, "the dump is cut short"),
    ] {
        let place = Place::with(&file);
        for command in [&["show", "vmlinux"][..], &["lookup", "vmlinux", "startup"]] {
            refused(place.command(command), problem);
        }
    }
    let place = Place::with(&core.file());
    let offset = place.command(&["show", "vmlinux", "--offset=1000"]);
    refused(offset, "a dump has the addresses of its boot");
}
