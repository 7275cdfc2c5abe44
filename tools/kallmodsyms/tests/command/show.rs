// SPDX-License-Identifier: GPL-2.0

//! Tests `kallmodsyms show`, which prints the lines of a kernel from its vmlinux.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use tempfile::TempDir;

use crate::kernel::{Vmlinux, TEXT};

/// The lines of the kernel of `Vmlinux::new()`.
pub(crate) const LINES: &str = "\
0000000000000000 0 A __per_cpu_start
0000000000000000 30 A of_a\t[a]
0000000000000040 8 A percpu
ffffffff81000000 0 T _text
ffffffff81000000 56 T startup
ffffffff81000060 20 t b_open\t[b]
ffffffff81000080 2abc T shared\t[b] [c_d]
ffffffff81003000 0 T label
ffffffff81003000 10 t twin\t[b]
ffffffff81004000 1000 d twin\t[a]
ffffffff81005000 0 B _end
";

/// A temporary directory with a file `vmlinux`.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn with(file: &[u8]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write("vmlinux", file);
        place
    }

    pub(crate) fn write(&self, name: &str, file: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), file).unwrap();
    }

    pub(crate) fn directory(&self) -> &Path {
        self.0.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kallmodsyms"));
        command.current_dir(self.0.path()).args(arguments);
        command
    }

    /// Runs a command that must succeed, and returns its output.
    pub(crate) fn output(&self, arguments: &[&str]) -> String {
        let assert = self.command(arguments).assert().success().stderr("");
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    }
}

#[test]
fn the_lines_are_the_lines_of_the_kernel() {
    let place = Place::with(&Vmlinux::new().to_elf());
    assert_eq!(place.output(&["show", "vmlinux"]), LINES);
}

#[test]
fn a_vmlinux_needs_no_symbols() {
    for has_sizes in [true, false] {
        let vmlinux = Vmlinux {
            has_sizes,
            bounds: Vec::new(),
            ..Vmlinux::new()
        };
        let stripped = Vmlinux {
            is_stripped: true,
            ..vmlinux.clone()
        };
        let lines = Place::with(&vmlinux.to_elf()).output(&["show", "vmlinux"]);
        assert_eq!(lines == LINES, has_sizes);
        let place = Place::with(&stripped.to_elf());
        assert_eq!(place.output(&["show", "vmlinux"]), lines);
    }
}

/// A symbol and the ELF header number sections in 16 bits, but a file can have more sections.
#[test]
fn sections_whose_numbers_do_not_fit_in_16_bits() {
    const SECTIONS: usize = 70_000;
    let stripped = Vmlinux {
        other_sections: SECTIONS,
        is_stripped: true,
        ..Vmlinux::new()
    };
    // The addresses of this kernel follow only from the ELF symbol _stext.
    let unrelocated = Vmlinux {
        other_sections: SECTIONS,
        ..Vmlinux::unrelocated().with_stext()
    };
    let image: String = LINES.split_inclusive('\n').skip(3).collect();
    let image = image.replace("_text", "_stext");
    for (vmlinux, lines) in [(stripped, LINES), (unrelocated, image.as_str())] {
        let file = vmlinux.to_elf();
        assert_eq!(
            file[60..64],
            [0, 0, 0xff, 0xff],
            "the number of sections fits in the ELF header"
        );
        assert_eq!(Place::with(&file).output(&["show", "vmlinux"]), lines);
    }
}

#[test]
fn tables_are_found_in_a_section_of_any_name() {
    let stripped = Vmlinux {
        is_stripped: true,
        section: "constants",
        ..Vmlinux::new()
    };
    let place = Place::with(&stripped.to_elf());
    assert_eq!(place.output(&["show", "vmlinux"]), LINES);
}

#[test]
fn tables_in_the_form_of_linux_7_3() {
    let all: Vec<&str> = LINES.split_inclusive('\n').collect();
    for is_stripped in [false, true] {
        // The alignment of the tables depends on the number of symbols.
        for symbols in 5..=8 {
            let mut vmlinux = Vmlinux {
                is_stripped,
                ..Vmlinux::relative()
            };
            vmlinux.symbols.truncate(symbols);
            vmlinux
                .exceptions
                .retain(|&(index, _)| index < symbols as u32);
            let place = Place::with(&vmlinux.to_elf());
            let expected = all[3..3 + symbols].concat();
            assert_eq!(place.output(&["show", "vmlinux"]), expected);
        }
    }
    let place = Place::with(&Vmlinux::relative().to_elf());
    let moved = all[3..].concat().replace("ffffffff810", "ffffffff912");
    let arguments = ["show", "--offset=0x10200000", "vmlinux"];
    assert_eq!(place.output(&arguments), moved);
}

#[test]
fn an_image_without_its_link_address() {
    let image: String = LINES.split_inclusive('\n').skip(3).collect();
    let start = "ffffffff80fff000 40 T _start\n";
    for is_stripped in [false, true] {
        let mut vmlinux = Vmlinux {
            is_stripped,
            ..Vmlinux::unrelocated()
        };
        let shown = |vmlinux: &Vmlinux, arguments: &[&str]| {
            Place::with(&vmlinux.to_elf()).output(&[&["show", "vmlinux"], arguments].concat())
        };
        assert_eq!(shown(&vmlinux, &[]), image);
        vmlinux.add_start();
        let whole = start.to_owned() + &image;
        assert_eq!(shown(&vmlinux, &[]), whole);
        let moved = whole.replace("ffffffff80f", "ffffffff911");
        let moved = moved.replace("ffffffff810", "ffffffff912");
        assert_eq!(shown(&vmlinux, &["--offset=0x10200000"]), moved);
    }
}

/// Without `KALLSYMS_ALL`, kallsyms of arm64 does not list `_text`.
#[test]
fn an_image_without_its_link_address_and_without_the_symbol_text() {
    let image: String = LINES.split_inclusive('\n').skip(3).collect();
    let vmlinux = Vmlinux::unrelocated().with_stext();
    let place = Place::with(&vmlinux.to_elf());
    let image = image.replace(" _text", " _stext");
    assert_eq!(place.output(&["show", "vmlinux"]), image);
    let moved = place.output(&["show", "--offset", "1000000", "vmlinux"]);
    assert_eq!(moved, image.replace("ffffffff81", "ffffffff82"));
}

#[test]
fn a_symbol_before_the_symbol_text_in_the_form_of_linux_7_3() {
    let mut vmlinux = Vmlinux::relative();
    vmlinux.add_start();
    let lines = Place::with(&vmlinux.to_elf()).output(&["show", "vmlinux"]);
    let image: String = LINES.split_inclusive('\n').skip(3).collect();
    assert_eq!(lines, "ffffffff80fff000 40 T _start\n".to_owned() + &image);
}

#[test]
fn without_sizes_the_distance_to_the_next_symbol_is_shown() {
    let vmlinux = Vmlinux {
        has_sizes: false,
        bounds: vec![("_end", TEXT + 0x5100)],
        ..Vmlinux::new()
    };
    let lines = Place::with(&vmlinux.to_elf()).output(&["show", "vmlinux"]);
    let sizes: Vec<&str> = lines
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    let expected = [
        "40", "40", "0", "60", "60", "20", "2f80", "1000", "1000", "1000", "100",
    ];
    assert_eq!(sizes, expected);
}

#[test]
fn offset_option_moves_all_addresses_except_the_percpu_area() {
    let place = Place::with(&Vmlinux::new().to_elf());
    let moved = LINES.replace("ffffffff810", "ffffffff912");
    let arguments = ["show", "--offset=0x10200000", "vmlinux"];
    assert_eq!(place.output(&arguments), moved);
}

#[test]
fn formats_kallsyms_kallsyms_modules_and_json() {
    let place = Place::with(&Vmlinux::new().to_elf());
    let kallsyms = place.output(&["show", "--format", "kallsyms", "vmlinux"]);
    let expected: Vec<String> = LINES
        .lines()
        .map(|line| {
            let symbol = line.split('\t').next().unwrap();
            let fields: Vec<&str> = symbol.split(' ').collect();
            format!("{} {} {}\n", fields[0], fields[2], fields[3])
        })
        .collect();
    let expected = expected.concat();
    assert_eq!(kallsyms, expected);

    let with_modules = place.output(&["show", "--format=kallsyms-modules", "vmlinux"]);
    assert!(with_modules.contains("\nffffffff81000080 T shared\t[b]\n"));
    assert_eq!(
        with_modules.replace("\t[a]", "").replace("\t[b]", ""),
        expected
    );

    let json = place.output(&["show", "vmlinux", "--json"]);
    assert_eq!(json.lines().count(), LINES.lines().count() + 2);
    let shared = r#"{"address":"0xffffffff81000080","size":10940,"type":"T","name":"shared","modules":["b","c_d"]},"#;
    assert!(json.starts_with("[\n{") && json.ends_with("}\n]\n"));
    assert!(json.contains(&format!("\n{shared}\n")), "{json}");
    assert!(json.contains(r#""name":"_end","modules":[]}"#), "{json}");
}

#[test]
fn range_option_selects_symbols() {
    let place = Place::with(&Vmlinux::new().to_elf());
    let lines: Vec<&str> = LINES.lines().collect();
    let shown = |arguments: &[&str]| {
        let output = place.output(&[&["show", "vmlinux"], arguments].concat());
        output.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        shown(&["--range", "ffffffff81000060-0xffffffff81003000"]),
        lines[5..7]
    );
    let two = ["--range=0-1", "--range=ffffffff81005000-ffffffff81005001"];
    assert_eq!(shown(&two), [lines[0], lines[1], lines[10]]);
    let mut none = place.command(&["show", "vmlinux", "--range", "1-2"]);
    none.assert()
        .code(3)
        .stdout("")
        .stderr(contains("no symbol"));
}

/// The file of ranges for the kernel of `Vmlinux::new()`.
const RANGES: &str = "\
0000000000000000-0000000000000040 .data..percpu a/main.o
ffffffff81000000-ffffffff81000060 .text head.o
ffffffff81000060-ffffffff81000080 .text b/open.o
ffffffff81000080-ffffffff81003000 .text b/shared.o
ffffffff81004000-ffffffff81005000 .data a/main.o
";

#[test]
fn object_option_selects_symbols_by_the_file_of_ranges() {
    let place = Place::with(&Vmlinux::new().to_elf());
    place.write(".tmp_vmlinux.ranges", RANGES);
    let lines: Vec<&str> = LINES.lines().collect();
    let of_a = [lines[0], lines[1], lines[9], ""].join("\n");
    assert_eq!(
        place.output(&["show", "vmlinux", "--object", "a/main.o"]),
        of_a
    );
    // --offset does not move the per-cpu variables of a/main.o.
    let moved = of_a.replace("ffffffff81004000", "ffffffff81005000");
    let arguments = ["show", "./vmlinux", "--object=./a/main.o", "--offset=1000"];
    assert_eq!(place.output(&arguments), moved);
    let arguments = ["show", "vmlinux", "--object=b/open.o", "--offset=1000"];
    assert_eq!(
        place.output(&arguments),
        "ffffffff81001060 20 t b_open\t[b]\n"
    );

    let none = ["show", "vmlinux", "--object", "c/main.o"];
    place
        .command(&none)
        .assert()
        .code(1)
        .stdout("")
        .stderr(contains(
            ".tmp_vmlinux.ranges: no part of the kernel is from 'c/main.o'",
        ));
    place.write(
        ".tmp_vmlinux.ranges",
        RANGES.replace("ffffffff81000080 .text", "and .text"),
    );
    place
        .command(&none)
        .assert()
        .code(1)
        .stderr(contains(".tmp_vmlinux.ranges:3: not two addresses"));
}

#[test]
fn object_option_without_the_file_of_ranges_names_a_remedy() {
    let place = Place::with(&Vmlinux::new().to_elf());
    let mut command = place.command(&["show", "vmlinux", "--object", "a/main.o"]);
    let says = contains(".tmp_vmlinux.ranges: No such file").and(contains("build directory"));
    command.assert().code(1).stdout("").stderr(says);
}
