// SPDX-License-Identifier: GPL-2.0

//! Tests the files that all commands accept, and the files that all commands refuse.

use predicates::str::contains;

use crate::kernel::Vmlinux;
use crate::linked_kernel::run;
use crate::modules::LOADED;
use crate::raw_image::{arm64_image, image_lines, zboot};
use crate::show::{Place, LINES};
use crate::vmlinuz::{compressed, refused, vmlinuz};

/// Arguments of each command. `K` stands for the file with the kernel.
const REQUESTS: [&[&str]; 7] = [
    &["show", "K"],
    &["show", "K", "--json"],
    &["lookup", "K", "b_open+0x1", "twin"],
    &["modules", "K", "-1"],
    &["sizes", "K"],
    &["annotate", "K", "text"],
    &["count", "K", "text"],
];

fn request(arguments: &[&'static str], kernel: &'static str) -> Vec<&'static str> {
    let mut arguments = arguments.to_vec();
    arguments[1] = kernel;
    arguments
}

#[test]
fn every_command_accepts_every_source() {
    let vmlinux = Vmlinux::unrelocated();
    let elf = vmlinux.to_elf();
    let image = arm64_image(&vmlinux);
    let place = Place::with(&elf);
    let stripped = Vmlinux {
        is_stripped: true,
        ..vmlinux
    };
    let gzip = |data: &[u8]| compressed("gzip", data).unwrap();
    place.write("listing", image_lines());
    place.write("stripped", stripped.to_elf());
    place.write("vmlinuz", vmlinuz(&gzip(&stripped.to_elf())));
    place.write("vmlinux.gz", gzip(&elf));
    place.write("listing.gz", gzip(image_lines().as_bytes()));
    place.write("Image", &image);
    place.write("Image.gz", gzip(&image));
    place.write("vmlinuz.efi", zboot("gzip", &gzip(&image)));
    place.write("text", " b_open+0x1\n twin+0x1\n");
    for arguments in REQUESTS {
        let expected = place.output(&request(arguments, "listing"));
        assert!(expected.contains('b'), "{arguments:?}: {expected}");
        for source in [
            "vmlinux",
            ".",
            "stripped",
            "vmlinuz",
            "vmlinux.gz",
            "listing.gz",
            "Image",
            "Image.gz",
            "vmlinuz.efi",
        ] {
            // A source with sections also has rows for bytes without a symbol.
            let has_sections = !source.contains("Image") && !source.contains("efi");
            if arguments[0] == "sizes" && has_sections && !source.contains("listing") {
                place.output(&request(arguments, source));
                continue;
            }
            let output = place.output(&request(arguments, source));
            assert_eq!(output, expected, "{arguments:?} {source}");
        }
    }
}

#[test]
fn each_command_refuses_files_without_a_kernel() {
    let place = Place::with(b"");
    place.write("text", " b_open+0x1\n");
    std::fs::create_dir(place.directory().join("directory")).unwrap();
    let without_option: Vec<String> = LINES
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split([' ', '\t']).collect();
            format!("{} {} {}\n", fields[0], fields[2], fields[3])
        })
        .collect();
    place.write("kallsyms", without_option.concat());
    place.write("uImage", b"\x27\x05\x19\x56 and more");
    place.write("image.fit", b"\xd0\x0d\xfe\xed and more");
    place.write("boot.img", b"ANDROID! and more");
    place.write("zeros", [0; 5000]);
    for (file, problem) in [
        ("vmlinux", "vmlinux: this is neither a kernel nor a saved"),
        ("text", "text: this is neither a kernel nor a saved"),
        ("zeros", "zeros: this is neither a kernel nor a saved"),
        ("directory", "directory/vmlinux: No such file"),
        ("missing", "missing: No such file"),
        ("kallsyms", "kallsyms: this is a copy of /proc/kallsyms"),
        ("uImage", "a uImage of U-Boot"),
        ("image.fit", "an image tree of U-Boot"),
        ("boot.img", "a boot image of Android"),
    ] {
        for arguments in REQUESTS {
            refused(place.command(&request(arguments, file)), problem);
        }
    }
}

#[test]
fn a_file_with_only_debugging_information_is_refused() {
    let place = Place::with(&Vmlinux::new().to_elf());
    let arguments = ["--only-keep-debug", "vmlinux", "vmlinux.debug"];
    run(place.directory(), "objcopy", &arguments);
    for arguments in [
        &["show", "vmlinux.debug"][..],
        &["lookup", "vmlinux.debug", "b_open"],
    ] {
        let problem = "vmlinux.debug: this file has only debugging information";
        refused(place.command(arguments), problem);
    }
}

#[test]
fn show_and_lookup_accept_a_saved_listing() {
    let place = Place::with(b"");
    let all = format!("{LINES}{LOADED}");
    place.write("listing", &all);
    assert_eq!(place.output(&["show", "listing"]), all);
    let range = [
        "show",
        "listing",
        "--range=ffffffff81000060-ffffffff81000080",
    ];
    assert_eq!(place.output(&range), "ffffffff81000060 20 t b_open\t[b]\n");
    let kallsyms = place.output(&["show", "listing", "--format=kallsyms"]);
    assert!(
        kallsyms.contains("\nffffffffc0000000 t l_init\n"),
        "{kallsyms}"
    );
    // The per-cpu area does not move.
    let moved = LINES.replace("ffffffff810", "ffffffff912");
    place.write("listing", LINES);
    let arguments = ["--offset=0x10200000", "listing"];
    assert_eq!(place.output(&[&["show"], &arguments[..]].concat()), moved);
    let found = place.output(&[&["lookup"], &arguments[..], &["b_open"]].concat());
    assert_eq!(found, "ffffffff91200060 20 t b_open\t[b]\n");

    let mut none = place.command(&["show", "listing", "--range", "1-2"]);
    let problem = contains("listing: --range and --object select no symbol");
    none.assert().code(3).stdout("").stderr(problem);
    let object = place.command(&["show", "listing", "--object=fs/a.o"]);
    refused(object, "does not tell the object file");
    place.write("listing", LINES.replace("20 t b_open", "b_open"));
    for arguments in REQUESTS {
        let problem = "listing:6: this is no line of /proc/kallmodsyms";
        refused(place.command(&request(arguments, "listing")), problem);
    }
}
