// SPDX-License-Identifier: GPL-2.0

//! Checks the errors that end the link. The generator must return exit code 1 and print nothing to standard
//! output. Its message must name the file and a remedy. A wrong command line must give exit code 2.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::build::{Build, LINKS};
use assert_cmd::Command;
use predicates::str::contains;

/// Runs the generator in `build`, and checks that it fails with a message that contains all `words`.
#[track_caller]
fn fails(build: &Build, words: &[&str]) {
    let mut assert = build.generator().assert().code(1).stdout("");
    for word in words {
        assert = assert.stderr(contains(*word));
    }
    let message = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(
        message.lines().count() == 2 && message.lines().all(|line| line.len() > 20),
        "no remedy: {message}"
    );
    assert!(
        !build.path("modules_thick.builtin").exists(),
        "a file was written in spite of the failure"
    );
}

#[test]
fn a_map_that_is_cut_short() {
    for link in LINKS {
        let map = Build::of(link).read("vmlinux1.map");
        // GNU ld 2.47 writes another line behind the line OUTPUT(...).
        let end = map.find("OUTPUT(").map(|end| end + 1);
        let end = end.unwrap_or(map.trim_end().len() - 1);
        for at in [0, 1, map.len() / 2, end] {
            let build = Build::of(link);
            build.write("vmlinux1.map", map.get(..at).unwrap());
            fails(&build, &["vmlinux1.map", "build again"]);
        }
    }
}

#[test]
fn maps_of_two_links() {
    for (outer, inner) in [
        ("gnu-objects", "gnu-vmlinux_o"),
        ("lld-objects", "lld-vmlinux_o"),
    ] {
        let (build, other) = (Build::of(inner), Build::of(outer));
        // The sections in the map of the image have other sizes than the sections of vmlinux.o.
        build.write("vmlinux.o.map", other.read("vmlinux1.map"));
        fails(&build, &["vmlinux.o.map", "another link"]);

        // The map of a link with a smaller .text section.
        let build = Build::of(outer);
        let map = build.read("vmlinux1.map");
        let is_text = |line: &&str| {
            let mut words = line.split_ascii_whitespace();
            words.next() == Some(".text") || words.next_back() == Some(".text")
        };
        let line = map.lines().find(is_text).unwrap();
        let size = line.split_ascii_whitespace().nth(2).unwrap();
        let other = format!(" {}0 ", size.get(..size.len() - 1).unwrap());
        let other = format!("{line} ").replace(&format!(" {size} "), &other);
        assert_ne!(other.trim_end(), line);
        build.edit("vmlinux1.map", line, other.trim_end());
        fails(&build, &["vmlinux1.map", "another link", "section .text"]);
    }
}

#[test]
fn a_map_in_another_language() {
    let build = Build::of("gnu-objects");
    build.edit(
        "vmlinux1.map",
        "Linker script and memory map",
        "Script et carte",
    );
    fails(&build, &["vmlinux1.map", "English", "GNU ld or LLD"]);
}

#[test]
fn a_missing_input() {
    for file in [
        "vmlinux1",
        "vmlinux1.map",
        "vmlinux1.syms",
        "vmlinux1.kallsyms.S",
        "vmlinux.o.map",
        "modules.builtin",
        "include/config/auto.conf",
    ] {
        let build = Build::of("gnu-vmlinux_o");
        fs::remove_file(build.path(file)).unwrap();
        fails(&build, &[file]);
    }
}

#[test]
fn a_listed_symbol_that_the_image_lacks() {
    let build = Build::of("gnu-objects");
    build.edit("vmlinux1.kallsyms.S", "tcore_main ", "tcore_niam ");
    fails(&build, &["vmlinux1", "core_niam", "not found"]);
}

#[test]
fn a_listed_row_with_a_wrong_address_or_form() {
    for (from, to, problem) in [
        // No symbol core_main has this address.
        (
            "0xffffffbf\t/* tcore_main",
            "0xffffffbe\t/* tcore_main",
            "not found",
        ),
        (
            "0xffffffbf\t/* tcore_main */",
            "0xffffffbf\t/* tcore_main",
            "unknown form",
        ),
        (
            "0xffffffbf\t/* tcore_main",
            "-65\t/* tcore_main",
            "unknown form",
        ),
    ] {
        let build = Build::of("gnu-objects");
        build.edit("vmlinux1.kallsyms.S", from, to);
        fails(&build, &["vmlinux1", problem]);
    }
}

#[test]
fn an_output_of_kallsyms_without_offsets() {
    let build = Build::of("gnu-objects");
    build.edit(
        "vmlinux1.kallsyms.S",
        "kallsyms_offsets:",
        "kallsyms_addresses:",
    );
    fails(&build, &["vmlinux1.kallsyms.S", "kallsyms_offsets"]);
}

#[test]
fn an_image_that_is_not_an_elf_file() {
    let build = Build::of("gnu-objects");
    build.write("vmlinux1", b"\x7fELF\x01\x01");
    fails(&build, &["vmlinux1"]);
}

#[test]
fn a_map_without_the_symbol_text() {
    let build = Build::of("gnu-objects");
    build.edit("vmlinux1.map", "_text = .", "_txet = .");
    fails(&build, &["vmlinux1.map", "_text"]);
}

#[test]
fn a_line_of_modules_builtin_without_the_prefix_kernel() {
    let build = Build::of("gnu-objects");
    build.write("modules.builtin", "kernel/a/b.ko\na/b.ko\n");
    fails(&build, &["modules.builtin:2", "kernel/PATH.ko"]);
}

#[test]
fn help_and_mistakes_on_the_command_line() {
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_kallmodsyms"))
            .args(arguments)
            .assert()
    };
    run(&["--help"]).success().stdout(contains("link STEM"));
    run(&["help"]).success().stdout(contains("Exit codes"));
    run(&["link", "--help"])
        .success()
        .stdout(contains("STEM.map"));
    for wrong in [
        &[][..],
        &["nothing"],
        &["link"],
        &["link", "a", "b"],
        &["link", "--fast"],
    ] {
        run(wrong)
            .code(2)
            .stdout("")
            .stderr(contains("kallmodsyms help"));
    }
}

#[test]
fn an_argument_that_is_not_utf_8() {
    Command::new(env!("CARGO_BIN_EXE_kallmodsyms"))
        .arg("link")
        .arg(OsStr::from_bytes(b"vmlinux\xff"))
        .assert()
        .code(2)
        .stdout("")
        .stderr(contains("an argument is not UTF-8: \"vmlinux\\xFF\""));
}

#[test]
fn damaged_line_of_spare_rooms_from_the_previous_pass() {
    let build = Build::of("gnu-objects");
    let line = |rooms: &str| format!("/* kallmodsyms rooms: {rooms} */\n");
    build.write("vmlinux0.kallsyms.S", line("kallsyms_size_words=0x1a8"));
    build.generator().assert().success();
    for file in ["modules_thick.builtin", ".tmp_vmlinux.ranges"] {
        fs::remove_file(build.path(file)).unwrap();
    }
    for rooms in [
        "kallsyms_size_words",
        "kallsyms_size_words=1a8",
        "a=0x1ffffffffffffffff",
    ] {
        build.write("vmlinux0.kallsyms.S", line(rooms));
        fails(
            &build,
            &["vmlinux0.kallsyms.S", "no rooms of tables", rooms],
        );
    }
    build.write(
        "vmlinux0.kallsyms.S",
        "/* kallmodsyms rooms: kallsyms_size_words=0x",
    );
    fails(&build, &["vmlinux0.kallsyms.S", "no rooms of tables"]);
}

/// The offset of the first section header of this `kind` in an ELF file.
pub(crate) fn header_of(elf: &[u8], kind: u32) -> usize {
    let table = u64::from_le_bytes(elf[40..48].try_into().unwrap()) as usize;
    let headers = (table..elf.len()).step_by(64);
    let mut of_kind = headers.filter(|at| elf[at + 4..at + 8] == kind.to_le_bytes());
    of_kind.next().unwrap()
}

#[test]
fn names_and_section_indexes_outside_of_the_image() {
    const SYMBOLS: u32 = 2;
    let build = Build::of("gnu-objects");
    let image = fs::read(build.path("vmlinux1")).unwrap();

    let mut damaged = image.clone();
    let section = header_of(&image, SYMBOLS);
    damaged[section..section + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    build.write("vmlinux1", &damaged);
    fails(&build, &["vmlinux1", "a section has no name"]);

    let at = |field: usize| {
        let bytes = &image[section + field..section + field + 8];
        u64::from_le_bytes(bytes.try_into().unwrap()) as usize
    };
    let (offset, size) = (at(24), at(32));
    let mut damaged = image.clone();
    damaged[offset + size - 24..offset + size - 20].copy_from_slice(&u32::MAX.to_le_bytes());
    build.write("vmlinux1", &damaged);
    fails(
        &build,
        &["vmlinux1", "a symbol has no name in the table of strings"],
    );

    // SHN_XINDEX: the section index is in the table SHT_SYMTAB_SHNDX, which the image lacks.
    let mut damaged = image.clone();
    damaged[offset + size - 18..offset + size - 16].copy_from_slice(&u16::MAX.to_le_bytes());
    build.write("vmlinux1", &damaged);
    fails(&build, &["vmlinux1", "bad symbol table"]);
}
