// SPDX-License-Identifier: GPL-2.0

//! Tests `kallmodsyms lookup`, which finds the symbol at an address and the addresses of a symbol.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::kernel::Vmlinux;
use crate::show::{Place, LINES};

fn place() -> Place {
    Place::with(&Vmlinux::new().to_elf())
}

#[test]
fn addresses_have_the_form_of_a_stack_trace() {
    let place = place();
    for (query, answer) in [
        // The first symbol at the address gives the name. Without a size, it shows the distance to the next symbol.
        ("0xffffffff81000000", "ffffffff81000000 _text+0x0/0x60"),
        // An address of 16 digits needs no 0x.
        ("ffffffff81000055", "ffffffff81000055 _text+0x55/0x60"),
        (
            "0xffffffff81002b3c",
            "ffffffff81002b3c shared+0x2abc/0x2abc\t[b] [c_d]",
        ),
        (
            "0xffffffff8100007f",
            "ffffffff8100007f b_open+0x1f/0x20\t[b]",
        ),
        // Padding has the modules of the range around it.
        (
            "0xffffffff81002b3d",
            "ffffffff81002b3d shared+0x2abd/0x2abc\t[b] [c_d]",
        ),
        // The first address is in `twin`, which is in module b. The second address is behind `twin`, in no module.
        (
            "0xffffffff81003001",
            "ffffffff81003001 label+0x1/0x1000\t[b]",
        ),
        ("0xffffffff81003010", "ffffffff81003010 label+0x10/0x1000"),
        ("0x2f", "000000000000002f __per_cpu_start+0x2f/0x40\t[a]"),
        ("0x30", "0000000000000030 __per_cpu_start+0x30/0x40\t[a]"),
        ("0x47", "0000000000000047 percpu+0x7/0x8"),
    ] {
        let output = place.output(&["lookup", "vmlinux", query]);
        assert_eq!(output, format!("{answer}\n"), "{query}");
    }
}

#[test]
fn queries_by_name_with_and_without_an_offset() {
    let place = place();
    let shared = "ffffffff81000090 shared+0x10/0x2abc\t[b] [c_d]\n";
    for query in ["shared+0x10", "shared+0x10/0x2abc"] {
        assert_eq!(place.output(&["lookup", "vmlinux", query]), shared);
    }
    let twins = "ffffffff81003000 10 t twin\t[b]\nffffffff81004000 1000 d twin\t[a]\n";
    assert_eq!(place.output(&["lookup", "vmlinux", "twin"]), twins);
    let both = place.output(&["lookup", "vmlinux", "twin+0x1"]);
    assert_eq!(
        both,
        "ffffffff81003001 label+0x1/0x1000\t[b]\nffffffff81004001 twin+0x1/0x1000\t[a]\n"
    );
}

/// Short hexadecimal digits, as `face`, can be a name.
#[test]
fn digits_are_an_address_only_with_0x_or_all_16() {
    let mut vmlinux = Vmlinux::new();
    vmlinux.symbols[5].3 = "beef00";
    let place = Place::with(&vmlinux.to_elf());
    let line = "ffffffff81000060 20 t beef00\t[b]\n";
    assert_eq!(place.output(&["lookup", "vmlinux", "beef00"]), line);
    let percpu = "0000000000000041 percpu+0x1/0x8\n";
    for query in ["0x41", "0000000000000041"] {
        assert_eq!(place.output(&["lookup", "vmlinux", query]), percpu);
    }
    for query in ["41", "ffffffff8100006", "beef"] {
        let mut command = place.command(&["lookup", "vmlinux", query]);
        let problem = format!("no symbol is found for '{query}'\n  No symbol has this name.");
        command
            .assert()
            .code(3)
            .stdout("")
            .stderr(contains(problem).and(contains("write 0x before them")));
    }
}

/// `lookup` accepts each form that `annotate` marks.
#[test]
fn queries_in_the_forms_of_a_trace() {
    let place = place();
    let open = "ffffffff8100006a b_open+0xa/0x20\t[b]\n";
    for query in [
        "b_open+0xa/0x20",
        "b_open+10",
        "b_open+10/32",
        "? b_open+0xa",
        "0010:b_open+0xa/0x20",
        "b_open+0xa_[k]",
        "vmlinux`b_open+0xa",
        "[<ffffffff8100006a>]",
        "[<ffffffff8100006a>] ? b_open+0xa/0x20",
        "b_open+0xa ([kernel.kallsyms])",
        " b_open+0xa/0x20 [b]\n",
    ] {
        assert_eq!(place.output(&["lookup", "vmlinux", query]), open, "{query}");
    }
    // The size in the query chooses between two symbols with one name.
    let first = "ffffffff81003001 label+0x1/0x1000\t[b]\n";
    assert_eq!(place.output(&["lookup", "vmlinux", "twin+1/0x10"]), first);
    let both = "ffffffff81003001 label+0x1/0x1000\t[b]\nffffffff81004001 twin+0x1/0x1000\t[a]\n";
    assert_eq!(place.output(&["lookup", "vmlinux", "twin+1/0x11"]), both);
    let line = "ffffffff81000060 20 t b_open\t[b]\n";
    for query in ["b_open_[k]", "? b_open", "vmlinux`b_open"] {
        assert_eq!(place.output(&["lookup", "vmlinux", query]), line, "{query}");
    }
    for query in [
        "b_open+0xag",
        "b_open+",
        "b_open+0xa [a]",
        "libc.so.6`b_open+0xa",
    ] {
        let mut command = place.command(&["lookup", "vmlinux", query]);
        command.assert().code(3).stdout("");
    }
}

#[test]
fn a_saved_listing_instead_of_a_kernel() {
    let place = place();
    let text = LINES.replace("startup\n", "startup\t{init/head.o}\n");
    place.write("listing", text);
    let arguments = ["lookup", "listing", "b_open+0x1", "startup"];
    let answers =
        "ffffffff81000061 b_open+0x1/0x20\t[b]\nffffffff81000000 56 T startup\t{init/head.o}\n";
    assert_eq!(place.output(&arguments), answers);
    // Padding in a listing has the modules of the symbol before it, for at most one page.
    let padding = "ffffffff81002b3d shared+0x2abd/0x2abc\t[b] [c_d]\n";
    let arguments = ["lookup", "listing", "0xffffffff81002b3d"];
    assert_eq!(place.output(&arguments), padding);
    place.write("gap", LINES.replace("ffffffff81005000", "ffffffff81009000"));
    for (address, code) in [("0xffffffff81005fff", 0), ("0xffffffff81006000", 3)] {
        let mut command = place.command(&["lookup", "gap", address]);
        command.assert().code(code);
    }
    place.write("text", "Call Trace:\n b_open+0x1/0x20\n");
    place
        .command(&["lookup", "text", "b_open"])
        .assert()
        .code(1)
        .stderr(contains("text: this is neither a kernel nor"));
}

#[test]
fn queries_of_a_moved_kernel() {
    let place = place();
    let arguments = [
        "lookup",
        "vmlinux",
        "--offset",
        "1000",
        "0xffffffff81001061",
    ];
    let answer = "ffffffff81001061 b_open+0x1/0x20\t[b]\n";
    assert_eq!(place.output(&arguments), answer);
    let arguments = ["lookup", "vmlinux", "--offset=1000", "0xffffffff81004020"];
    let answer = "ffffffff81004020 label+0x20/0x1000\n";
    assert_eq!(place.output(&arguments), answer);
}

#[test]
fn unknown_queries_are_reported_and_known_queries_are_answered() {
    let place = place();
    let queries = [
        "nothing",
        "0xffffffff81005000",
        "0x48",
        "0x1",
        "_end+0x0",
        "nothing+0x1",
    ];
    let mut command = place.command(&[&["lookup", "vmlinux"], &queries[..]].concat());
    let assert = command.assert().code(3);
    let assert = assert.stdout("0000000000000001 __per_cpu_start+0x1/0x40\t[a]\n");
    for query in queries.iter().filter(|query| **query != "0x1") {
        let problem = format!("kallmodsyms: vmlinux: no symbol is found for '{query}'\n  ");
        let says = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
        assert!(says.contains(&problem), "{query}: {says}");
    }
    let none = ["lookup", "vmlinux", "--json", "nothing"];
    place
        .command(&none)
        .assert()
        .code(3)
        .stdout("[\n]\n")
        .stderr(contains("nothing"));
}

#[test]
fn json_contains_the_object_file() {
    let place = place();
    place.write(
        ".tmp_vmlinux.ranges",
        "ffffffff81000080-ffffffff81003000 .text b/shared.o\n\
         ffffffff81003000-ffffffff81004000 .rodata.str -\n",
    );
    let arguments = [
        "lookup",
        "vmlinux",
        "--json",
        "shared+0x1",
        "label",
        "startup",
    ];
    let expected = r#"[
{"query":"shared+0x1","at":"0xffffffff81000081","offset":1,"address":"0xffffffff81000080","size":10940,"type":"T","name":"shared","modules":["b","c_d"],"section":".text","object":"b/shared.o"},
{"query":"label","address":"0xffffffff81003000","size":0,"type":"T","name":"label","modules":[],"section":".rodata.str"},
{"query":"startup","address":"0xffffffff81000000","size":86,"type":"T","name":"startup","modules":[]}
]
"#;
    assert_eq!(place.output(&arguments), expected);
}
