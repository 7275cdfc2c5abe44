// SPDX-License-Identifier: GPL-2.0

//! Tests `kallmodsyms modules`, which lists the built-in modules of a kernel.

use predicates::str::contains;

use crate::kernel::{Vmlinux, TEXT};
use crate::show::{Place, LINES};

/// Lines of two loaded modules, of BPF and of kprobes. The loaded module `a` has the name of a built-in module.
pub(crate) const LOADED: &str = "\
ffffffffc0000000 10 t l_init\t[l]
ffffffffc0000010 8 t a_init\t[a]
ffffffffc0001000 18 t bpf_prog_1\t[bpf]
ffffffffc0002000 1000 t kprobe_insn_page\t[__builtin__kprobes]
";

fn listing(lines: &str) -> Place {
    let place = Place::with(b"");
    place.write("listing", lines);
    place
}

#[test]
fn every_source_gives_the_same_module_names() {
    let place = listing(&format!("{LINES}{LOADED}"));
    place.write("vmlinux", Vmlinux::new().to_elf());
    let stripped = Vmlinux {
        is_stripped: true,
        ..Vmlinux::new()
    };
    place.write("stripped", stripped.to_elf());
    for source in ["listing", "vmlinux", "stripped", "."] {
        assert_eq!(place.output(&["modules", source, "-1"]), "a\nb\nc_d\n");
    }
}

#[test]
fn a_shared_symbol_counts_in_each_of_its_modules() {
    let place = listing(LINES);
    assert_eq!(
        place.output(&["modules", "listing"]),
        "\
symbols objects bytes module
      2       -  4144 a
      3       - 10988 b
      1       - 10940 c_d
"
    );
}

#[test]
fn loaded_option_adds_the_loaded_modules() {
    let place = listing(&format!("{LINES}{LOADED}"));
    assert_eq!(
        place.output(&["modules", "listing", "--loaded"]),
        "\
symbols objects bytes module
      2       -  4144 a
      1       -     8 a (loaded)
      3       - 10988 b
      1       - 10940 c_d
      1       -    16 l (loaded)
"
    );
    let names = place.output(&["modules", "listing", "--loaded", "-1"]);
    assert_eq!(names, "a\nb\nc_d\nl\n");
}

#[test]
fn a_build_directory_adds_the_number_of_object_files() {
    let place = Place::with(&Vmlinux::new().to_elf());
    place.write(
        "modules_thick.builtin",
        "b/b.o: b/b.o b/s.o\nc-d.o: b/s.o\nd.o:\n",
    );
    let (start, end) = (TEXT + 0x20_0000, TEXT + 0x20_0008);
    place.write(
        ".tmp_vmlinux.ranges",
        format!("{start:x}-{end:x} .rodata b/s.o\n"),
    );
    let json = place.output(&["modules", ".", "--json"]);
    assert_eq!(
        json,
        r#"[
{"name":"a","loaded":false,"symbols":2,"objects":null,"bytes":0},
{"name":"b","loaded":false,"symbols":3,"objects":2,"bytes":8},
{"name":"c_d","loaded":false,"symbols":1,"objects":1,"bytes":8},
{"name":"d","loaded":false,"symbols":0,"objects":0,"bytes":0}
]
"#
    );
    assert_eq!(place.output(&["modules", "vmlinux", "--json"]), json);
}

/// A reader without privilege sees zeros as addresses and sizes.
#[test]
fn a_listing_without_addresses_has_modules_but_no_bytes() {
    let lines = LINES.lines().map(|line| {
        let mut fields = line.splitn(3, ' ');
        let fields = fields.nth(2).unwrap();
        format!("0000000000000000 0 {fields}\n")
    });
    let place = listing(&lines.collect::<String>());
    let table = place.output(&["modules", "listing"]);
    assert!(table.contains("\n      3       -     - b\n"), "{table}");
    place
        .command(&["sizes", "listing"])
        .assert()
        .code(1)
        .stderr(contains("listing: all addresses and sizes are 0"));
}

#[test]
fn other_files_are_refused() {
    let place = listing("0000000000000000 A __per_cpu_start\n");
    for command in ["modules", "sizes"] {
        for (source, problem) in [
            ("listing", "listing: this is a copy of /proc/kallsyms"),
            ("vmlinux", "vmlinux: this is neither a kernel nor"),
            ("missing", "missing: No such file"),
            ("/dev/null", "/dev/null: this is not a regular file"),
        ] {
            let mut program = place.command(&[command, source]);
            program.assert().code(1).stderr(contains(problem));
        }
    }
}
