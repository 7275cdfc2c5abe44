// SPDX-License-Identifier: GPL-2.0

//! Symbols and map lines that the generator cannot attribute do not end the link. They are shown in
//! no module, never in a wrong module, and reported.

use std::fs;

use assert_cmd::Command;

use crate::build::{only_these_are_in_none, Build, LINKS, UNATTRIBUTED};

const MAC: &str = "drivers/sw/.mac.o.cmd";

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

/// A symbol with a size does not begin at the end of the only piece there.
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
    // A symbol that becomes known is no longer listed.
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
