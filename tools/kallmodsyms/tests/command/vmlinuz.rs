// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms show` of a vmlinuz, as each of the kernel's ways to compress makes it.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::kernel::Vmlinux;
use crate::show::{Place, LINES};

/// The header of a vmlinuz, and a payload.
pub(crate) fn vmlinuz(payload: &[u8]) -> Vec<u8> {
    let mut file = vec![0; 1024 + 16];
    file[0x1f1] = 1;
    file[0x1fe..0x200].copy_from_slice(b"\x55\xaa");
    file[0x202..0x206].copy_from_slice(b"HdrS");
    file[0x206..0x208].copy_from_slice(&0x20f_u16.to_le_bytes());
    file[0x248..0x24c].copy_from_slice(&16_u32.to_le_bytes());
    file[0x24c..0x250].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    file.extend(payload);
    file.extend(b"relocations");
    file
}

/// What `program` makes of `data`; `None` if it is not installed.
pub(crate) fn compressed(program: &str, data: &[u8]) -> Option<Vec<u8>> {
    // As the kernel's scripts/Makefile.lib has them: lz4's older form, a window of 128 MiB, and branches of
    // x86 apart.
    let arguments: &[&str] = match program {
        "lz4" => &["-l", "-9"],
        "zstd" => &["-22", "--ultra"],
        "xz" => &["--check=crc32", "--x86", "--lzma2=dict=32MiB"],
        _ => &["-9"],
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg("-c")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().ok()?;
    child.stdin.take().unwrap().write_all(data).unwrap();
    Some(child.wait_with_output().unwrap().stdout)
}

#[test]
fn a_vmlinuz_has_a_stripped_vmlinux_inside() {
    let vmlinux = Vmlinux {
        is_stripped: true,
        ..Vmlinux::new()
    };
    let elf = vmlinux.to_elf();
    let plain = Place::with(&vmlinuz(&elf));
    assert_eq!(plain.output(&["show", "vmlinux"]), LINES);
    let mut tried = 0;
    for program in ["gzip", "zstd", "xz", "lzma", "lz4", "bzip2", "lzop"] {
        let Some(mut payload) = compressed(program, &elf) else {
            continue;
        };
        if program != "gzip" {
            payload.extend((elf.len() as u32).to_le_bytes());
        }
        let place = Place::with(&vmlinuz(&payload));
        assert_eq!(place.output(&["show", "vmlinux"]), LINES, "{program}");
        tried += 1;
    }
    assert!(tried > 0, "there is not even gzip");
}
