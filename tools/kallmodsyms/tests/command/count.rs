// SPDX-License-Identifier: GPL-2.0

//! Tests `kallmodsyms count`, which counts the modules of the symbols in a text.

use predicates::str::contains;

use crate::kernel::Vmlinux;
use crate::show::Place;

fn place() -> Place {
    let place = Place::with(&Vmlinux::new().to_elf());
    place.write(
        ".tmp_vmlinux.ranges",
        "ffffffff81000000-ffffffff81000060 .text head.o\n\
         ffffffff81000060-ffffffff81000080 .text b/open.o\n",
    );
    place
}

fn counted(place: &Place, arguments: &[&str], input: &str) -> String {
    let mut command = place.command(&[&["count", "vmlinux"], arguments].concat());
    let assert = command.write_stdin(input).assert().success().stderr("");
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

/// The fields of each row, without the row of headings.
fn rows(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines().skip(1);
    lines
        .map(|line| line.split_whitespace().collect())
        .collect()
}

/// Two samples of perf. The first sample has two frames of module b.
const SAMPLES: &str = "\
cat  47 [000] 1.000000:  250000 cpu-clock:ppp:
\tffffffff81000065 b_open+0x5 ([kernel.kallsyms])
\tffffffff81000066 b_open+0x6 ([kernel.kallsyms])
\tffffffff81000010 startup+0x10 ([kernel.kallsyms])
\t    7f2a3b4c5d6e read+0x10 (/usr/lib/libc.so.6)

cat  47 [000] 1.000250:  250000 cpu-clock:ppp:
\tffffffff81000011 startup+0x11 ([kernel.kallsyms])
\tffffffff81000065 b_open+0x5 ([kernel.kallsyms])

";

#[test]
fn a_module_counts_once_for_each_stack() {
    let place = place();
    let table = "      self      total  module\n         1          2  [b]\n         1          2  [vmlinux]\n";
    assert_eq!(counted(&place, &[], SAMPLES), table);
    // In a text without stacks, each line counts as a stack of one frame.
    let lines = "  cat  47 [000] 1.0: ffffffff81000065 b_open+0x5 ([kernel.kallsyms])\n".repeat(3);
    assert_eq!(rows(&counted(&place, &[], &lines)), [["3", "3", "[b]"]]);
}

#[test]
fn stacks_with_a_count() {
    let place = place();
    let folded = "cat;startup_[k];b_open_[k] 12\ncat;b_open_[k];startup_[k] 5\n";
    let expected = [["12", "17", "[b]"], ["5", "17", "[vmlinux]"]];
    assert_eq!(rows(&counted(&place, &[], folded)), expected);
    let bpftrace =
        "@[\n    b_open+5\n    startup+16\n]: 12\n@[\n    startup+17\n    b_open+5\n, cat]: 5\n";
    assert_eq!(rows(&counted(&place, &[], bpftrace)), expected);
    let dtrace = "\n              vmlinux`b_open+0x5\n              vmlinux`startup+0x10\n               12\n\
                  \n              vmlinux`startup\n              vmlinux`b_open\n                5\n";
    assert_eq!(rows(&counted(&place, &[], dtrace)), expected);
    // A frame with a mark of `annotate` counts for the module in the mark.
    let marked = "cat;startup_[k];b_open [b]_[k] 12\n";
    let table = counted(
        &place,
        &[],
        &marked.replace("b_open [b]_[k]", "b_open+0x1 [b]_[k]"),
    );
    assert_eq!(
        rows(&table),
        [["12", "12", "[b]"], ["0", "12", "[vmlinux]"]]
    );
}

#[test]
fn stacks_of_an_oops_and_of_proc_stack() {
    let place = place();
    let oops = "[    1.0] RIP: 0010:b_open+0x1/0x20\n[    1.0] Call Trace:\n[    1.0]  <TASK>\n\
                [    1.0]  b_open+0x1/0x20\n[    1.0]  ? startup+0x1/0x60\n[    1.0]  romfs_x+0x1/0x2 [romfs]\n\
                [    1.0]  </TASK>\n[    1.0] Modules linked in: romfs\n";
    let expected = [
        ["2", "2", "[b]"],
        ["0", "1", "[romfs]"],
        ["0", "1", "[vmlinux]"],
    ];
    assert_eq!(rows(&counted(&place, &[], oops)), expected);
    let of_process = "[<0>] b_open+0x1/0x20\n[<0>] startup+0x1/0x60\n";
    let expected = [["1", "1", "[b]"], ["0", "1", "[vmlinux]"]];
    assert_eq!(rows(&counted(&place, &[], of_process)), expected);
}

#[test]
fn rows_of_object_files_and_json() {
    let place = place();
    let text = format!("{SAMPLES} twin+0x1\n\n shared+0x1\n");
    let table = counted(&place, &["--by", "object"], &text);
    let expected = [
        ["2", "2", "-"],
        ["1", "2", "b/open.o"],
        ["1", "2", "head.o"],
    ];
    assert_eq!(rows(&table), expected);
    let json = r#"[
{"self":1,"total":2,"modules":["b"]},
{"self":1,"total":2,"modules":[]},
{"self":1,"total":1,"any_of":["[a]","[b]"]},
{"self":1,"total":1,"modules":["b","c_d"]}
]
"#;
    assert_eq!(counted(&place, &["--json"], &text), json);
    let json = r#"[
{"self":2,"total":2,"object":null},
{"self":1,"total":2,"object":"b/open.o"},
{"self":1,"total":2,"object":"head.o"}
]
"#;
    assert_eq!(counted(&place, &["--json", "--by=object"], &text), json);
}

#[test]
fn a_text_without_symbols() {
    let place = place();
    for (arguments, stdout) in [
        (&["count", "vmlinux"][..], ""),
        (&["count", "vmlinux", "--json"], "[\n]\n"),
    ] {
        let mut command = place.command(arguments);
        let assert = command.write_stdin("nothing\n").assert().code(3);
        assert
            .stdout(stdout)
            .stderr(contains("no symbol of this kernel"));
    }
}
