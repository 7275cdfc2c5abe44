// SPDX-License-Identifier: GPL-2.0

//! Makes a synthetic build directory of any size: the inputs of the generator for a kernel with many
//! ranges. Each range has one function. Adjacent ranges have different modules.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

/// The name of the image, which the only pass of the link makes.
pub(crate) const STEM: &str = "vmlinux1";

/// The number of objects. Each object has many ranges. The first object is in no module. Each later object
/// is in a module of its own.
const OBJECTS: usize = 100;

const BASE: u64 = 0xffff_ffff_8100_0000;

/// The bytes of a function and its padding.
const STEP: u64 = 16;

/// Makes the build directory of a kernel with `ranges` ranges in `directory`.
pub(crate) fn make(directory: &Path, ranges: usize) -> io::Result<()> {
    let write = |name: &str, content: &[u8]| fs::write(directory.join(name), content);
    fs::create_dir_all(directory.join("include/config"))?;
    fs::create_dir_all(directory.join("drivers"))?;
    write("include/config/auto.conf", b"CONFIG_KALLMODSYMS_SIZES=y\n")?;
    let mut builtin = String::new();
    for object in 0..OBJECTS {
        let command = format!(
            "savedcmd_drivers/m{object}.o := gcc -DKBUILD_MODFILE='\"drivers/m{object}\"' -c\n"
        );
        write(&format!("drivers/.m{object}.o.cmd"), command.as_bytes())?;
        write(&format!("drivers/m{object}.o"), &image(0))?;
        if object != 0 {
            builtin += &format!("kernel/drivers/m{object}.ko\n");
        }
    }
    write("modules.builtin", builtin.as_bytes())?;
    write(&format!("{STEM}.syms"), b"not empty\n")?;
    write(&format!("{STEM}.map"), map(ranges).as_bytes())?;
    write(&format!("{STEM}.kallsyms.S"), kallsyms(ranges).as_bytes())?;
    write(STEM, &image(ranges))
}

fn address(range: usize) -> u64 {
    BASE + STEP * range as u64
}

/// The size of the function of a range. The sizes differ, so that the size tables are not empty.
fn size(range: usize) -> u64 {
    STEP - range as u64 % 7
}

/// The link map, in the form of GNU ld.
fn map(ranges: usize) -> String {
    let mut map = String::from("\nLinker script and memory map\n\n");
    let size_of_all = STEP * ranges as u64;
    writeln!(map, ".text           {BASE:#018x} {size_of_all:#10x}").unwrap();
    writeln!(map, "{:16}{BASE:#018x}{:16}_text = .", "", "").unwrap();
    for range in 0..ranges {
        let (address, object) = (address(range), range % OBJECTS);
        writeln!(
            map,
            " .text          {address:#018x} {STEP:#10x} drivers/m{object}.o"
        )
        .unwrap();
        writeln!(map, "{:16}{address:#018x}{:16}function_{range}", "", "").unwrap();
    }
    map + "OUTPUT(vmlinux elf64-x86-64)\n"
}

/// The part of the output of scripts/kallsyms that the generator reads.
fn kallsyms(ranges: usize) -> String {
    let mut text = String::from("kallsyms_offsets:\n");
    for range in 0..ranges {
        let offset = !(STEP * range as u64) as u32;
        writeln!(text, "\t.long\t{offset:#x}\t/* tfunction_{range} */").unwrap();
    }
    text + "\n"
}

/// An ELF file with a symbol for each function. As in a linked kernel, the symbols are not sorted by address.
fn image(ranges: usize) -> Vec<u8> {
    let (mut symbols, mut strings) = (vec![0; 24], vec![0]);
    for index in 0..ranges {
        let range = (index * 7919) % ranges;
        symbols.extend((strings.len() as u32).to_le_bytes());
        // A local function, in the first section.
        symbols.extend([2, 0, 1, 0]);
        symbols.extend(address(range).to_le_bytes());
        symbols.extend(size(range).to_le_bytes());
        strings.extend(format!("function_{range}\0").bytes());
    }
    let names = b"\0.text\0.symtab\0.strtab\0.shstrtab\0";
    let mut image = vec![0; 64];
    let mut headers = vec![0; 64];
    let mut section = |name: u32, kind: u32, address: u64, content: &[u8], size: u64, link: u32| {
        headers.extend([name.to_le_bytes(), kind.to_le_bytes()].concat());
        for word in [0, address, image.len() as u64, size] {
            headers.extend(word.to_le_bytes());
        }
        headers.extend([link.to_le_bytes(), 1_u32.to_le_bytes()].concat());
        headers.extend([1_u64.to_le_bytes(), 24_u64.to_le_bytes()].concat());
        image.extend(content);
    };
    section(1, 8, BASE, &[], STEP * ranges as u64, 0);
    section(7, 2, 0, &symbols, symbols.len() as u64, 3);
    section(15, 3, 0, &strings, strings.len() as u64, 0);
    section(23, 3, 0, names, names.len() as u64, 0);
    let headers_at = image.len() as u64;
    image.extend(headers);
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"\x7fELF\x02\x01\x01");
    put(40, &headers_at.to_le_bytes());
    // The size of a section header, the number of sections, and the index of the section with their names.
    put(58, &[64, 0, 5, 0, 4, 0]);
    image
}
