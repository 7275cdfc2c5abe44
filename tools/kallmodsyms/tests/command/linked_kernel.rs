// SPDX-License-Identifier: GPL-2.0

//! Makes a small build directory: object files that `as` makes, a vmlinux that `ld` links from the object files,
//! and the files that the build writes beside vmlinux.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::show::Place;

/// The name and the source of each object file. Most sizes differ, so that two mistakes do not cancel each other.
const OBJECTS: [(&str, &str); 4] = [
    (
        "fs/a.o",
        ".section .text, \"ax\"; .skip 0x11
         .section .rodata, \"a\"; .skip 7
         .section .data, \"aw\"; .skip 0x30
         .section .bss, \"aw\", %nobits; .skip 0x21
         .section .init.text, \"ax\"; .skip 5
         .section __ex_table, \"a\"; .skip 12
         .section .strings, \"aMS\", %progbits, 1; .asciz \"same\"",
    ),
    (
        "fs/shared.o",
        ".section .text, \"ax\"; .skip 0x23
         .section .data..percpu, \"aw\"; .skip 0x18
         .section .protected, \"aw\"; .skip 9
         .section .strings, \"aMS\", %progbits, 1; .asciz \"same\"",
    ),
    (
        "fs/b.o",
        ".section .text, \"ax\"; .skip 0x101
         .section .text, \"ax\"; .skip 2
         .section .init.data, \"aw\"; .skip 3",
    ),
    (
        "mm/core.o",
        ".section .text, \"ax\"; .skip 0x47
         .section .data, \"aw\"; .skip 1
         .section .bss, \"aw\", %nobits; .skip 0x1000",
    ),
];

/// The linker script. It defines the boundary symbols of the kernel, adds padding in and behind sections, and puts
/// writable data between the boundaries of the read-only data.
const SCRIPT: &str = "
SECTIONS {
    .data..percpu 0 : { __per_cpu_start = .; *(.data..percpu) __per_cpu_end = .; }
    . = 0xffffffff81000000;
    .text : { *(.text) . = ALIGN(64); }
    . = ALIGN(4096);
    .rodata : { __start_rodata = .; *(.rodata) *(.protected) }
    .strings : { *(.strings) }
    __ex_table : {
        __start___ex_table = .; *(__ex_table) __stop___ex_table = .; __end_rodata = .;
    }
    .data : { *(.data) }
    .lookup (NOLOAD) : { orc_lookup = .; . += 40; orc_lookup_end = .; }
    .init.text : { __init_begin = .; *(.init.text) }
    .init.data : { *(.init.data) . = ALIGN(16); __init_end = .; }
    .bss : { *(.bss) . = ALIGN(64); _end = .; }
    /DISCARD/ : { *(.note*) *(.comment) }
}
";

/// `shared.o` is linked into two modules.
const MODULES: &str = "fs/a.o: fs/a.o fs/shared.o\nfs/b-b.o: fs/shared.o fs/b.o\n";

/// Makes the build directory.
pub(crate) fn build() -> Place {
    let place = Place::with(b"");
    let directory = place.directory();
    for (object, source) in OBJECTS {
        let path = directory.join(object);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let assembler = path.with_extension("s");
        fs::write(&assembler, format!("{source}\n")).unwrap();
        run(
            directory,
            "as",
            &["-o", object, assembler.to_str().unwrap()],
        );
    }
    place.write("vmlinux.lds", SCRIPT);
    let mut arguments = vec!["-T", "vmlinux.lds", "-Map", "vmlinux.map", "-o", "vmlinux"];
    arguments.extend(OBJECTS.map(|(object, _)| object));
    run(directory, "ld", &arguments);
    place.write("modules_thick.builtin", MODULES);
    let map = fs::read_to_string(directory.join("vmlinux.map")).unwrap();
    place.write(".tmp_vmlinux.ranges", ranges(&map));
    place
}

/// Runs a program, and returns its output.
pub(crate) fn run(directory: &Path, program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    let output = command.current_dir(directory).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program} (install binutils): {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Makes the file of ranges from a link map. A long section name has its own line in the map:
///
/// ```text
///  .data..percpu
///                 0x0000000000000000       0x18 fs/shared.o
///  .text          0xffffffff81000000       0x11 fs/a.o
///  .strings       0xffffffff81001010        0x5 fs/a.o
///                                           0x6 (size before relaxing)
/// ```
fn ranges(map: &str) -> String {
    let (_, map) = map.split_once("Linker script and memory map").unwrap();
    let words: Vec<&str> = map.split_ascii_whitespace().collect();
    let hexadecimal = |word: &str| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok();
    let mut ranges = Vec::new();
    for window in words.windows(4) {
        let [section, start, size, object] = window else {
            continue;
        };
        let (Some(start), Some(size)) = (hexadecimal(start), hexadecimal(size)) else {
            continue;
        };
        if size > 0 && OBJECTS.iter().any(|(name, _)| name == object) {
            let object = match (*section, *object) {
                (".strings", "fs/a.o") => "-",
                // The linker merged this string with the string of fs/a.o.
                (".strings", _) => continue,
                (_, object) => object,
            };
            ranges.push((
                start,
                format!("{start:016x}-{:016x} {section} {object}\n", start + size),
            ));
        }
    }
    ranges.sort();
    ranges.into_iter().map(|(_, line)| line).collect()
}
