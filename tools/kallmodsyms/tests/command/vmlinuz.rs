// SPDX-License-Identifier: GPL-2.0

//! Tests `kallmodsyms show` of a vmlinuz in each compression of the kernel, and of a compressed vmlinux.

use std::io::Write;
use std::process::{Command, Stdio};

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::kernel::Vmlinux;
use crate::show::{Place, LINES};

/// A vmlinuz with this payload.
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

/// The programs for the compressions that the kernel supports.
pub(crate) const PROGRAMS: [&str; 7] = ["gzip", "zstd", "xz", "lzma", "lz4", "bzip2", "lzop"];

/// The output of `program` for `data`. `None` if `program` is not installed.
pub(crate) fn compressed(program: &str, data: &[u8]) -> Option<Vec<u8>> {
    // Options like those of the kernel's scripts/Makefile.lib and xz_wrap.sh: the legacy format of lz4, the highest
    // level of zstd, and the x86 filter of xz, here with a smaller dictionary.
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
    for program in PROGRAMS {
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
    assert!(tried > 0, "no program for compression is installed");
}

#[test]
fn a_compressed_vmlinux_is_read() {
    let elf = Vmlinux::new().to_elf();
    for program in PROGRAMS {
        let Some(compressed) = compressed(program, &elf) else {
            continue;
        };
        let place = Place::with(&compressed);
        assert_eq!(place.output(&["show", "vmlinux"]), LINES, "{program}");
        // A compressed file can contain another compressed file.
        let inside = self::compressed("gzip", &compressed).unwrap();
        assert_eq!(Place::with(&inside).output(&["show", "vmlinux"]), LINES);
        let place = Place::with(&compressed[..compressed.len() / 2]);
        let shown = place.command(&["show", "vmlinux"]);
        refused(shown, "vmlinux: the kernel inside (");
    }
    let text = compressed("gzip", b"no kernel").unwrap();
    let place = Place::with(&text);
    refused(place.command(&["show", "vmlinux"]), "neither a kernel nor");
}

/// `lz4` writes the frame format without the option `-l`.
#[test]
fn the_frame_format_of_lz4_is_read() {
    let elf = Vmlinux::new().to_elf();
    let mut command = Command::new("lz4");
    command.args(["-c", "vmlinux"]).stdout(Stdio::piped());
    let place = Place::with(&elf);
    let Ok(output) = command.current_dir(place.directory()).output() else {
        return;
    };
    place.write("vmlinux.lz4", &output.stdout);
    assert_eq!(place.output(&["show", "vmlinux.lz4"]), LINES);
    let damaged = &output.stdout[..output.stdout.len() - 20];
    place.write("vmlinux.lz4", damaged);
    let shown = place.command(&["show", "vmlinux.lz4"]);
    refused(shown, "vmlinux.lz4: ");
}

/// Checks that `command` fails with this problem and a remedy, and prints nothing to standard output.
pub(crate) fn refused(mut command: assert_cmd::Command, problem: &str) {
    let says = contains(problem).and(contains("\n  "));
    command.assert().code(1).stdout("").stderr(says);
}
