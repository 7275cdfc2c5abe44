// SPDX-License-Identifier: GPL-2.0

//! Tests objects with unknown modules. The generator must succeed, report the objects, and show their symbols in
//! no module.

use std::fs;

use crate::build::{assert_only_these_lack_modules, Build, Tables, LINKS, UNATTRIBUTED};
use crate::errors::header_of;

const MAC: &str = "drivers/sw/.mac.o.cmd";

/// The symbols of drivers/sw/mac.o.
const OF_MAC: &[&str] = &["mac_set", "mac_table", "mac_percpu"];

/// kbuild records no command for an object that it copies from a prebuilt file (`mac.o_shipped`).
#[test]
fn an_object_without_a_command_file() {
    for link in LINKS {
        let build = Build::of(link);
        fs::remove_file(build.path(MAC)).unwrap();
        let tables = build.assert_unattributed(&["object drivers/sw/mac.o: ", MAC]);
        assert_only_these_lack_modules(&build, &tables, link, OF_MAC);
    }
}

#[test]
fn a_command_without_module_files() {
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
            let tables = build.assert_unattributed(&["object drivers/sw/mac.o: ", MAC, problem]);
            assert_only_these_lack_modules(&build, &tables, link, OF_MAC);
        }
    }

    let build = Build::of("gnu-objects");
    fs::remove_file(build.path(MAC)).unwrap();
    fs::create_dir(build.path(MAC)).unwrap();
    build.assert_unattributed(&["object drivers/sw/mac.o: ", MAC]);
}

/// kbuild records no command for a prebuilt object. If a Makefile makes an object from a binary file, kbuild
/// records a command without module files.
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
        let tables = build.assert_unattributed(&[
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
        assert_only_these_lack_modules(&build, &tables, link, &names);
    }
}

/// An object outside of kbuild's archives is in no module, unless its command names a module.
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
        assert_only_these_lack_modules(&build, &build.tables(), link, OF_MAC);
        assert!(!build.path(UNATTRIBUTED).exists());
    }
}

#[test]
fn a_module_name_that_the_module_loader_refuses() {
    for link in LINKS {
        let long = "x".repeat(56);
        let build = Build::of(link);
        build.edit("modules.builtin", "crypto/hash", &format!("crypto/{long}"));
        build.edit(
            "crypto/.hash.o.cmd",
            "crypto/hash\"",
            &format!("crypto/{long}\""),
        );
        let tables = build.assert_unattributed(&["object crypto/hash.o: ", &long, "module name"]);
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
fn an_object_of_more_modules_than_a_list_can_hold() {
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
            false => drop(build.assert_unattributed(&["object drivers/sw/mac.o: ", "256", "255"])),
        }
    }
}

/// The member of a regular archive is not a file. A file with the name of the member can be another object.
#[test]
fn a_member_of_a_regular_archive() {
    let build = Build::of("gnu-objects");
    let member = "drivers/sw/libsw.a(mac.o)";
    build.edit("vmlinux1.map", "drivers/sw/mac.o", member);
    let tables = build.assert_unattributed(&[&format!("object {member}: ")]);
    assert_only_these_lack_modules(&build, &tables, "gnu-objects", OF_MAC);

    // LLD's map has the same form for members of thin archives, which are files.
    let build = Build::of("lld-objects");
    build.edit("vmlinux1.map", "vmlinux.a(drivers/sw/mac.o)", member);
    build.write("drivers/sw/libsw.a", "!<thin>\n");
    assert_only_these_lack_modules(&build, &build.tables(), "lld-objects", &[]);
    build.write("drivers/sw/libsw.a", "!<arch>\n");
    let tables = build.assert_unattributed(&["object drivers/sw/mac.o: ", "not a thin archive"]);
    let whole = Build::of("lld-objects").tables();
    for (index, symbol) in build.listed().iter().enumerate() {
        let modules = tables.modules_of(index, symbol.address);
        let expected = whole.modules_of(index, symbol.address);
        let is_of_mac = OF_MAC.contains(&symbol.name.as_str());
        // Constants that the member may define are in no module, too.
        let is_right = modules.is_empty() || modules == expected && !is_of_mac;
        assert!(is_right, "{}: {modules:?}", symbol.name);
    }
}

/// A library outside of the tree is a regular archive, and its members are in no module.
#[test]
fn a_member_of_a_library_outside_of_the_tree() {
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
        let list = fs::read_to_string(build.path(UNATTRIBUTED)).unwrap_or_default();
        assert!(
            list.lines().all(|line| line.starts_with("symbol ")),
            "{link}: {list}"
        );
    }
}

#[test]
fn objects_with_symbols_in_missing_sections() {
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
    build.assert_unattributed(&["an object that may define it cannot be read"]);
}
