// SPDX-License-Identifier: GPL-2.0

//! Tests kernels that store object files.

use crate::dump::{core, moved, Core};
use crate::kernel::Vmlinux;
use crate::show::{Place, LINES};
use crate::vmlinuz::refused;

fn with_objects() -> Vmlinux {
    Vmlinux {
        has_objects: true,
        ..Vmlinux::new()
    }
}

/// The lines of [`with_objects`].
fn lines() -> String {
    let lines = LINES.replace("10 t twin\t[b]", "10 t twin\t[b] {twin.o}");
    lines.replace("1000 d twin\t[a]", "1000 d twin\t[a] {b/raw}")
}

#[test]
fn lines_have_the_braces_of_the_tables() {
    for has_sizes in [true, false] {
        for is_stripped in [true, false] {
            let vmlinux = Vmlinux {
                has_sizes,
                is_stripped,
                ..with_objects()
            };
            let lines = lines();
            let shown = Place::with(&vmlinux.to_elf()).output(&["show", "vmlinux"]);
            let names = |text: &str| -> Vec<String> {
                let lines = text.lines();
                let names = lines.map(|line| line.splitn(3, ' ').nth(2).unwrap().to_owned());
                names.collect()
            };
            assert_eq!(names(&shown), names(&lines));
            assert_eq!(shown == lines, has_sizes);
        }
    }
}

#[test]
fn symbols_are_selected_by_object_file_and_directory() {
    let place = Place::with(&with_objects().to_elf());
    for (object, names) in [
        ("init/main.o", &["_text", "startup"][..]),
        ("./drivers/b/b.o", &["b_open", "shared", "label"]),
        ("drivers/b/raw", &["twin"]),
        ("drivers/", &["b_open", "shared", "label", "twin", "twin"]),
    ] {
        let lines = place.output(&["show", "vmlinux", "--object", object]);
        let shown = lines
            .lines()
            .map(|line| line.split([' ', '\t']).nth(3).unwrap());
        assert_eq!(shown.collect::<Vec<_>>(), names, "{object}");
    }
    for object in ["drivers/b", "b.o", "drivers/b/b"] {
        let command = place.command(&["show", "vmlinux", "--object", object]);
        refused(command, "no symbol of the kernel is from");
    }
}

#[test]
fn a_dump_has_the_tables_of_object_files() {
    let place = Place::with(&core(&with_objects()));
    assert_eq!(place.output(&["show", "vmlinux"]), moved(&lines()));
}

/// Without the last table, the scanner does not find the tables of object files.
#[test]
fn a_dump_that_lacks_a_table_of_object_files_is_refused() {
    let mut core = Core::of(&with_objects());
    let length = core.memory.len() - 24;
    core.memory.truncate(length);
    let place = Place::with(&core.file());
    refused(place.command(&["show", "vmlinux"]), "where the tables are");
}

#[test]
fn damaged_tables_of_object_files_are_refused() {
    let vmlinux = with_objects();
    let (rodata, tables) = vmlinux.rodata(0);
    for (table, problem) in [
        ("kallsyms_object_runs", "bad run of symbol 0"),
        (
            "kallsyms_object_markers",
            "marker 0 does not point at its block",
        ),
        ("kallsyms_object_names", "bad name of object file 0"),
        ("kallsyms_object_dir_starts", "out of order"),
    ] {
        let mut elf = vmlinux.to_elf();
        let at = elf.windows(rodata.len()).position(|bytes| bytes == rodata);
        let (_, place) = tables.iter().find(|(name, _)| *name == table).unwrap();
        elf[at.unwrap() + *place as usize] = 1;
        let place = Place::with(&elf);
        refused(place.command(&["show", "vmlinux"]), problem);
    }
}
