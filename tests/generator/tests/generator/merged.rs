// SPDX-License-Identifier: GPL-2.0

//! Tests constants that the linker merges. A linker merges the constants of a section with the flag SHF_MERGE;
//! the name of the section has no effect.

use crate::build::{Build, Tables, LINKS};

/// The linker can merge all strings of a section into the strings of other objects. The map then shows the size
/// of the section, but the next section begins at the same address. Early code of arm64 has the prefix `.init`
/// before its section names.
#[test]
fn a_renamed_section_whose_strings_are_all_merged() {
    let build = Build::of("gnu-objects");
    let tables = build.tables();
    let hash = "0xffffffff81001050        0xd crypto/hash.o";
    let merged = "0xffffffff81001050        0xd core/head.o";
    build.edit(
        "vmlinux1.map",
        " .rodata.str1.1\n",
        " .init.rodata.str1.1\n",
    );
    build.edit(
        "vmlinux1.map",
        hash,
        &format!("{merged}\n .init.rodata.str1.1\n                {hash}"),
    );
    for object in ["crypto/hash.o", "crypto/sum.o", "core/head.o"] {
        let dump = format!("{object}.dump");
        if object == "core/head.o" {
            let section =
                " 99 .rodata.str1.1 0000000d  0  0  0  2**0  CONTENTS, ALLOC\nSYMBOL TABLE:\n";
            build.edit(&dump, "SYMBOL TABLE:\n", section);
            let content = build.read(&dump);
            build.write(&dump, content + "Merged section .rodata.str1.1 01 AMS\n");
        }
        build.edit(&dump, ".rodata.str1.1", ".init.rodata.str1.1");
        build.assemble(object);
    }
    let of = |tables: &Tables| tables.words("kallsyms_modules");
    assert_eq!(of(&build.tables()), of(&tables));
}

/// A map can list a section of a late object before the sections of all other objects, because the linker script
/// puts the section first. The symbols are still in link order.
#[test]
fn symbols_have_the_link_order_of_their_objects() {
    for link in LINKS.into_iter().filter(|link| link.starts_with("lld")) {
        let build = Build::of(link);
        let tables = build.tables();
        let inner = "vmlinux.o.map";
        let file = if build.path(inner).exists() {
            inner
        } else {
            "vmlinux1.map"
        };
        let map = build.read(file);
        let first = map.lines().find(|line| line.contains(":(.text)")).unwrap();
        let address = first.split_whitespace().next().unwrap();
        let early = ["crypto/sum.o", "crypto/twin-b.o"].map(|object| {
            format!("{address} {address} 0 1         vmlinux.a({object}):(.text.unlikely)\n")
        });
        build.write(file, map.replacen(first, &(early.concat() + first), 1));
        let of = |tables: &Tables| tables.words("kallsyms_exception_modules");
        assert_eq!(of(&build.tables()), of(&tables), "{link}");
    }
}

/// A section can have the name of a merged section, but not the flag.
#[test]
fn section_names_of_constants_have_no_effect() {
    for link in LINKS {
        let build = Build::of(link);
        let tables = build.tables();
        for name in [
            ".rodata.str_spec.3",
            ".rodata.cst16.table",
            "__ksymtab_strings",
        ] {
            let build = Build::of(link);
            for file in [
                "vmlinux1.map",
                "vmlinux.o.map",
                "drivers/net/eth-main.o.dump",
                "vmlinux.o.dump",
            ] {
                if build.path(file).exists() {
                    let content = build.read(file);
                    build.write(
                        file,
                        content.replace(".rodata.a_long_name_that_fills_a_column", name),
                    );
                }
            }
            build.assemble("drivers/net/eth-main.o");
            if build.path("vmlinux.o").exists() {
                build.assemble("vmlinux.o");
            }
            let of = |tables: &Tables| {
                [
                    "kallsyms_modules",
                    "kallsyms_module_offsets",
                    "kallsyms_module_exceptions",
                ]
                .map(|table| tables.words(table))
            };
            assert_eq!(of(&build.tables()), of(&tables), "{name} in {link}");
        }
    }
}
