// SPDX-License-Identifier: GPL-2.0

//! What is wrong in an input must end the link: exit code 1, nothing on standard output, and a
//! message that names the file and says what to do.

use std::fs;

use crate::build::{Build, LINKS};
use assert_cmd::Command;
use predicates::str::contains;

/// Runs the generator in `build` and expects it to fail with all of `words` in its message.
#[track_caller]
fn fails(build: &Build, words: &[&str]) {
    let mut assert = build.generator().assert().code(1).stdout("");
    for word in words {
        assert = assert.stderr(contains(*word));
    }
    let message = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(
        message.lines().count() == 2 && message.lines().all(|line| line.len() > 20),
        "no remedy: {message}"
    );
    assert!(
        !build.path("modules_thick.builtin").exists(),
        "a file was written in spite of the failure"
    );
}

#[test]
fn an_object_without_a_cmd_file() {
    for link in LINKS {
        let build = Build::of(link);
        fs::remove_file(build.path("drivers/sw/.mac.o.cmd")).unwrap();
        fails(&build, &["drivers/sw/.mac.o.cmd", "not found"]);
    }
}

#[test]
fn an_empty_cmd_file() {
    let build = Build::of("gnu-objects");
    build.write("drivers/sw/.mac.o.cmd", "");
    fails(&build, &["drivers/sw/.mac.o.cmd:1", "savedcmd_"]);
}

#[test]
fn an_unreadable_cmd_file() {
    let build = Build::of("gnu-objects");
    fs::remove_file(build.path("drivers/sw/.mac.o.cmd")).unwrap();
    fs::create_dir(build.path("drivers/sw/.mac.o.cmd")).unwrap();
    fails(&build, &["drivers/sw/.mac.o.cmd"]);
}

#[test]
fn a_command_without_a_module_file() {
    let build = Build::of("gnu-objects");
    build.edit("drivers/sw/.mac.o.cmd", "KBUILD_MODFILE", "KBUILD_OTHER");
    fails(&build, &["drivers/sw/.mac.o.cmd", "KBUILD_MODFILE"]);
}

#[test]
fn a_module_file_that_is_not_ended() {
    let build = Build::of("gnu-objects");
    build.write(
        "drivers/sw/.mac.o.cmd",
        "savedcmd_drivers/sw/mac.o := gcc -DKBUILD_MODFILE='\"drivers/sw",
    );
    fails(&build, &["drivers/sw/.mac.o.cmd:1", "not ended"]);
}

#[test]
fn a_map_that_is_cut_short() {
    for link in LINKS {
        let map = Build::of(link).read("vmlinux1.map");
        for at in [0, 1, map.len() / 2, map.trim_end().len() - 1] {
            let build = Build::of(link);
            build.write("vmlinux1.map", map.get(..at).unwrap());
            fails(&build, &["vmlinux1.map", "build again"]);
        }
    }
}

#[test]
fn a_map_line_of_an_unknown_form() {
    for (link, line) in [
        (
            "gnu-objects",
            " .text          somewhere   0x28 core/head.o",
        ),
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
        build.write("vmlinux1.map", format!("{map}{line}\n"));
        let number = map.lines().count() + usize::from(map.ends_with('\n'));
        fails(&build, &[&format!("vmlinux1.map:{number}: "), line.trim()]);
    }
}

#[test]
fn maps_of_two_links() {
    for (outer, inner) in [
        ("gnu-objects", "gnu-vmlinux_o"),
        ("lld-objects", "lld-vmlinux_o"),
    ] {
        let (build, other) = (Build::of(inner), Build::of(outer));
        // The map of the image instead of vmlinux.o's: its sections are elsewhere and have other
        // sizes.
        build.write("vmlinux.o.map", other.read("vmlinux1.map"));
        let assert = build.generator().assert();
        let code = assert.get_output().status.code();
        assert_eq!(code, Some(1), "{outer}");
    }
}

#[test]
fn a_map_in_another_language() {
    let build = Build::of("gnu-objects");
    build.edit(
        "vmlinux1.map",
        "Linker script and memory map",
        "Script et carte",
    );
    fails(&build, &["vmlinux1.map", "English", "LC_ALL=C"]);
}

#[test]
fn a_missing_input() {
    for file in [
        "vmlinux1",
        "vmlinux1.map",
        "vmlinux1.syms",
        "vmlinux1.kallsyms.S",
        "vmlinux.o.map",
        "modules.builtin",
        "include/config/auto.conf",
    ] {
        let build = Build::of("gnu-vmlinux_o");
        fs::remove_file(build.path(file)).unwrap();
        fails(&build, &[file]);
    }
}

#[test]
fn a_symbol_that_cannot_be_placed() {
    for (line, problem) in [
        // Where the last symbols of two modules' objects meet, and defined by neither.
        (
            "ffffffff8100209b l       .bss\t0000000000000000 stray",
            "that meet there",
        ),
        // Behind what the objects have in the section.
        (
            "ffffffff81001800 l       .data\t0000000000000004 stray",
            "anything there",
        ),
        // Among merged constants.
        (
            "ffffffff81001038 l       .rodata\t0000000000000000 stray",
            "such a constant",
        ),
    ] {
        for link in LINKS {
            let build = Build::of(link);
            build.add_symbol(line);
            fails(&build, &["vmlinux1.map", "stray", problem]);
        }
    }
}

#[test]
fn a_symbol_of_the_listing_that_the_image_does_not_have() {
    let build = Build::of("gnu-objects");
    build.edit("vmlinux1.kallsyms.S", "tcore_main ", "tcore_niam ");
    fails(&build, &["vmlinux1", "core_niam", "not found"]);
}

#[test]
fn a_row_of_the_listing_that_does_not_agree() {
    for (from, to, problem) in [
        // An address that no symbol of the name has.
        (
            "0xffffffbf\t/* tcore_main",
            "0xffffffbe\t/* tcore_main",
            "not found",
        ),
        (
            "0xffffffbf\t/* tcore_main */",
            "0xffffffbf\t/* tcore_main",
            "unknown form",
        ),
        (
            "0xffffffbf\t/* tcore_main",
            "-65\t/* tcore_main",
            "unknown form",
        ),
    ] {
        let build = Build::of("gnu-objects");
        build.edit("vmlinux1.kallsyms.S", from, to);
        fails(&build, &["vmlinux1", problem]);
    }
}

#[test]
fn a_listing_without_addresses() {
    let build = Build::of("gnu-objects");
    build.edit(
        "vmlinux1.kallsyms.S",
        "kallsyms_offsets:",
        "kallsyms_addresses:",
    );
    fails(&build, &["vmlinux1.kallsyms.S", "kallsyms_offsets"]);
}

#[test]
fn a_file_that_is_no_elf_file() {
    for (file, content) in [
        ("vmlinux1", &b"\x7fELF\x01\x01"[..]),
        ("crypto/hash.o", b""),
    ] {
        let build = Build::of("gnu-objects");
        build.write(file, content);
        fails(&build, &[file]);
    }
}

#[test]
fn an_image_without_text() {
    let build = Build::of("gnu-objects");
    build.edit("vmlinux1.map", "_text = .", "_txet = .");
    fails(&build, &["vmlinux1.map", "_text"]);
}

#[test]
fn a_module_name_that_the_loader_would_not_take() {
    let longest = "x".repeat(55);
    let build = Build::of("gnu-objects");
    build.write("modules.builtin", format!("kernel/a/{longest}.ko\n"));
    build.tables();
    for (line, word) in [
        (format!("kernel/a/{longest}x.ko"), "module name"),
        ("a/b.ko".into(), "kernel/PATH.ko"),
    ] {
        let build = Build::of("gnu-objects");
        build.write("modules.builtin", format!("kernel/a/b.ko\n{line}\n"));
        fails(&build, &["modules.builtin:2", word]);
    }
}

#[test]
fn more_modules_at_one_object_than_a_list_holds() {
    for (count, fits) in [(255, true), (256, false)] {
        let build = Build::of("gnu-objects");
        let files: Vec<String> = (0..count).map(|n| format!("m/m{n:03}")).collect();
        build.write(
            "modules.builtin",
            files
                .iter()
                .map(|file| format!("kernel/{file}.ko\n"))
                .collect::<String>(),
        );
        build.edit(
            "drivers/sw/.mac.o.cmd",
            "drivers/net/eth drivers/sw/sw-itch",
            &files.join(" "),
        );
        match fits {
            true => assert!(build.tables().names().starts_with(&[0, 0, 255])),
            false => fails(&build, &["256", "m000", "255"]),
        }
    }
}

#[test]
fn the_command_line() {
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_kallmodsyms"))
            .args(arguments)
            .assert()
    };
    run(&["--help"]).success().stdout(contains("link STEM"));
    run(&["help"]).success().stdout(contains("Exit codes"));
    run(&["link", "--help"])
        .success()
        .stdout(contains("STEM.map"));
    for wrong in [
        &[][..],
        &["nothing"],
        &["link"],
        &["link", "a", "b"],
        &["link", "--fast"],
    ] {
        run(wrong)
            .code(2)
            .stdout("")
            .stderr(contains("kallmodsyms help"));
    }
}
