// SPDX-License-Identifier: GPL-2.0

//! Tests symbols and map lines that the generator cannot attribute. The generator must succeed and report them.
//! The affected symbols must lack their modules.

use std::fs;

use assert_cmd::Command;

use crate::build::{assert_only_these_lack_modules, Build, LINKS, UNATTRIBUTED};

const MAC: &str = "drivers/sw/.mac.o.cmd";

#[test]
fn a_symbol_that_no_object_defines() {
    for (near, distance, rest, problem) in [
        // The address is the end of one module's object and the start of another module's object.
        ("sum_state", 0, ".bss\t0000000000000000", "that meet there"),
        // The address is behind all objects in the section.
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
            let tables = build.assert_unattributed(&["stray: ", problem, "symbol ffffffff81"]);
            assert_only_these_lack_modules(&build, &tables, link, &["stray"]);
        }
    }
}

/// LLD makes `_DYNAMIC` at the beginning of a section that it makes. No object file defines the symbol.
#[test]
fn a_symbol_of_lld_at_the_beginning_of_its_section() {
    let build = Build::of("lld-objects");
    let map = build.read("vmlinux1.map");
    let line = map
        .lines()
        .find(|line| line.ends_with("<internal>:(.init.data)"));
    let address = line.unwrap().split_whitespace().next().unwrap();
    build.add_symbol(&format!(
        "{address} l       .init.data\t0000000000000000 _DYNAMIC"
    ));
    let tables = build.tables();
    assert!(!build.path(UNATTRIBUTED).exists());
    let listed = build.listed();
    let index = listed.iter().position(|symbol| symbol.name == "_DYNAMIC");
    let index = index.unwrap();
    let modules = tables.modules_of(index, listed[index].address);
    assert_eq!(modules, Vec::<String>::new());
}

/// A symbol without a size can mark the end of the piece before it. A symbol with a size cannot.
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
        let tables = build.assert_unattributed(&["stray: ", "anything there"]);
        assert_only_these_lack_modules(&build, &tables, link, &["stray"]);
    }
}

/// A local and a global symbol with the same name can be at one address: the end of one object and the beginning
/// of the next object.
#[test]
fn a_local_and_a_global_symbol_with_one_name_and_address() {
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

/// The contents of the output section must not be attributed to the section before it.
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
            let tables = build.assert_unattributed(&[" of something"]);
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

/// No object is at the address, so the generator searches all objects for the name.
#[test]
fn a_symbol_outside_of_all_objects_has_the_only_module_that_defines_its_name() {
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

/// The bytes of the unreadable line can come from any object, so their symbols have no modules. In a link from
/// vmlinux.o, the COMMON symbols lose their modules too. The generator finds their objects only by name, and the
/// unreadable line may name an object that nothing else names.
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
        let tables = build.assert_unattributed(&[
            &place,
            changed.trim(),
            "switch_on: the map does not tell",
        ]);
        let names = match link.contains("vmlinux_o") {
            true => &["switch_on", "eth_area", "fsec_area", "prebuilt_area"][..],
            false => &["switch_on"],
        };
        assert_only_these_lack_modules(&build, &tables, link, names);
    }
}

/// The lines stand behind all sections and belong to no bytes. The generator reports only the first 1000 lines.
#[test]
fn lines_of_unknown_forms_at_the_end_of_the_map() {
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
        let tables = build.assert_unattributed(&["line vmlinux1.map:", line.trim()]);
        assert_only_these_lack_modules(&build, &tables, link, &[]);
        build.tables();
        assert_eq!(build.read(UNATTRIBUTED).lines().count(), 1000);
    }
}

/// The second pass is usually the last pass, so the generator warns about unknown modules from that pass on.
#[test]
fn the_second_pass_warns_about_unknown_modules() {
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
        "kallmodsyms: warning: no modules are shown for 4 objects: core/head.o, drivers/sw/mac.o, \
         crypto/hash.o, ...; .tmp_vmlinux.unattributed says why\n",
    );
    assert_eq!(build.read(UNATTRIBUTED).lines().count(), 4);
    // An object whose modules become known is no longer listed.
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

/// The listing cannot distinguish two built-in modules with one name, from different directories.
#[test]
fn two_modules_with_one_name_are_shown_once() {
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
