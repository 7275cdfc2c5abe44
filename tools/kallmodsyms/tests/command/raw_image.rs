// SPDX-License-Identifier: GPL-2.0

//! Tests an Image of arm64 or riscv: uncompressed, compressed, and in a vmlinuz.efi.

use crate::kernel::{Vmlinux, TEXT};
use crate::show::{Place, LINES};
use crate::vmlinuz::{compressed, refused, PROGRAMS};

/// The number of bytes before the read-only data.
const HEAD: usize = 0x1000;

/// The type of a relative relocation of arm64.
const RELATIVE: u64 = 0x403;

/// The offset and the magic number of each header.
const ARM64: (usize, &[u8]) = (0x38, b"ARM\x64");
const RISCV: (usize, &[u8]) = (0x30, b"RISCV\0\0\0RSC\x05");

/// An Image with the tables of `vmlinux`. The address of its first byte is `start`.
fn image(vmlinux: &Vmlinux, header: (usize, &[u8]), start: u64) -> Vec<u8> {
    let mut image = vec![0; HEAD];
    let (place, magic) = header;
    image[place..place + magic.len()].copy_from_slice(magic);
    image.extend(vmlinux.rodata(start + HEAD as u64).0);
    image
}

pub(crate) fn arm64_image(vmlinux: &Vmlinux) -> Vec<u8> {
    image(vmlinux, ARM64, TEXT)
}

/// The vmlinuz.efi with this payload, in the compression `form`.
pub(crate) fn zboot(form: &str, payload: &[u8]) -> Vec<u8> {
    let mut file = vec![0; 0x100];
    file[..2].copy_from_slice(b"MZ");
    file[4..8].copy_from_slice(b"zimg");
    file[8..12].copy_from_slice(&0x100_u32.to_le_bytes());
    file[12..16].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    file[0x18..0x18 + form.len()].copy_from_slice(form.as_bytes());
    file.extend(payload);
    file.extend(b"size, and the program");
    file
}

/// The lines of an Image. It has no symbols of the per-cpu area.
pub(crate) fn image_lines() -> String {
    LINES.split_inclusive('\n').skip(3).collect()
}

fn shown(image: &[u8], arguments: &[&str]) -> String {
    Place::with(image).output(&[&["show", "vmlinux"], arguments].concat())
}

#[test]
fn an_image_of_arm64_has_the_lines_of_its_vmlinux() {
    for vmlinux in [Vmlinux::unrelocated(), Vmlinux::relative()] {
        let image = arm64_image(&vmlinux);
        assert_eq!(shown(&image, &[]), image_lines());
        let moved = image_lines().replace("ffffffff810", "ffffffff912");
        assert_eq!(shown(&image, &["--offset=0x10200000"]), moved);
    }
}

/// An Image of riscv does not contain the distance from its first byte to `_text`.
#[test]
fn an_image_of_riscv_starts_before_text() {
    for mut vmlinux in [Vmlinux::unrelocated(), Vmlinux::relative()] {
        vmlinux.add_start();
        let image = image(&vmlinux, RISCV, TEXT - 0x1000);
        let lines = "ffffffff80fff000 40 T _start\n".to_owned() + &image_lines();
        assert_eq!(shown(&image, &[]), lines);
        let moved = lines.replace("ffffffff80f", "ffffffff911");
        let moved = moved.replace("ffffffff810", "ffffffff912");
        assert_eq!(shown(&image, &["--offset=0x10200000"]), moved);
    }
}

/// Without `KALLSYMS_ALL`, kallsyms of arm64 does not list `_text`. In the form of Linux 7.3, the first byte of
/// the Image is at `_text`. In the form of Linux 6.12, only the relocation of `kallsyms_relative_base` has the
/// base of the addresses.
#[test]
fn an_image_without_the_symbol_text() {
    let lines = image_lines().replace("_text", "_stext");
    let relative = Vmlinux::relative().with_stext();
    assert_eq!(shown(&arm64_image(&relative), &[]), lines);

    let vmlinux = Vmlinux::unrelocated().with_stext();
    let mut image = arm64_image(&vmlinux);
    let place = Place::with(&image);
    let problem = "the base of its addresses is not known";
    refused(place.command(&["show", "vmlinux"]), problem);
    let (_, places) = vmlinux.rodata(TEXT + HEAD as u64);
    let mut places = places.into_iter();
    let (_, base) = places
        .find(|(name, _)| *name == "kallsyms_relative_base")
        .unwrap();
    for word in [base - 8, RELATIVE, TEXT + 0x10, base, RELATIVE, TEXT] {
        image.extend(word.to_le_bytes());
    }
    assert_eq!(shown(&image, &[]), lines);
    let moved = lines.replace("ffffffff810", "ffffffff912");
    assert_eq!(shown(&image, &["--offset=0x10200000"]), moved);
    // A base outside of the image is not used.
    image.truncate(image.len() - 8);
    image.extend(0x1000_u64.to_le_bytes());
    let place = Place::with(&image);
    refused(place.command(&["show", "vmlinux"]), problem);
    // The first byte of an Image is at _text only for arm64.
    let relative = self::image(&relative, RISCV, TEXT);
    refused(
        Place::with(&relative).command(&["show", "vmlinux"]),
        problem,
    );
}

#[test]
fn an_image_may_be_compressed_or_in_an_efi_program() {
    let image = arm64_image(&Vmlinux::unrelocated());
    let mut tried = 0;
    for program in PROGRAMS {
        let Some(compressed) = compressed(program, &image) else {
            continue;
        };
        assert_eq!(shown(&compressed, &[]), image_lines(), "{program}");
        let program = zboot(program, &compressed);
        assert_eq!(shown(&program, &[]), image_lines());
        tried += 1;
    }
    assert!(tried > 0, "no program for compression is installed");
    for (file, problem) in [
        (zboot("new", b"something"), "a way that is not known: 'new'"),
        (
            zboot("gzip", b"\x1f\x8b\x08 and no more"),
            "(gzip) does not decompress",
        ),
        (zboot("gzip", b"")[..0x80].to_vec(), "the file is cut short"),
        (zboot("gzip", b"")[..9].to_vec(), "the file is cut short"),
        (
            zboot("gzip", &compressed("gzip", b"text").unwrap()),
            "neither a kernel nor",
        ),
    ] {
        refused(Place::with(&file).command(&["show", "vmlinux"]), problem);
    }
}

#[test]
fn an_image_without_the_option_is_refused() {
    let without = Vmlinux {
        has_modules: false,
        ..Vmlinux::unrelocated()
    };
    let no_kernel = Vmlinux {
        symbols: Vec::new(),
        ..without.clone()
    };
    let whole = arm64_image(&Vmlinux::unrelocated());
    for (image, problem) in [
        (
            arm64_image(&without),
            "this kernel was built without CONFIG_KALLMODSYMS",
        ),
        (
            image(&without, RISCV, TEXT),
            "this kernel was built without CONFIG_KALLMODSYMS",
        ),
        (arm64_image(&no_kernel), "no tables of kallsyms are found"),
        (
            whole[..whole.len() / 2].to_vec(),
            "no tables of kallsyms are found",
        ),
        (whole[..whole.len() - 0x80].to_vec(), "is not in the image"),
    ] {
        let place = Place::with(&image);
        for command in [&["show", "vmlinux"][..], &["lookup", "vmlinux", "startup"]] {
            refused(place.command(command), problem);
        }
    }
}
