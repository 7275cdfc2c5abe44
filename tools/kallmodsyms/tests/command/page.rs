// SPDX-License-Identifier: GPL-2.0

//! Tests `kallmodsyms sizes --html`: the data in the page, and the file of the page.

use std::collections::BTreeMap;
use std::fs;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::Value;

use crate::kernel::{Vmlinux, A, NONE, TEXT};
use crate::show::{Place, LINES};
use crate::sizes::two_kernels;

/// A symbol name that ends the element with the data, unless the page escapes the name.
pub(crate) const ELEMENT: &str = "</script><script>document.title='broken'</script>";

/// A listing with the symbol [`ELEMENT`].
pub(crate) fn with_element() -> Place {
    let place = Place::with(b"");
    let data = "ffffffff81004000 1000 d twin";
    let symbol = format!("ffffffff81003010 20 t {ELEMENT}\n{data}");
    place.write("listing", LINES.replace(data, &symbol));
    place
}

/// The data in a page.
fn data(page: &str) -> Value {
    let (_, data) = page.split_once("id=\"data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

/// The names of the leaves. The page stores only the end of a name that begins like the name before it.
fn names(data: &Value) -> Vec<String> {
    let shared = data["leaves"]["shared"].as_str().unwrap().bytes();
    let ends = data["leaves"]["names"].as_array().unwrap();
    let mut names = Vec::<String>::new();
    for (shared, end) in shared.zip(ends) {
        let before = names.last().cloned().unwrap_or_default();
        names.push(before[..usize::from(shared - b'?')].to_owned() + end.as_str().unwrap());
    }
    names
}

fn numbers(column: &Value) -> Vec<i64> {
    let numbers = column.as_array().unwrap().iter();
    numbers.map(|number| number.as_i64().unwrap()).collect()
}

/// The bytes of each class in the page.
fn page_sums(data: &Value) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    let classes = data["leaves"]["classes"].as_str().unwrap().bytes();
    for (class, size) in classes.zip(numbers(&data["leaves"]["sizes"])) {
        let name = &data["classes"][usize::from(class - b'0')];
        *sums.entry(name.as_str().unwrap().to_owned()).or_default() += size;
    }
    sums
}

/// The bytes of each class in the table that `sizes` prints for `source`.
fn table_sums(place: &Place, source: &str) -> BTreeMap<String, i64> {
    let rows: Value = serde_json::from_str(&place.output(&["sizes", source, "--json"])).unwrap();
    let mut sums = BTreeMap::new();
    for (name, bytes) in rows.as_array().unwrap().iter().flat_map(|row| {
        let row = row.as_object().unwrap().iter();
        row.filter_map(|(name, bytes)| Some((name, bytes.as_i64()?)))
    }) {
        if name != "total" && bytes > 0 {
            *sums.entry(name.clone()).or_default() += bytes;
        }
    }
    sums
}

/// A build directory. Its object file has a symbol of 8 bytes, 4 bytes without a symbol, and padding behind it.
fn build() -> Place {
    const RODATA: u64 = TEXT + 0x20_0000;
    let mut kernel = Vmlinux::new();
    let end = kernel.symbols.pop().unwrap();
    kernel.symbols.push((RODATA, 8, 'r', "table"));
    kernel.symbols.push((RODATA + 0x2000, end.1, end.2, end.3));
    kernel.bounds = vec![("_end", RODATA + 0x2000)];
    // The ranges of the per-cpu area follow the ranges of the image.
    kernel
        .ranges
        .splice(5..5, [(RODATA, A), (RODATA + 12, NONE)]);
    let place = Place::with(&kernel.to_elf());
    let range = format!("{RODATA:016x}-{:016x} .rodata fs/a/x.o\n", RODATA + 12);
    place.write(".tmp_vmlinux.ranges", range);
    place.write("modules_thick.builtin", "fs/a/a.o: fs/a/x.o\n");
    place
}

#[test]
fn sums_of_a_page_are_the_sums_of_the_table() {
    let place = with_element();
    let page = data(&place.output(&["sizes", "listing", "--html", "-"]));
    assert_eq!(page_sums(&page), table_sums(&place, "listing"));
    let build = build();
    let page = data(&build.output(&["sizes", ".", "--html", "-"]));
    assert_eq!(page_sums(&page), table_sums(&build, "."));
}

#[test]
fn the_page_of_a_build_directory_has_all_levels() {
    let page = data(&build().output(&["sizes", ".", "--html", "-"]));
    let groups = serde_json::json!({
        "parents": [0, 0, 1, 2, 3, 0],
        "levels": "dddmon",
        "names": ["", "fs/", "a/", "[a]", "x.o", "(padding)"],
        "counts": [0, 0, 0, 0, 2, 1],
    });
    assert_eq!(page["groups"], groups);
    assert_eq!(names(&page), ["(no symbol)", "table", "(no symbol)"]);
    assert_eq!(numbers(&page["leaves"]["sizes"])[..2], [4, 8]);
}

#[test]
fn a_symbol_name_cannot_end_the_data() {
    let page = with_element().output(&["sizes", "listing", "--html", "-"]);
    assert!(!page.contains(ELEMENT));
    assert_eq!(page.matches("</script>").count(), 2, "data and script");
    assert!(names(&data(&page)).contains(&ELEMENT.to_owned()));
}

#[test]
fn the_page_of_a_difference_has_the_bytes_of_both_kernels() {
    let place = two_kernels();
    let page = data(&place.output(&["sizes", "old", "--diff", "new", "--html", "-"]));
    assert_eq!(page["sources"], serde_json::json!(["old", "new"]));
    let leaves = &page["leaves"];
    let pairs = numbers(&leaves["old"]).into_iter();
    let pairs = pairs.zip(numbers(&leaves["new"]));
    let named: BTreeMap<_, _> = names(&page).into_iter().zip(pairs).collect();
    assert_eq!(named["b_open"], (32, -1));
    assert_eq!(named["b_close"], (-1, 16));
    assert_eq!(named["startup"], (86, 90));
    assert_eq!(named["shared"], (10940, 10940));
    for source in ["old", "new"] {
        let bytes = numbers(&leaves[source])
            .into_iter()
            .filter(|bytes| *bytes >= 0);
        assert_eq!(
            bytes.sum::<i64>(),
            table_sums(&place, source).values().sum::<i64>()
        );
    }
}

#[test]
fn the_page_is_replaced_only_if_the_new_page_is_complete() {
    let place = with_element();
    let path = |name: &str| place.directory().join(name);
    place.write("page.html", "an older page");
    assert_eq!(
        place.output(&["sizes", "listing", "--html", "page.html"]),
        ""
    );
    let page = fs::read_to_string(path("page.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>\n") && page.ends_with("</html>\n"));
    // A source that cannot be read changes nothing.
    place.write("listing", "no listing");
    let mut failed = place.command(&["sizes", "listing", "--html", "page.html"]);
    failed.assert().code(1);
    assert_eq!(fs::read_to_string(path("page.html")).unwrap(), page);
    let names = fs::read_dir(place.directory()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["listing", "page.html", "vmlinux"]);
}

#[test]
fn an_error_names_the_page_that_cannot_be_written() {
    let place = with_element();
    for (html, problem) in [
        ("missing/page.html", "missing/page.html: entity not found"),
        (".", ".: this is not a regular file"),
    ] {
        let mut failed = place.command(&["sizes", "listing", "--html", html]);
        let failed = failed.assert().code(1);
        failed
            .stderr(contains(problem))
            .stderr(contains("\n  Name a file in a directory"));
    }
}

#[test]
fn html_and_table_options_exclude_each_other() {
    let place = with_element();
    for table in [&["--csv"][..], &["--json"], &["--by", "object"]] {
        let page = ["sizes", "listing", "--html", "-"];
        let mut both = place.command(&[&page, table].concat());
        let refused = both.assert().code(2).stdout("");
        refused
            .stderr(contains("--html <FILE>").and(contains(table[0])))
            .stderr(contains("\n  tip: the page has all rows").and(contains("without --html\n")));
    }
}
