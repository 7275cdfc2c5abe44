// SPDX-License-Identifier: GPL-2.0

//! Constants that linkers merge. Only the flags of a section tell whether its constants are merged,
//! not its name.

use crate::build::{Build, Tables, LINKS};

/// Strings that were all merged into others keep their size in the map, but what follows begins at their
/// address; objects that run early on arm64 have `.init` in front of their sections.
#[test]
fn strings_merged_away_of_renamed_sections() {
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

/// A map may name an object early, for a section that the linker script puts in front of others. Symbols
/// are in the order of the link all the same.
#[test]
fn the_order_is_that_of_the_link() {
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

/// The name of a section does not tell whether its constants are merged.
#[test]
fn names_do_not_make_constants() {
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
