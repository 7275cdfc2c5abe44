// SPDX-License-Identifier: GPL-2.0

//! Tests kernels that store object files.

use predicates::str::contains;

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

/// Checks that `lookup` finds nothing, and says so.
fn not_found(place: &Place, query: &str, message: &'static str) {
    let mut command = place.command(&["lookup", "vmlinux", query]);
    let assert = command.assert().code(3).stdout("");
    assert.stderr(contains(message));
}

/// The name `twin` is in two modules and in two object files.
#[test]
fn symbols_are_found_by_module_and_by_object_file() {
    let place = Place::with(&with_objects().to_elf());
    let (of_b, of_a) = ("10 t twin\t[b] {twin.o}\n", "1000 d twin\t[a] {b/raw}\n");
    let (of_b, of_a) = (
        format!("ffffffff81003000 {of_b}"),
        format!("ffffffff81004000 {of_a}"),
    );
    for (query, lines) in [
        ("twin", format!("{of_b}{of_a}")),
        ("b:twin", of_b.clone()),
        ("a:twin", of_a.clone()),
        ("drivers/b/twin.o:twin", of_b.clone()),
        ("twin.o:twin", of_b),
        ("b/raw:twin", of_a.clone()),
        ("raw:twin", of_a),
        (
            "c_d:shared",
            "ffffffff81000080 2abc T shared\t[b] [c_d]\n".into(),
        ),
    ] {
        assert_eq!(
            place.output(&["lookup", "vmlinux", query]),
            lines,
            "{query}"
        );
    }
    for query in [
        "in.o:twin",
        "drivers/b:twin",
        "/drivers/b/twin.o:twin",
        "c_d:twin",
        ":twin",
        "b:",
    ] {
        not_found(&place, query, "no symbol is found for");
    }
}

/// If a query has the whole path of an object file, longer paths with the same end do not count.
#[test]
fn the_whole_path_of_an_object_file_comes_first() {
    let place = Place::with(
        b"ffffffff81000000 10 t twin\t{lib/a.o}\n\
          ffffffff81000010 10 t twin\t{x/lib/a.o}\n\
          ffffffff81000020 0 B _end\n",
    );
    for (query, addresses) in [
        ("lib/a.o:twin", &["ffffffff81000000"][..]),
        ("x/lib/a.o:twin", &["ffffffff81000010"]),
        ("a.o:twin", &["ffffffff81000000", "ffffffff81000010"]),
    ] {
        let lines = place.output(&["lookup", "vmlinux", query]);
        let found = lines.lines().map(|line| &line[..16]);
        assert_eq!(found.collect::<Vec<_>>(), addresses, "{query}");
    }
    not_found(
        &place,
        "b/a.o:twin",
        "The object files of this kernel are not known",
    );
}

/// The object files come from the tables, not from the ranges beside vmlinux, which contradict the tables here.
#[test]
fn json_has_the_whole_path_of_the_tables() {
    let place = Place::with(&with_objects().to_elf());
    place.write(
        ".tmp_vmlinux.ranges",
        "ffffffff81003000-ffffffff81005000 .text wrong.o\n",
    );
    let objects = |arguments: &[&str]| -> Vec<(String, String)> {
        let json = place.output(&[arguments, &["--json"]].concat());
        let answers: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        let text = |answer: &serde_json::Value, field: &str| {
            answer[field].as_str().unwrap_or("-").to_owned()
        };
        let answers = answers.iter();
        answers
            .map(|answer| (text(answer, "name"), text(answer, "object")))
            .collect()
    };
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let pairs = pairs.iter();
        pairs.map(|&(a, b)| (a.into(), b.into())).collect()
    };
    assert_eq!(
        objects(&[
            "show",
            "vmlinux",
            "--range",
            "ffffffff81003000-ffffffff81006000"
        ]),
        pairs(&[
            ("label", "drivers/b/b.o"),
            ("twin", "drivers/b/twin.o"),
            ("twin", "drivers/b/raw"),
            ("_end", "-"),
        ])
    );
    assert_eq!(
        objects(&["lookup", "vmlinux", "startup", "b:twin", "startup+0x1"]),
        pairs(&[
            ("startup", "init/main.o"),
            ("twin", "drivers/b/twin.o"),
            ("_text", "init/main.o"),
        ])
    );
}

/// A kernel that stores object files needs no file beside it.
#[test]
fn texts_have_object_files() {
    let place = Place::with(&with_objects().to_elf());
    let text = " shared+0x10/0x2abc\n";
    place.write("text", text);
    let marked = place.output(&["annotate", "vmlinux", "text", "--objects"]);
    assert_eq!(marked, " shared+0x10/0x2abc [b] [c_d] {drivers/b/b.o}\n");
    let table = place.output(&["count", "vmlinux", "text", "--by", "object"]);
    assert!(table.contains(" drivers/b/b.o\n"), "{table}");
}

#[test]
fn a_dump_has_the_tables_of_object_files() {
    let place = Place::with(&core(&with_objects()));
    assert_eq!(place.output(&["show", "vmlinux"]), moved(&lines()));
}

/// The memory ends before the last table of object files.
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
        ("kallsyms_object_markers", "marker 0 does not fit its block"),
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
