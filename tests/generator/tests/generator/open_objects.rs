// SPDX-License-Identifier: GPL-2.0

//! Objects without known modules do not end the link: their symbols are shown in no module, never
//! in a wrong module, and the objects are reported.

use std::fs;

use crate::build::{only_these_are_in_none, Build, Tables, LINKS, UNATTRIBUTED};
use crate::errors::header_of;

const MAC: &str = "drivers/sw/.mac.o.cmd";

/// The symbols of drivers/sw/mac.o.
const OF_MAC: &[&str] = &["mac_set", "mac_table", "mac_percpu"];

/// kbuild leaves no command of an object that it copies from a prebuilt one (`mac.o_shipped`).
#[test]
fn an_object_without_a_command() {
    for link in LINKS {
        let build = Build::of(link);
        fs::remove_file(build.path(MAC)).unwrap();
        let tables = build.is_open(&["object drivers/sw/mac.o: ", MAC]);
        only_these_are_in_none(&build, &tables, link, OF_MAC);
    }
}

#[test]
fn a_command_that_tells_no_module() {
    for (command, problem) in [
        ("", "does not begin with savedcmd_"),
        (
            "savedcmd_drivers/sw/mac.o := gcc -DKBUILD_MODFILE='\"drivers/sw",
            "not ended",
        ),
        (
            "savedcmd_drivers/sw/mac.o := gcc -DKBUILD_OTHER='\"a\"' -c",
            "KBUILD_MODFILE",
        ),
        (
            "savedcmd_drivers/sw/mac.o := ld -r -b binary -o drivers/sw/mac.o fw.bin",
            "RUST_MODFILE",
        ),
        (
            "cmd_drivers/sw/mac.o := cat drivers/sw/mac.o_shipped > drivers/sw/mac.o",
            "KBUILD_MODFILE",
        ),
    ] {
        for link in LINKS {
            let build = Build::of(link);
            build.write(MAC, command);
            let tables = build.is_open(&["object drivers/sw/mac.o: ", MAC, problem]);
            only_these_are_in_none(&build, &tables, link, OF_MAC);
        }
    }

    let build = Build::of("gnu-objects");
    fs::remove_file(build.path(MAC)).unwrap();
    fs::create_dir(build.path(MAC)).unwrap();
    build.is_open(&["object drivers/sw/mac.o: ", MAC]);
}

/// kbuild leaves no command of an object that it copies from a prebuilt one, and one without a module
/// where a Makefile makes an object of the bytes of a file.
#[test]
fn prebuilt_objects_and_blobs() {
    for link in LINKS {
        let build = Build::of(link);
        fs::remove_file(build.path("drivers/fw/.prebuilt.o.cmd")).unwrap();
        build.write(
            "drivers/fw/.blob.o.cmd",
            "savedcmd_drivers/fw/blob.o := ld -m elf_x86_64 -r --format=binary \
             -o drivers/fw/blob.o drivers/fw/blob.bin\n",
        );
        let tables = build.is_open(&[
            "object drivers/fw/prebuilt.o: ",
            "object drivers/fw/blob.o: ",
        ]);
        let names = [
            "prebuilt_run",
            "prebuilt_data",
            "prebuilt_area",
            "_binary_drivers_fw_blob_bin_start",
            "_binary_drivers_fw_blob_bin_end",
        ];
        only_these_are_in_none(&build, &tables, link, &names);
    }
}

/// An object outside of kbuild's archives is made by the link, and in no module.
#[test]
fn objects_that_the_link_makes_need_no_command() {
    for (link, from, to) in [
        (
            "gnu-objects",
            "LOAD vmlinux.a\n",
            "LOAD vmlinux.a\nLOAD drivers/sw/mac.o\n",
        ),
        (
            "lld-objects",
            "vmlinux.a(drivers/sw/mac.o)",
            "drivers/sw/mac.o",
        ),
    ] {
        let build = Build::of(link);
        fs::remove_file(build.path(MAC)).unwrap();
        build.edit("vmlinux1.map", from, to);
        only_these_are_in_none(&build, &build.tables(), link, OF_MAC);
        assert!(!build.path(UNATTRIBUTED).exists());
    }
}

#[test]
fn a_module_name_that_the_loader_would_not_take() {
    for link in LINKS {
        let long = "x".repeat(56);
        let build = Build::of(link);
        build.edit("modules.builtin", "crypto/hash", &format!("crypto/{long}"));
        build.edit(
            "crypto/.hash.o.cmd",
            "crypto/hash\"",
            &format!("crypto/{long}\""),
        );
        let tables = build.is_open(&["object crypto/hash.o: ", &long, "module name"]);
        for (index, symbol) in build.listed().iter().enumerate() {
            let modules = tables.modules_of(index, symbol.address);
            assert!(
                symbol.name != "hash_block" || modules.is_empty(),
                "{modules:?}"
            );
        }
        let fits = long.get(1..).unwrap();
        let build = Build::of(link);
        build.edit("modules.builtin", "crypto/hash", &format!("crypto/{fits}"));
        build.edit(
            "crypto/.hash.o.cmd",
            "crypto/hash\"",
            &format!("crypto/{fits}\""),
        );
        assert!(build
            .tables()
            .names()
            .windows(55)
            .any(|name| name == fits.as_bytes()));
    }
}

#[test]
fn more_modules_at_one_object_than_a_list_holds() {
    for (count, fits) in [(255, true), (256, false)] {
        let build = Build::of("gnu-objects");
        let files: Vec<String> = (0..count).map(|n| format!("m/m{n:03}")).collect();
        let modules: Vec<String> = files
            .iter()
            .map(|file| format!("kernel/{file}.ko\n"))
            .collect();
        build.write("modules.builtin", modules.concat());
        build.edit(MAC, "drivers/net/eth drivers/sw/sw-itch", &files.join(" "));
        match fits {
            true => assert!(build.tables().names().starts_with(&[0, 0, 255])),
            false => drop(build.is_open(&["object drivers/sw/mac.o: ", "256", "255"])),
        }
    }
}

/// A file of the name of a member of an archive may be another object than the member.
#[test]
fn a_member_that_is_in_its_archive() {
    let build = Build::of("gnu-objects");
    let member = "drivers/sw/libsw.a(mac.o)";
    build.edit("vmlinux1.map", "drivers/sw/mac.o", member);
    let tables = build.is_open(&[&format!("object {member}: ")]);
    only_these_are_in_none(&build, &tables, "gnu-objects", OF_MAC);

    // LLD shows members of thin archives so, too.
    let build = Build::of("lld-objects");
    build.edit("vmlinux1.map", "vmlinux.a(drivers/sw/mac.o)", member);
    build.write("drivers/sw/libsw.a", "!<thin>\n");
    only_these_are_in_none(&build, &build.tables(), "lld-objects", &[]);
    build.write("drivers/sw/libsw.a", "!<arch>\n");
    let tables = build.is_open(&["object drivers/sw/mac.o: ", "not a thin archive"]);
    let whole = Build::of("lld-objects").tables();
    for (index, symbol) in build.listed().iter().enumerate() {
        let modules = tables.modules_of(index, symbol.address);
        let expected = whole.modules_of(index, symbol.address);
        let is_of_mac = OF_MAC.contains(&symbol.name.as_str());
        // Constants that may be those of the member are in none, too.
        let is_right = modules.is_empty() || modules == expected && !is_of_mac;
        assert!(is_right, "{}: {modules:?}", symbol.name);
    }
}

/// A member of a library from outside the tree is no file, and in no module.
#[test]
fn a_library_from_outside() {
    for link in LINKS {
        let build = Build::of(link);
        let tables = build.tables();
        for file in ["vmlinux1.map", "vmlinux.o.map"] {
            if build.path(file).exists() {
                let map = build
                    .read(file)
                    .replace("lib/lib.a(helper.o)", "lib/helper.o");
                build.write(
                    file,
                    map.replace("lib/helper.o", "/usr/lib/libgcc.a(_helper.o)"),
                );
            }
        }
        let of = |tables: &Tables| tables.words("kallsyms_modules");
        assert_eq!(of(&build.tables()), of(&tables), "{link}");
        let open = fs::read_to_string(build.path(UNATTRIBUTED)).unwrap_or_default();
        assert!(
            open.lines().all(|line| line.starts_with("symbol ")),
            "{link}: {open}"
        );
    }
}

#[test]
fn a_symbol_in_a_section_that_is_nowhere() {
    const SYMBOLS: u32 = 2;
    let build = Build::of("gnu-objects");
    for object in [
        "crypto/hash.o",
        "crypto/sum.o",
        "crypto/twin-a.o",
        "crypto/twin-b.o",
        "drivers/net/eth-main.o",
        "drivers/net/eth-ring.o",
    ] {
        let mut damaged = fs::read(build.path(object)).unwrap();
        let header = header_of(&damaged, SYMBOLS);
        let at = |field: usize| {
            let bytes = &damaged[header + field..header + field + 8];
            u64::from_le_bytes(bytes.try_into().unwrap()) as usize
        };
        let (offset, size) = (at(24), at(32));
        for entry in (offset..offset + size).step_by(24).skip(1) {
            damaged[entry + 6..entry + 8].copy_from_slice(&0x7000_u16.to_le_bytes());
        }
        build.write(object, &damaged);
    }
    build.is_open(&["an object that may define it cannot be read"]);
}
