// SPDX-License-Identifier: GPL-2.0

//! Tests constants that the linker merges. A linker merges the constants of a section with the flag SHF_MERGE;
//! the name of the section has no effect.

use crate::build::{Build, Tables, LINKS, UNATTRIBUTED};

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

/// The first 16 bytes of a constant of 32 bytes are a constant that two object files define, under the same name.
/// GNU ld's map tells the length of the constants in a piece. LLD's map does not. But each symbol of the image comes
/// from one definition, so the other symbols tell the object file of the long constant, unless the image lacks the
/// symbol of a definition.
#[test]
fn a_constant_that_begins_with_other_constants_of_its_name() {
    const TWICE: &str = "efcdab89 67452301 efcdab89 67452301";
    for link in LINKS {
        let build = Build::of(link);
        build.turn_on("CONFIG_KALLMODSYMS_OBJECTS");
        for dump in ["crypto/sum.o.dump", "vmlinux1.dump"] {
            build.edit(dump, "sum_vector", "hash_mask");
            build.edit(dump, "01000000 00000000 00000000 00000000", TWICE);
            build.edit(dump, "02000000 00000000 00000000 00000000", TWICE);
        }
        build.assemble("crypto/sum.o");
        build.relink();
        if link == "gnu-objects" {
            add_to_pool_of_long_constants(&build);
        }
        let shown = || {
            let (tables, listed) = (build.tables(), build.listed());
            let objects = tables.objects(listed.len()).into_iter();
            let mut shown = Vec::new();
            for (index, (symbol, (object, _))) in listed.iter().zip(objects).enumerate() {
                if symbol.name == "hash_mask" {
                    let modules = tables.modules_of(index, symbol.address);
                    shown.push((modules.join(" "), object.unwrap_or_default()));
                }
            }
            shown
        };
        let of = |modules: &str, object: &str| (modules.to_owned(), object.into());
        let (hash, sum) = (of("hash", "crypto/hash.o"), of("sum", "crypto/sum.o"));
        assert_eq!(shown(), [hash.clone(), sum.clone(), sum.clone()], "{link}");
        assert!(!build.path(UNATTRIBUTED).exists(), "{link}");

        let startup = "0000000000000018 startup\n";
        let unlinked = "0000000000000000 l       .text\t0000000000000000 hash_mask\n";
        build.edit("core/head.o.dump", startup, &format!("{startup}{unlinked}"));
        build.assemble("core/head.o");
        let is_lld = link.starts_with("lld");
        let last = if is_lld { of("", "") } else { sum.clone() };
        assert_eq!(shown(), [hash, sum, last], "{link}");
        assert_eq!(build.path(UNATTRIBUTED).exists(), is_lld, "{link}");
    }
}

/// Gives crypto/hash.o a constant of 32 bytes, which GNU ld merged into the constants of crypto/sum.o.
fn add_to_pool_of_long_constants(build: &Build) {
    let dump = "crypto/hash.o.dump";
    let section = " 99 .rodata.cst32 00000020  0  0  0  2**5  CONTENTS, ALLOC\nSYMBOL TABLE:\n";
    build.edit(dump, "SYMBOL TABLE:\n", section);
    let content = build.read(dump);
    build.write(dump, content + "Merged section .rodata.cst32 20 AM\n");
    build.assemble("crypto/hash.o");
    let of_sum = " .rodata.cst32  0xffffffff81001060       0x20 crypto/sum.o";
    let of_hash = of_sum.replace("sum", "hash");
    build.edit("vmlinux1.map", of_sum, &format!("{of_hash}\n{of_sum}"));
}
