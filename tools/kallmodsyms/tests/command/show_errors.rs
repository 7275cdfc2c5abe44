// SPDX-License-Identifier: GPL-2.0

//! Tests the errors of `kallmodsyms show`.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::kernel::{elf_of, tokens, words, Vmlinux};
use crate::show::{Place, LINES};
use crate::vmlinuz::{compressed, vmlinuz};

#[test]
fn each_unreadable_file_has_an_error_with_a_remedy() {
    let good = Vmlinux::new().to_elf();
    let without = Vmlinux {
        has_modules: false,
        ..Vmlinux::new()
    };
    let stripped = Vmlinux {
        is_stripped: true,
        ..without.clone()
    };
    let unknown_base = Vmlinux {
        is_stripped: true,
        ..Vmlinux::unrelocated().with_stext()
    };
    let mut big_endian = good.clone();
    big_endian[5] = 2;
    let mut truncated = good.clone();
    truncated.truncate(good.len() / 2);
    let no_kernel = Vmlinux {
        symbols: Vec::new(),
        ..stripped.clone()
    };
    let mut old = vmlinuz(&good);
    old[0x206..0x208].copy_from_slice(&[1, 2]);
    let mut larger = compressed("gzip", &good).unwrap();
    larger
        .last_chunk_mut::<4>()
        .unwrap()
        .copy_from_slice(&8_u32.to_le_bytes());
    let mut broken = vmlinuz(b"\x1f\x8b\x08 and no more");
    for (file, problem) in [
        (without.to_elf(), "built without CONFIG_KALLMODSYMS"),
        (stripped.to_elf(), "built without CONFIG_KALLMODSYMS"),
        (no_kernel.to_elf(), "there is no symbol table"),
        (unknown_base.to_elf(), "the base of its addresses"),
        (big_endian, "not a 64-bit little endian ELF file"),
        (truncated, "cut short"),
        (good[..32].to_vec(), "the file is cut short"),
        (broken.clone(), "(gzip) does not decompress"),
        (vmlinuz(&larger), "longer than the length in the file"),
        (old, "does not tell where the kernel is"),
        (vmlinuz(b"something else"), "a way that is not known"),
        (vmlinuz(&good[..0]), "a way that is not known"),
        (
            {
                broken.truncate(1030);
                broken
            },
            "the file is cut short",
        ),
    ] {
        let place = Place::with(&file);
        let assert = place.command(&["show", "vmlinux"]).assert();
        let says = contains(problem)
            .and(contains("kallmodsyms: vmlinux: "))
            .and(contains("\n  "));
        assert.code(1).stdout("").stderr(says);
    }
}

/// Opening a pipe without a writer would wait forever, and a read of /dev/zero would not end.
#[test]
fn only_regular_files_are_opened() {
    let place = Place::with(b"");
    let pipe = place.directory().join("pipe");
    let made = Command::new("mkfifo").arg(pipe).status().unwrap();
    assert!(made.success());
    for file in ["pipe", "/dev/zero"] {
        for arguments in [&["show", file][..], &["lookup", file, "0"]] {
            let mut command = place.command(arguments);
            let assert = command.timeout(Duration::from_secs(60)).assert();
            let says =
                contains("this is not a regular file").and(contains("Give a build directory"));
            assert.code(1).stdout("").stderr(says);
        }
    }
}

/// The file has a terabyte behind the vmlinuz. show reads only the bytes that the header counts.
#[test]
fn bytes_behind_a_vmlinuz_are_not_read() {
    let place = Place::with(&vmlinuz(&Vmlinux::new().to_elf()));
    let path = place.directory().join("vmlinux");
    let file = File::options().append(true).open(path).unwrap();
    file.set_len(1 << 40).unwrap();
    let mut command = place.command(&["show", "vmlinux"]);
    command.timeout(Duration::from_secs(60));
    command.assert().success().stdout(LINES);
}

/// A vmlinux whose table `table` begins with `bytes`.
fn damaged(table: &str, bytes: &[u8]) -> Vec<u8> {
    use object::{Object, ObjectSection, ObjectSymbol};
    let mut file = Vmlinux::new().to_elf();
    let parsed = object::File::parse(&*file).unwrap();
    let address = parsed.symbol_by_name(table).unwrap().address();
    let section = parsed.section_by_name(".rodata").unwrap();
    let start = section.file_range().unwrap().0 + address - section.address();
    let start = usize::try_from(start).unwrap();
    file[start..start + bytes.len()].copy_from_slice(bytes);
    file
}

#[test]
fn damaged_tables_are_refused() {
    for (table, bytes, problem) in [
        (
            "kallsyms_num_syms",
            &[12][..],
            "tables of kallsyms are damaged",
        ),
        ("kallsyms_num_syms", &[255; 4], "is not in the image"),
        ("kallsyms_names", &[0], "bad name entry of symbol 0"),
        ("kallsyms_markers", &[1], "marker 0"),
        ("kallsyms_token_index", &[255; 2], "token 0"),
        ("kallsyms_num_modules", &[255; 4], "is not in the image"),
        (
            "kallsyms_module_offsets",
            &[255; 4],
            "the module tables are damaged: row 1",
        ),
        (
            "kallsyms_modules",
            &[200],
            "the module tables are damaged: row 0",
        ),
        ("kallsyms_module_names", &[1], "leading zero"),
        (
            "kallsyms_size_counts",
            &[3],
            "the size tables are damaged: level 2",
        ),
        (
            "kallsyms_size_nibbles",
            &[0],
            "the size tables are damaged: level 3",
        ),
    ] {
        let place = Place::with(&damaged(table, bytes));
        let problem = problem.replace("leading zero", "do not begin with a zero byte");
        let says = contains(problem).and(contains("damaged, or cut short"));
        place
            .command(&["show", "vmlinux"])
            .assert()
            .code(1)
            .stdout("")
            .stderr(says);
    }
}

/// Read-only data that begins with a million equal words. Almost every word can be the number of symbols: if the
/// bytes after it are read as names, all markers but the last fit these names.
fn many_possible_tables() -> Vec<u8> {
    const SYMBOLS: u64 = 1 << 18;
    let mut rodata = SYMBOLS.to_le_bytes().repeat(1 << 20);
    let (mut at, mut markers) = (8, Vec::new());
    for symbol in 0..SYMBOLS {
        if symbol % 256 == 0 {
            markers.push(at as u32 - 8);
        }
        at += 1 + usize::from(rodata[at]);
    }
    *markers.last_mut().unwrap() += 1;
    rodata.extend(words(&markers));
    rodata.extend(tokens().concat());
    rodata
}

#[test]
fn the_search_for_tables_ends_in_data_full_of_possible_tables() {
    for rodata in [many_possible_tables(), tokens().concat().repeat(1 << 15)] {
        let place = Place::with(&elf_of(rodata, None));
        let mut command = place.command(&["show", "vmlinux"]);
        let assert = command.timeout(Duration::from_secs(600)).assert();
        let says = contains("no tables of kallsyms are found");
        assert.code(1).stdout("").stderr(says);
    }
}

#[test]
fn a_closed_pipe_is_no_error_but_a_full_disk_is() {
    let place = Place::with(&Vmlinux::new().to_elf());
    let mut command = Command::new(env!("CARGO_BIN_EXE_kallmodsyms"));
    command
        .args(["show", "vmlinux"])
        .current_dir(place.directory());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );

    if Path::new("/dev/full").exists() {
        let full = std::fs::File::create("/dev/full").unwrap();
        let output = command.stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let says = String::from_utf8(output.stderr).unwrap();
        assert!(says.contains("standard output: No space left"), "{says}");
    }
}
