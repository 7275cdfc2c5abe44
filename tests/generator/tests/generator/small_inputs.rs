// SPDX-License-Identifier: GPL-2.0

//! Damages the small inputs: the output of nm, the `.cmd` files, auto.conf and modules.builtin. Two tests also change
//! a link map.

use std::fs;
use std::os::unix::fs::symlink;

use crate::build::{Build, ONE_VERSION_OF_EACH};
use crate::damaged::{check_tables, link, not_utf8, replaced, Damaged};
use crate::sort_symbols::{lines, sort_symbols};

const COMMAND: &str = "drivers/sw/.mac.o.cmd";
const OBJECT: &str = "crypto/sum.o";

/// Runs `sort-symbols` on `syms`, an output of nm. Returns its output, or its error message.
#[track_caller]
fn sorted(build: &Build, syms: impl AsRef<[u8]>) -> Result<Vec<u8>, String> {
    build.write("vmlinux1.syms", syms);
    let output = sort_symbols(build).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    if output.status.success() {
        assert_eq!(message, "");
        return Ok(output.stdout);
    }
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert_eq!(output.stdout, b"", "{message}");
    assert_eq!(message.lines().count(), 2, "{message}");
    assert!(message.len() < 2000, "{message}");
    Err(message)
}

/// The generator must detect a cut before the quote that ends the value of `-DKBUILD_MODFILE=`.
#[test]
fn a_command_cut_at_each_byte() {
    let damaged = Damaged::of("gnu-objects");
    let command = damaged.build.read(COMMAND);
    let files_end = command.find("not-built-in\"").unwrap() + "not-built-in\"".len();
    for at in 0..command.len() {
        let refused = damaged.detects(COMMAND, &command[..at], &format!("cut at byte {at}"));
        assert_eq!(refused, at < files_end, "cut at byte {at}");
    }
}

#[test]
fn a_command_file_that_is_a_symbolic_link_to_itself() {
    let build = Build::of("gnu-objects");
    fs::remove_file(build.path(COMMAND)).unwrap();
    symlink(build.path(COMMAND), build.path(COMMAND)).unwrap();
    build.assert_unattributed(&[COMMAND, "Too many levels"]);
}

#[test]
fn commands_and_settings_with_cr_lf_line_ends() {
    for name in ONE_VERSION_OF_EACH {
        let damaged = Damaged::of(name);
        for file in [COMMAND, "include/config/auto.conf"] {
            let content = damaged.build.read(file).replace('\n', "\r\n");
            damaged.detects(file, content, "with CR LF");
        }
    }
}

#[test]
fn small_inputs_with_a_line_of_a_megabyte() {
    let long = "x".repeat(1 << 20);
    let damaged = Damaged::of("gnu-vmlinux_o");
    let append = |file: &str, line: &str| {
        let content = damaged.build.read(file) + line + "\n";
        damaged.detects(file, content, "with a line of a megabyte")
    };
    assert!(append("modules.builtin", &long));
    // No object is in these modules.
    assert!(!append("modules.builtin", &format!("kernel/{long}.ko")));
    assert!(!append(
        "modules.builtin",
        &format!("kernel/{}.ko", "a/".repeat(1 << 19))
    ));
    // The generator may read such a line as the name of an empty section, or report the line.
    append("vmlinux.o.map", &long);
    append("vmlinux.o.map", &format!(" {long} 0x0 twelve"));
    assert!(!append(
        "include/config/auto.conf",
        &format!("CONFIG_{long}=y")
    ));
    assert!(!append(COMMAND, &long));
}

/// The generator must find the `.cmd` file of an object whose path is not UTF-8.
#[test]
fn an_object_with_a_path_that_is_not_utf_8() {
    let build = Build::of("gnu-objects");
    let whole = link(&build).unwrap();
    let map = fs::read(build.path("vmlinux1.map")).unwrap();
    let other = replaced(&map, OBJECT.as_bytes(), b"crypto/s\xfe\xff.o");
    assert_ne!(other, map);
    build.write("vmlinux1.map", other);
    build.assert_unattributed(&["object crypto/s\\xfe\\xff.o: "]);
    // Renames the object and its .cmd file to the path in the map.
    for (from, to) in [
        ("sum.o", &b"s\xfe\xff.o"[..]),
        (".sum.o.cmd", b".s\xfe\xff.o.cmd"),
    ] {
        let to = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(to);
        fs::rename(
            build.path(&format!("crypto/{from}")),
            build.path("crypto").join(to),
        )
        .unwrap();
    }
    check_tables(&build, &whole);
}

#[test]
fn the_output_of_nm_cut_at_each_byte() {
    let build = Build::of("gnu-objects");
    let syms = lines(&build, true);
    for at in 1..syms.len() {
        match sorted(&build, &syms[..at]) {
            // The cut is at the end of a line.
            Ok(sorted) => assert!(syms.as_bytes().starts_with(&sorted), "{at}"),
            Err(message) => assert!(message.contains("vmlinux1.syms:"), "{message}"),
        }
    }
}

#[test]
fn the_output_of_nm_with_cr_lf_line_ends() {
    let build = Build::of("gnu-objects");
    let syms = lines(&build, true);
    match sorted(&build, syms.replace('\n', "\r\n")) {
        Ok(sorted) => assert_eq!(String::from_utf8(sorted).unwrap(), syms),
        Err(message) => assert!(message.contains("vmlinux1.syms:1: "), "{message}"),
    }
}

#[test]
fn the_output_of_nm_with_a_line_of_a_megabyte() {
    let build = Build::of("gnu-objects");
    let syms = lines(&build, true);
    for line in [
        "x".repeat(1 << 20),
        format!("ffffffff81000000 t {}", "x".repeat(1 << 20)),
    ] {
        let message = sorted(&build, line + "\n" + &syms).unwrap_err();
        assert!(message.contains("vmlinux1.syms:1: "), "{message}");
    }
}

/// nm prints names of any length and any bytes. Only scripts/kallsyms leaves out names of 512 bytes and more.
#[test]
fn the_output_of_nm_with_long_names_and_names_that_are_not_utf_8() {
    for length in [511, 512, 5000, 1 << 20] {
        let build = Build::of("gnu-objects");
        let long = "n".repeat(length);
        build.add_symbol(&format!(
            "ffffffff81000048 l     F .text\t0000000000000004 {long}"
        ));
        let syms = lines(&build, true);
        assert!(syms.contains(&format!("{long}\n")));
        assert_eq!(sorted(&build, &syms), Ok(syms.into_bytes()), "{length}");
    }

    let build = Build::of("gnu-objects");
    let syms = lines(&build, true);
    let image = fs::read(build.path("vmlinux1")).unwrap();
    build.write("vmlinux1", not_utf8(&image));
    assert_ne!(not_utf8(syms.as_bytes()), syms.as_bytes());
    assert_eq!(
        sorted(&build, not_utf8(syms.as_bytes())),
        Ok(not_utf8(syms.as_bytes()))
    );
}
