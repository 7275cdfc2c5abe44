// SPDX-License-Identifier: GPL-2.0

//! Runs the generator on recorded links, and checks its outputs.

use std::fs;

use crate::build::{Build, Tables, LINKS};
use crate::elf::DumpedSymbol;

/// The linker script of arm64 defines symbols for early code as equal to other symbols. These symbols are hidden,
/// so the linker makes them local. LLD's map has no address for them.
#[test]
fn symbols_that_the_linker_script_defines_as_equal_are_in_no_module() {
    for link in LINKS.iter().filter(|link| link.starts_with("lld-")) {
        let build = Build::of(link);
        let map = build.read("vmlinux1.map");
        let end = map.lines().find(|line| line.ends_with(" _end = ."));
        let end = end.unwrap();
        let equal = end.replace("_end = .", "PROVIDE ( __pi_open = eth_open )");
        build.edit("vmlinux1.map", end, &format!("{end}\n{equal}"));
        let address = build.address("eth_open");
        build.add_symbol(&format!(
            "{address:016x} l     F .text\t{:016x} __pi_open",
            0
        ));
        let tables = build.tables();
        for (name, modules) in [("__pi_open", &[][..]), ("eth_open", &["eth"])] {
            let listed = build.listed();
            let index = listed.iter().position(|symbol| symbol.name == name);
            assert_eq!(
                tables.modules_of(index.unwrap(), address),
                modules,
                "{link}"
            );
        }
    }
}

#[test]
fn every_symbol_has_its_size() {
    for link in LINKS {
        let build = Build::of(link);
        let listed = build.listed();
        let gap = |symbol: &DumpedSymbol| {
            let next = listed.iter().find(|other| other.address > symbol.address);
            let gap = next.map(|next| next.address - symbol.address);
            gap.filter(|&gap| gap < 1 << 32).unwrap_or(0)
        };
        let gaps: Vec<u64> = listed.iter().map(gap).collect();
        let sizes: Vec<u64> = listed.iter().map(|symbol| symbol.size).collect();
        assert_eq!(build.tables().sizes(&gaps), sizes, "{link}");
        assert_ne!(gaps, sizes, "the recorded links have no padding");
    }
}

#[test]
fn sections_without_symbols_have_no_ranges() {
    for link in LINKS {
        let build = Build::of(link);
        let parameter = build.address("eth_param");
        let starts_at = |tables: &Tables, address: u64| {
            let offset = (address - tables.base()) as u32;
            tables.words("kallsyms_module_offsets").contains(&offset)
        };
        assert!(starts_at(&build.tables(), parameter), "{link}");
        for name in ["eth_param", "switch_param"] {
            build.remove_symbol(name);
        }
        assert!(!starts_at(&build.tables(), parameter), "{link}");
    }
}

#[test]
fn size_tables_need_the_option_kallmodsyms_sizes() {
    let build = Build::of("gnu-objects");
    assert!(build.tables().has("kallsyms_size_bits"));
    build.edit("include/config/auto.conf", "CONFIG_KALLMODSYMS_SIZES=y", "");
    assert!(!build.tables().has("kallsyms_size_bits"));
}

#[test]
fn modules_builtin_may_list_a_module_twice() {
    let build = Build::of("gnu-objects");
    let tables = build.tables();
    let modules = build.read("modules.builtin");
    build.write("modules.builtin", format!("{modules}{modules}"));
    assert_eq!(build.tables().names(), tables.names());
    build.write(
        "modules.builtin",
        modules.replace(
            "kernel/crypto/sum",
            "kernel/drivers/net/eth.ko\nkernel/crypto/sum",
        ),
    );
    assert_eq!(build.tables().names(), tables.names());
}

#[test]
fn inputs_of_linux_7_3_give_the_same_tables() {
    for link in LINKS {
        let build = Build::of(link);
        let output = |build: &Build| build.generator().assert().success().get_output().clone();
        let older = output(&build);
        build.convert_to_linux_7_3();
        assert_eq!(output(&build).stdout, older.stdout, "{link}");
    }
}

#[test]
fn an_object_has_the_modules_of_its_input_objects() {
    for link in LINKS {
        let build = Build::of(link);
        let tables = |build: &Build| build.generator().assert().success().get_output().clone();
        let before = tables(&build);
        let [ring, raw] = ["drivers/net/eth-ring.o", "drivers/net/eth-ring.raw.o"];
        let cmd_file = |object: &str| object.replace("net/", "net/.") + ".cmd";
        build.write(&cmd_file(raw), build.read(&cmd_file(ring)));
        build.write(
            &cmd_file(ring),
            format!("savedcmd_{ring} := objcopy --prefix-symbols=p_  {raw} {ring}\n"),
        );
        assert_eq!(tables(&build).stdout, before.stdout, "{link}");
        // The modules of the second input are unknown.
        let data = "drivers/net/eth-ring.data.o";
        build.write(
            &cmd_file(ring),
            format!("savedcmd_{ring} := ld -r -o {ring} {raw} {data}\n"),
        );
        build.write(
            &cmd_file(data),
            format!("savedcmd_{data} := objcopy -I binary ring.bin {data}\n"),
        );
        build.assert_unattributed(&[ring, "neither KBUILD_MODFILE", &cmd_file(data)]);
        // The second input may hide objects of any module.
        for other in [
            "lib.a",
            "@files",
            "drivers/net/eth-ring.o_shipped",
            "-b binary fw.bin",
        ] {
            build.write(
                &cmd_file(ring),
                format!("savedcmd_{ring} := ld -r -o {ring} {raw} {other}\n"),
            );
            build.assert_unattributed(&[ring, "neither KBUILD_MODFILE", &cmd_file(ring)]);
        }
        for object_of_another_module in ["crypto/hash.o", "lib/helper.o"] {
            build.write(
                &cmd_file(ring),
                format!("savedcmd_{ring} := ld -r -o {ring} {raw} {object_of_another_module}\n"),
            );
            build.assert_unattributed(&[ring, "objects of different modules"]);
        }

        build.write(
            &cmd_file(ring),
            format!("savedcmd_{ring} := objcopy --prefix-symbols=p_  {raw} {ring}\n"),
        );
        build.write(
            &cmd_file(raw),
            format!("savedcmd_{raw} := objcopy {ring} {raw}\n"),
        );
        build.assert_unattributed(&[ring, "neither KBUILD_MODFILE", &cmd_file(ring)]);
    }
}

#[test]
fn adjacent_objects_of_one_module_share_a_range() {
    for link in LINKS {
        let modules = Build::of(link).tables().words("kallsyms_modules");
        assert!(
            modules.windows(2).all(|pair| pair[0] != pair[1]),
            "{link}: {modules:?}"
        );
    }
}

#[test]
fn the_name_of_a_module_in_a_list_is_stored_once() {
    for link in LINKS {
        let tables = Build::of(link).tables();
        let names = tables.names();
        assert!(
            names.starts_with(b"\0\0\x02eth\0sw_itch\0"),
            "{link}: {}",
            names.escape_ascii()
        );
        assert_eq!(
            names.windows(4).filter(|name| *name == b"eth\0").count(),
            1,
            "{link}"
        );
    }
}

#[test]
fn an_empty_symbol_list_makes_empty_tables() {
    let build = Build::of("gnu-objects");
    build.write("vmlinux1.syms", "");
    fs::remove_file(build.path("vmlinux1.map")).unwrap();
    let tables = build.tables();
    assert_eq!(tables.words("kallsyms_num_modules"), [0]);
    assert!(tables.words("kallsyms_module_offsets").is_empty());
}

#[test]
fn the_files_beside_vmlinux_name_the_objects() {
    for link in LINKS {
        let build = Build::of(link);
        build.tables();
        assert_eq!(
            build.read("modules_thick.builtin"),
            "drivers/net/eth.o: drivers/net/eth-main.o drivers/net/eth-ring.o drivers/sw/mac.o \
             drivers/usb/eth-common.o\n\
             drivers/sw/sw-itch.o: drivers/sw/mac.o drivers/sw/switch.o\n\
             crypto/hash.o: crypto/hash.o\n\
             crypto/sum.o: crypto/sum.o\n\
             drivers/fsec/fsec.o: drivers/fsec/fsec.o\n\
             drivers/odd/odd.o: drivers/odd/o+d,d~=@(1).o\n\
             drivers/usb/eth.o: drivers/usb/eth-usb.o drivers/usb/eth-common.o\n\
             drivers/fw/fw.o: drivers/fw/prebuilt.o drivers/fw/blob.o\n\
             crypto/twin-a.o: crypto/twin-a.o\n\
             crypto/twin-b.o: crypto/twin-b.o\n",
            "{link}",
        );
        let ranges = build.read(".tmp_vmlinux.ranges");
        assert!(
            ranges.contains("-ffffffff8100007d .text drivers/net/eth-main.o\n"),
            "{link}: {ranges}"
        );
        assert!(
            ranges.contains("0000000000000000-0000000000000040 .data..percpu..first core/head.o\n"),
            "{ranges}"
        );
    }
}

#[test]
fn unchanged_files_are_not_written() {
    let build = Build::of("gnu-objects");
    build.tables();
    let modified = |file| fs::metadata(build.path(file)).unwrap().modified().unwrap();
    let before = ["modules_thick.builtin", ".tmp_vmlinux.ranges"].map(modified);
    build.tables();
    assert_eq!(
        before,
        ["modules_thick.builtin", ".tmp_vmlinux.ranges"].map(modified)
    );
}

#[test]
fn two_runs_print_the_same_output() {
    for link in LINKS {
        let build = Build::of(link);
        let output = || {
            build
                .generator()
                .assert()
                .success()
                .get_output()
                .stdout
                .clone()
        };
        assert_eq!(output(), output(), "{link}");
    }
}

#[test]
fn code_that_the_linker_shortened_keeps_its_module() {
    let build = Build::of("gnu-objects");
    let tables = build.tables();
    let line = "drivers/net/eth-main.o\n *fill*";
    let shortened = "drivers/net/eth-main.o\n                 0x20 (size before relaxing)\n *fill*";
    build.edit("vmlinux1.map", line, shortened);
    let relaxed = build.tables();
    let of = |tables: &Tables| tables.words("kallsyms_modules");
    assert_eq!(of(&relaxed), of(&tables));
}

#[test]
fn a_path_may_begin_with_a_dot() {
    let build = Build::of("gnu-objects");
    let plain = build.tables().words("kallsyms_modules");
    build.edit("vmlinux1.map", " crypto/sum.o", " ./crypto/sum.o");
    assert_eq!(build.tables().words("kallsyms_modules"), plain);
}

#[test]
fn lines_of_a_map_may_end_in_cr_lf() {
    for link in LINKS {
        let build = Build::of(link);
        let plain = build.tables().words("kallsyms_module_offsets");
        build.edit("vmlinux1.map", "\n", "\r\n");
        assert_eq!(
            build.tables().words("kallsyms_module_offsets"),
            plain,
            "{link}"
        );
    }
}
