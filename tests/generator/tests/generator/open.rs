// SPDX-License-Identifier: GPL-2.0

//! What the generator cannot know of single objects, symbols and lines does not end the link. They are
//! shown in no module, never in a wrong one, and reported.

use std::fs;

use assert_cmd::Command;

use crate::build::{Build, Tables, LINKS, UNATTRIBUTED};

const MAC: &str = "drivers/sw/.mac.o.cmd";

/// Checks that `tables` show the symbols called one of `names` in no module, and all others as those of
/// the whole build `link`.
#[track_caller]
fn only_these_are_in_none(build: &Build, tables: &Tables, link: &str, names: &[&str]) {
    let whole = Build::of(link);
    let (expected, before) = (whole.tables(), whole.listed());
    let mut before = (0..).zip(&before).peekable();
    for (index, symbol) in build.listed().iter().enumerate() {
        // What was added to the image is not in the whole build.
        let modules = match before.next_if(|(_, other)| other.name == symbol.name) {
            Some((index, other)) => expected.modules_of(index, other.address),
            None => Vec::new(),
        };
        let is_none = names.contains(&symbol.name.as_str());
        let modules = if is_none { Vec::new() } else { modules };
        let shown = tables.modules_of(index, symbol.address);
        assert_eq!(shown, modules, "{} in {link}", symbol.name);
    }
}

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

/// What the link is given by itself is made by it, and no part of a module.
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
        let modules: String = files
            .iter()
            .map(|file| format!("kernel/{file}.ko\n"))
            .collect();
        build.write("modules.builtin", modules);
        build.edit(MAC, "drivers/net/eth drivers/sw/sw-itch", &files.join(" "));
        match fits {
            true => assert!(build.tables().names().starts_with(&[0, 0, 255])),
            false => drop(build.is_open(&["object drivers/sw/mac.o: ", "256", "255"])),
        }
    }
}

#[test]
fn a_symbol_that_nobody_defines() {
    for (near, distance, rest, problem) in [
        // Where the last symbols of two modules' objects meet, and defined by neither.
        ("sum_state", 0, ".bss\t0000000000000000", "that meet there"),
        // Behind what the objects have in the section.
        (
            "__per_cpu_load",
            -0x100,
            ".data\t0000000000000004",
            "anything there",
        ),
    ] {
        for link in LINKS {
            let build = Build::of(link);
            let address = build.address(near).wrapping_add_signed(distance);
            build.add_symbol(&format!("{address:016x} l       {rest} stray"));
            let tables = build.is_open(&["stray: ", problem, "symbol ffffffff81"]);
            only_these_are_in_none(&build, &tables, link, &["stray"]);
        }
    }
}

/// What has a size does not begin where the only piece there ends.
#[test]
fn a_symbol_with_a_size_behind_a_piece() {
    for link in LINKS {
        let build = Build::of(link);
        drop(build.tables());
        let ranges = build.read(".tmp_vmlinux.ranges");
        let ranges: Vec<_> = ranges
            .lines()
            .map(|line| line.split_once('-').unwrap())
            .collect();
        let end = |rest: &str| rest.split(' ').next().unwrap().to_owned();
        let gap = ranges.windows(2).find(|pair| {
            pair[0].1.ends_with(" .text drivers/net/eth-main.o") && end(pair[0].1) != pair[1].0
        });
        let address = end(gap.expect("eth-main.o has no padding behind it")[0].1);
        build.add_symbol(&format!("{address} l     F .text\t0000000000000001 stray"));
        let tables = build.is_open(&["stray: ", "anything there"]);
        only_these_are_in_none(&build, &tables, link, &["stray"]);
    }
}

/// A local symbol and a global one of the same name can be the end of one object and the beginning of
/// the next.
#[test]
fn a_local_symbol_beside_a_global_one() {
    for link in LINKS {
        for (object, of_local, of_global) in [
            ("crypto/sum.o", "hash", "sum"),
            ("crypto/hash.o", "sum", "hash"),
        ] {
            let build = Build::of(link);
            let local = "l       .bss\t0000000000000000 shared_key\n";
            let global = local.replacen('l', "g", 1);
            build.edit(&format!("{object}.dump"), local, &global);
            build.assemble(object);
            let image = build.read("vmlinux1.dump");
            let last = image.rfind(local).unwrap();
            let (before, rest) = image.split_at(last);
            build.write(
                "vmlinux1.dump",
                format!("{before}{}", rest.replacen(local, &global, 1)),
            );
            build.relink();
            let tables = build.tables();
            let listed = build.listed();
            let keys = (0..)
                .zip(&listed)
                .filter(|(_, symbol)| symbol.name == "shared_key");
            let shown: Vec<_> = keys
                .map(|(index, symbol)| tables.modules_of(index, symbol.address))
                .collect();
            assert_eq!(shown, [[of_local], [of_global]], "{object} in {link}");
        }
    }
}

/// The line of an output section has a form that is not known: what follows is in no other section.
#[test]
fn an_output_section_of_an_unknown_form() {
    for link in LINKS {
        for file in ["vmlinux1.map", "vmlinux.o.map"] {
            let build = Build::of(link);
            if !build.path(file).exists() {
                continue;
            }
            let map = build.read(file);
            let line = map
                .lines()
                .find(|line| line.starts_with(".rodata  ") || line.ends_with(" .rodata"));
            let line = line.unwrap();
            build.edit(
                file,
                &format!("\n{line}\n"),
                &format!("\n{line} of something\n"),
            );
            let tables = build.is_open(&[" of something"]);
            let whole = Build::of(link).tables();
            for (index, symbol) in build.listed().iter().enumerate() {
                let modules = tables.modules_of(index, symbol.address);
                let expected = whole.modules_of(index, symbol.address);
                let name = &symbol.name;
                assert!(
                    modules.is_empty() || modules == expected,
                    "{name} in {link}: {modules:?}"
                );
            }
        }
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

/// All objects are searched for the name, and only one module's have it.
#[test]
fn a_symbol_at_an_unknown_place_is_its_only_definers() {
    for link in LINKS {
        let build = Build::of(link);
        let address = build.address("__per_cpu_load") - 0x100;
        build.add_symbol(&format!(
            "{address:016x} l       .data\t0000000000000004 eth_ids"
        ));
        let tables = build.tables();
        let mut listed = build.listed().into_iter();
        let index = listed.position(|symbol| symbol.address == address);
        assert_eq!(tables.modules_of(index.unwrap(), address), ["eth"]);
    }
}

/// A line of an unknown form hides whose the bytes are that it is about, and nothing else; but for what has
/// no place in vmlinux.o, which may be that of any object.
#[test]
fn a_map_line_of_an_unknown_form() {
    for link in LINKS {
        let build = Build::of(link);
        let map = match link.contains("vmlinux_o") {
            true => "vmlinux.o.map",
            false => "vmlinux1.map",
        };
        let content = build.read(map);
        let is_switch_on = |line: &&str| {
            line.contains("switch.o") && line.contains(".text") && !line.contains(".text.exit")
        };
        let line = content.lines().find(is_switch_on).unwrap();
        let changed = line
            .replace("0x", "somewhere 0x")
            .replace("vmlinux.a(", "?(");
        let changed = match link.contains("lld") {
            true => changed.trim_start().replacen(' ', " half ", 1),
            false => changed,
        };
        build.write(map, content.replacen(line, &changed, 1));
        let number = content.lines().position(|other| other == line).unwrap() + 1;
        let place = format!("line {map}:{number}: ");
        let tables = build.is_open(&[&place, changed.trim(), "switch_on: the map does not tell"]);
        let names = match link.contains("vmlinux_o") {
            true => &["switch_on", "eth_area", "fsec_area", "prebuilt_area"][..],
            false => &["switch_on"],
        };
        only_these_are_in_none(&build, &tables, link, names);
    }
}

/// Lines that no bytes belong to, and more of them than are kept.
#[test]
fn lines_of_unknown_forms_behind_all_else() {
    for (link, line) in [
        (
            "gnu-objects",
            ".text           0xffffffff81000000      twelve",
        ),
        ("gnu-objects", "                half an address"),
        (
            "lld-objects",
            "ffffffff81000000 1000000 18 sixteen         core/head.o:(.text)",
        ),
        (
            "lld-objects",
            "ffffffff81000000          1000000       18     8     core/head.o:(.text)",
        ),
    ] {
        let build = Build::of(link);
        let map = build.read("vmlinux1.map");
        let lines = format!("{line}\n").repeat(2000);
        build.write("vmlinux1.map", format!("{}\n{lines}", map.trim_end()));
        let tables = build.is_open(&["line vmlinux1.map:", line.trim()]);
        only_these_are_in_none(&build, &tables, link, &[]);
        build.tables();
        assert_eq!(build.read(UNATTRIBUTED).lines().count(), 1000);
    }
}

/// The second pass is the last one, as a rule, and tells how much is open; the first does not.
#[test]
fn the_last_pass_says_how_much_is_open() {
    let build = Build::of("gnu-objects");
    for suffix in ["", ".map", ".syms", ".kallsyms.S"] {
        fs::copy(
            build.path(&format!("vmlinux1{suffix}")),
            build.path(&format!("vmlinux2{suffix}")),
        )
        .unwrap();
    }
    let pass = |number: u32| {
        let mut command: Command = build.command();
        command.args(["link", &format!("vmlinux{number}")]);
        command.assert().success()
    };
    pass(2).stderr("");
    assert!(!build.path(UNATTRIBUTED).exists());
    for object in [
        "drivers/sw/.mac.o.cmd",
        "crypto/.sum.o.cmd",
        "crypto/.hash.o.cmd",
        "core/.head.o.cmd",
    ] {
        fs::remove_file(build.path(object)).unwrap();
    }
    pass(1).stderr("");
    pass(2).stderr(
        "kallmodsyms: warning: modules not known, and none shown, of 4 objects: core/head.o, \
         drivers/sw/mac.o, crypto/hash.o, ...; .tmp_vmlinux.unattributed lists them\n",
    );
    assert_eq!(build.read(UNATTRIBUTED).lines().count(), 4);
    // What is known again is listed no more.
    for (object, module) in [
        ("drivers/sw/.mac", "a"),
        ("crypto/.sum", "b"),
        ("crypto/.hash", "c"),
        ("core/.head", "d"),
    ] {
        build.write(
            &format!("{object}.o.cmd"),
            format!("savedcmd_x := gcc -DKBUILD_MODFILE='\"{module}\"'"),
        );
    }
    pass(2).stderr("");
    assert!(!build.path(UNATTRIBUTED).exists());
}

/// Two built-in modules of one name, of different directories, are one to the listing.
#[test]
fn modules_of_one_name_are_named_once() {
    for link in LINKS {
        let build = Build::of(link);
        build.edit(
            "modules.builtin",
            "kernel/drivers/sw/sw-itch.ko",
            "kernel/drivers/sw/eth.ko",
        );
        build.edit(MAC, "drivers/sw/sw-itch", "drivers/sw/eth");
        build.edit(
            "drivers/sw/.switch.o.cmd",
            "drivers/sw/sw-itch",
            "drivers/sw/eth",
        );
        let tables = build.tables();
        for (index, symbol) in build.listed().iter().enumerate() {
            if ["mac_set", "switch_on", "eth_open"].contains(&symbol.name.as_str()) {
                assert_eq!(tables.modules_of(index, symbol.address), ["eth"], "{link}");
            }
        }
        let thick = build.read("modules_thick.builtin");
        assert!(
            thick.contains("drivers/sw/eth.o: drivers/sw/mac.o drivers/sw/switch.o\n"),
            "{thick}"
        );
    }
}
