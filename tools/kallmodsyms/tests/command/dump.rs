// SPDX-License-Identifier: GPL-2.0

//! A dump of memory, whose note VMCOREINFO tells where the tables are.

use crate::kernel::{Vmlinux, TEXT};
use crate::raw_image::image_lines;
use crate::show::{Place, LINES};
use crate::vmlinuz::refused;

/// The address of the tables at link time, and how far the kernel was moved.
const RODATA: u64 = TEXT + 0x20_0000;
const OFFSET: u64 = 0x1020_0000;

/// Headers of the file and of its two segments, and the note.
const NOTE: usize = 64 + 2 * 56;
const MEMORY: usize = 0x400;

/// A dump with one segment of memory.
#[derive(Clone)]
struct Core {
    note: String,
    /// The virtual and the physical address of the segment.
    place: (u64, u64),
    memory: Vec<u8>,
}

impl Core {
    fn of(vmlinux: &Vmlinux) -> Self {
        let (mut memory, tables) = vmlinux.rodata(RODATA);
        let table = |wanted: &str| {
            let table = tables.iter().find(|(name, _)| *name == wanted);
            table.map(|(_, address)| *address)
        };
        // The kernel corrects it when it starts.
        if let Some(base) = table("kallsyms_relative_base") {
            let base = (base - RODATA) as usize;
            memory[base..base + 8].copy_from_slice(&(TEXT + OFFSET).to_le_bytes());
        }
        let first = table("kallsyms_num_syms").unwrap() + OFFSET;
        Self {
            note: format!(
                "OSRELEASE=6.12.117\nSYMBOL(kallsyms_num_syms)={first:x}\nKERNELOFFSET={OFFSET:x}\n"
            ),
            place: (RODATA + OFFSET, 0x120_0000),
            memory,
        }
    }

    fn file(&self) -> Vec<u8> {
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        // ET_CORE, EM_X86_64
        file.extend([4, 0, 62, 0, 1, 0, 0, 0]);
        file.extend([0, 64, 0].map(u64::to_le_bytes).concat());
        file.extend(
            [0_u16, 0, 64, 56, 2, 0, 0, 0]
                .map(u16::to_le_bytes)
                .concat(),
        );
        let name = b"VMCOREINFO\0\0";
        let sizes = [11, self.note.len() as u32, 0].map(u32::to_le_bytes);
        let note = [&sizes.concat(), &name[..], self.note.as_bytes()].concat();
        let (address, physical) = self.place;
        let size = self.memory.len() as u64;
        for (kind, [offset, address, physical, size]) in [
            (4_u32, [NOTE as u64, 0, 0, note.len() as u64]),
            (1, [MEMORY as u64, address, physical, size]),
        ] {
            file.extend([kind, 4].map(u32::to_le_bytes).concat());
            let words = [offset, address, physical, size, size, 0];
            file.extend(words.map(u64::to_le_bytes).concat());
        }
        file.extend(note);
        file.resize(MEMORY, 0);
        file.extend(&self.memory);
        file
    }
}

/// A dump of memory with these tables.
pub(crate) fn core(vmlinux: &Vmlinux) -> Vec<u8> {
    Core::of(vmlinux).file()
}

fn moved(lines: &str) -> String {
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
        // The text need not tell the offset.
        place.write("text", " [<ffffffff91200061>]\n");
        let text = place.output(&["annotate", "vmlinux", "text"]);
        assert_eq!(text, " [<ffffffff91200061>] [b]\n");
    }
}

/// As arm64, riscv and x86 tell where the image is in physical memory.
#[test]
fn segments_may_have_addresses_of_the_linear_map() {
    let core = Core::of(&Vmlinux::new());
    let physical = core.place.1;
    let distance = core.place.0 - physical;
    let base = physical.wrapping_sub(core.place.0 - 0xffff_ffff_8000_0000) as i64;
    for line in [
        format!("NUMBER(kimage_voffset)=0x{distance:x}\n"),
        format!("NUMBER(va_kernel_pa_offset)=0x{distance:x}\n"),
        format!("NUMBER(phys_base)={base}\n"),
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
fn dumps_that_do_not_tell_enough_are_refused() {
    let core = Core::of(&Vmlinux::new());
    let with_note = |from: &str, to: &str| {
        let mut core = core.clone();
        core.note = core.note.replace(from, to);
        core.file()
    };
    let mut no_note = core.file();
    let name = NOTE + 12;
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
            with_note("kallsyms_num_syms", "_stext"),
            "VMCOREINFO of the dump has no SYMBOL(kallsyms_num_syms)",
        ),
        (with_note("=ffffffff9", "=ffffffffa"), "is not in the dump"),
        (
            Core::of(&without).file(),
            "built without CONFIG_KALLMODSYMS",
        ),
        (
            core.file()[..MEMORY + 0x80].to_vec(),
            "no tables of kallsyms are found",
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
