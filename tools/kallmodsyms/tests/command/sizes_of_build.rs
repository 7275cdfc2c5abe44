// SPDX-License-Identifier: GPL-2.0

//! Tests `kallmodsyms sizes` of a build directory, which has a file of ranges and their object files.

use std::collections::BTreeMap;

use predicates::str::contains;
use serde_json::Value;

use crate::linked_kernel::{build, run};
use crate::show::Place;

fn rows_of(place: &Place, by: &str) -> Vec<Value> {
    let json = place.output(&["sizes", ".", "--by", by, "--json"]);
    serde_json::from_str(&json).unwrap()
}

/// The sizes of the sections of a file, as `size -A -d` prints them.
///
/// ```text
/// section              size                   addr
/// .text                 448   18446744071578845184
/// Total                5009
/// ```
fn sections(place: &Place, file: &str) -> BTreeMap<String, u64> {
    let table = run(place.directory(), "size", &["-A", "-d", file]);
    let rows = table
        .lines()
        .map(|line| line.split_ascii_whitespace().collect());
    rows.filter_map(|row: Vec<&str>| Some((row.first()?.to_string(), row.get(1)?.parse().ok()?)))
        .collect()
}

#[test]
fn rows_add_up_to_the_sections_of_vmlinux() {
    let place = build();
    let total = sections(&place, "vmlinux")["Total"];
    for by in ["module", "object", "path"] {
        let rows = rows_of(&place, by);
        let sum: u64 = rows.iter().map(|row| row["total"].as_u64().unwrap()).sum();
        assert_eq!(sum, total, "--by {by}");
    }
}

#[test]
fn text_of_a_module_is_the_text_of_its_object_files() {
    let place = build();
    let text = |object: &str| sections(&place, object)[".text"];
    let rows = rows_of(&place, "module");
    for (modules, objects) in [
        (&["a"][..], ["fs/a.o"]),
        (&["b_b"], ["fs/b.o"]),
        (&["a", "b_b"], ["fs/shared.o"]),
    ] {
        let row = rows
            .iter()
            .find(|row| row["modules"] == serde_json::json!(modules))
            .unwrap();
        let sum: u64 = objects.into_iter().map(text).sum();
        assert_eq!(row["text"], sum, "{modules:?}");
    }
}

#[test]
fn section_flags_and_boundary_symbols_give_the_class_of_a_byte() {
    let place = build();
    let table = place.output(&["sizes", ".", "--by", "object"]);
    // The assembler and the linker choose the padding, so `exact` has neither its row nor the total.
    let is_exact = |line: &&str| !line.ends_with("(padding)") && !line.ends_with(" total");
    let exact = table.lines().filter(is_exact);
    let rows = [
        "text rodata data  bss init percpu extable unwind total object",
        "  71      0    1 4096    0      0       0      0  4168 mm/core.o",
        " 259      0    0    0    3      0       0      0   262 fs/b.o [b_b]",
        "  17      7   48   33    5      0      12      0   122 fs/a.o [a]",
        "  35      9    0    0    0     24       0      0    68 fs/shared.o [a] [b_b]",
        "   0      5    0    0    0      0       0      0     5 (merged)",
    ];
    assert_eq!(exact.collect::<Vec<_>>(), rows);
    let padding = rows_of(&place, "object");
    let padding = padding.iter().find(|row| row["object"] == "(padding)");
    assert_eq!(
        padding.unwrap()["unwind"],
        40,
        "the space that the linker script reserves"
    );
}

#[test]
fn object_files_in_no_module_have_the_rows_of_their_directories() {
    let place = build();
    let labels = |by: &str| {
        let table = place.output(&["sizes", ".", "--by", by]);
        let labels = table.lines().skip(1).map(|line| {
            let mut words = line.split_ascii_whitespace();
            let labels = words
                .by_ref()
                .skip_while(|word| word.parse::<u64>().is_ok());
            labels.collect::<Vec<_>>().join(" ")
        });
        labels.collect::<Vec<_>>()
    };
    let modules = ["mm/", "b_b", "a", "(padding)", "a b_b", "(merged)", "total"];
    assert_eq!(labels("module"), modules);
    assert_eq!(
        labels("path"),
        ["mm/", "fs/", "(padding)", "(merged)", "total"]
    );
    let fs = &rows_of(&place, "path")[1];
    assert_eq!(fs["modules"], serde_json::json!(["a", "b_b"]));
}

#[test]
fn damaged_ranges_and_ranges_of_another_link_are_refused() {
    let place = build();
    let ranges = std::fs::read_to_string(place.directory().join(".tmp_vmlinux.ranges")).unwrap();
    let first = ranges.lines().find(|line| line.contains(".text")).unwrap();
    let (start, _) = first.split_once('-').unwrap();
    for (changed, problem) in [
        (
            ranges.replacen("ffffffff8", "ffffffff7", 1),
            "are not in the sections of vmlinux",
        ),
        (String::new(), "are not in the sections of vmlinux"),
        (
            format!("{ranges}{first}\n"),
            "the address is below the end of the line before",
        ),
        (
            ranges.replace(first, start),
            "not two addresses, a section and an object",
        ),
        (
            ranges.replace(first, &format!("{start}-{start} .text a.o")),
            "not two addresses",
        ),
    ] {
        place.write(".tmp_vmlinux.ranges", changed);
        let mut sizes = place.command(&["sizes", "."]);
        sizes.assert().code(1).stderr(contains(problem));
    }
    std::fs::remove_file(place.directory().join("modules_thick.builtin")).unwrap();
    let mut sizes = place.command(&["sizes", "."]);
    sizes
        .assert()
        .code(1)
        .stderr(contains("modules_thick.builtin: No such file"));
}
