// SPDX-License-Identifier: GPL-2.0

//! Tests `kallmodsyms annotate`, which adds the modules of symbols to a text.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use predicates::str::contains;

use crate::kernel::{Vmlinux, TEXT};
use crate::show::{Place, LINES};

fn place() -> Place {
    Place::with(&Vmlinux::new().to_elf())
}

/// The output of `annotate` for the text `input`.
fn annotated(place: &Place, arguments: &[&str], input: impl Into<Vec<u8>>) -> String {
    let mut command = place.command(&[&["annotate"], arguments].concat());
    let assert = command.write_stdin(input).assert().success().stderr("");
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

/// The forms of symbols and addresses, each with the modules in its mark. `^` is the place of the mark.
const FORMS: &[(&str, &str)] = &[
    // Lines of an oops, with the frames of a stack.
    ("RIP: 0010:b_open+0x17/0x20^", "[b]"),
    (" b_open+0x1f/0x20^", "[b]"),
    (" ? b_open+0x20/0x20^", "[b]"),
    (" ? b_open^", "[b]"),
    ("pc : b_open+0x10/0x20^", "[b]"),
    (
        "BUG: KASAN: use-after-free in b_open+0x1f/0x20^ fs/b/open.c:12",
        "[b]",
    ),
    ("[   12.345678][  T123]  b_open+0x1f/0x20^", "[b]"),
    ("[<0>] shared+0x10/0x2f80^", "[b] [c_d]"),
    ("Faulted in b_open+0x10^.", "[b]"),
    ("called from b_open+0x10/0x20^, line 3", "[b]"),
    // Lines of programs that trace.
    ("    b_open+12^", "[b]"),
    ("    b_open+12/32^", "[b]"),
    ("\tffffffff81000065 b_open+0x5^ ([kernel.kallsyms])", "[b]"),
    ("\tffffffff81000065 b_open^ (/boot/vmlinux-6.12)", "[b]"),
    (" => b_open^", "[b]"),
    (" b_open+0x0/0x20^ <-startup+0x1/0x56", "[b]"),
    ("              vmlinux`b_open+0x5^", "[b]"),
    ("              vmlinux`b_open^", "[b]"),
    ("cat;startup_[k];b_open^_[k] 12", "[b]"),
    ("cat;startup_[k];b_open+0x5^_[k] 12", "[b]"),
    // Addresses.
    ("[<ffffffff81000065>]^", "[b]"),
    ("[<ffffffff81000065>] ? b_open+0x5/0x20^", "[b]"),
    ("R13: ffffffff81000065^ R14: ffff88800268b000", "[b]"),
    ("at 0xffffffff81000065^", "[b]"),
    ("ffffffff81000060 t b_open^", "[b]"),
    ("ffffffff81000060 20 t b_open^", "[b]"),
    ("ffffffff81000060 <b_open+0x0^>:", "[b]"),
];

#[test]
fn each_form_gets_its_mark() {
    let place = place();
    for (form, modules) in FORMS {
        let (input, output) = (
            form.replace('^', ""),
            form.replace('^', &format!(" {modules}")),
        );
        assert_eq!(annotated(&place, &["vmlinux"], input.as_str()), output);
        // A marked symbol gets no second mark.
        assert_eq!(annotated(&place, &["vmlinux"], output.as_str()), output);
    }
}

#[test]
fn texts_that_need_no_mark_do_not_change() {
    let place = place();
    for text in [
        " startup+0x10/0x60",
        " b_open+0x1f/0x20 [b]",
        " b_open+0x1f/0x20\t[other 5f0c8d23]",
        "\tffffffffc0200010 b_open+0x10 ([b])",
        "\t    7f2a3b4c5d6e b_open+0x10 (/usr/lib/libb.so.1)",
        "\t    7f2a3b4c5d6e b_open+0x10",
        "              libb.so.1`b_open+0x5",
        "              b`b_open+0x5",
        " /usr/bin/b_open+0x10",
        " crate::b_open+0x10",
        " lib-b_open+0x10",
        " b_open+0x10z b_open+ b_open+x b_open+0x b_open+0x10/z b_open",
        " b_open+0x11112222333344445 b_open+99999999999999999999",
        " \u{e4}b_open+0x1 b_open+0x1\u{e4}",
        "RSI: ffffffffc020506e ffffffff8100006 fffffffff81000060 ffffffff810000600",
        "b_open? yes, and what?b_open.",
    ] {
        assert_eq!(annotated(&place, &["vmlinux"], text), text);
    }
    assert_eq!(annotated(&place, &["vmlinux"], ""), "");
}

#[test]
fn bytes_that_are_not_utf_8_and_line_ends_do_not_change() {
    let place = place();
    let input = b"\xff\xfe b_open+0x1\r\n\0\n\n b_open+0x2\t\xe4\n b_open+0x3".to_vec();
    let mut command = place.command(&["annotate", "vmlinux"]);
    let output = b"\xff\xfe b_open+0x1 [b]\r\n\0\n\n b_open+0x2 [b]\t\xe4\n b_open+0x3 [b]";
    command
        .write_stdin(input)
        .assert()
        .success()
        .stdout(&output[..]);
}

/// The kernel has two symbols `twin`: one of 0x10 bytes in module b, and one of 0x1000 bytes in module a.
#[test]
fn size_offset_and_address_choose_among_symbols_of_one_name() {
    let place = place();
    for (text, mark) in [
        (" twin+0x1/0x10", " [b]"),
        (" ffffffff81004001 twin+0x1", " [a]"),
        (" twin+0x1", " [a]|[b]"),
        (" ? twin", " [a]|[b]"),
        // No symbol `twin` has this size.
        (" twin+0x1/0x11", " [a]|[b]"),
    ] {
        let marked = format!("{text}{mark}");
        assert_eq!(annotated(&place, &["--offset=0", "vmlinux"], text), marked);
    }
    // A symbol is ruled out if the offset goes beyond the start of the next symbol.
    let mut vmlinux = Vmlinux::new();
    vmlinux.symbols[5].3 = "twin";
    vmlinux.symbols[4].3 = "shared";
    let place = Place::with(&vmlinux.to_elf());
    assert_eq!(
        annotated(&place, &["vmlinux"], "twin+0xfff"),
        "twin+0xfff [a]|[vmlinux]"
    );
    let listing = LINES
        .replace("label", "twin")
        .replace("ffffffff81004000", "ffffffff81003400");
    place.write("listing", listing.replace("b_open", "twin"));
    let both = annotated(&place, &["listing"], "twin+0x500");
    assert_eq!(both, "twin+0x500 [a]");
    let core = " shared+0x1";
    let marked = format!("{core} [b] [c_d]|[vmlinux]");
    assert_eq!(annotated(&place, &["vmlinux"], core), marked);
}

#[test]
fn objects_option_adds_the_object_file() {
    let place = place();
    let mut command = place.command(&["annotate", "--objects", "vmlinux"]);
    command
        .write_stdin("")
        .assert()
        .code(1)
        .stdout("")
        .stderr(contains(".tmp_vmlinux.ranges: No such file"));
    place.write(
        ".tmp_vmlinux.ranges",
        "ffffffff81000000-ffffffff81000060 .text head.o\n\
         ffffffff81000060-ffffffff81000080 .text b/open.o\n\
         ffffffff81000080-ffffffff81003000 .text -\n",
    );
    let text = " b_open+0x1f/0x20\n startup+0x1\n shared+0x1\n";
    let marked = " b_open+0x1f/0x20 [b] {b/open.o}\n startup+0x1 {head.o}\n shared+0x1 [b] [c_d]\n";
    let arguments = ["--objects", "vmlinux"];
    assert_eq!(annotated(&place, &arguments, text), marked);
    assert_eq!(annotated(&place, &arguments, marked), marked);
    // In a listing, only some lines have an object file in braces.
    place.write(
        "listing",
        LINES.replace("b_open\t[b]", "b_open\t[b] {open.o}"),
    );
    let of_listing = " b_open+0x1f/0x20 [b] {open.o}\n startup+0x1\n shared+0x1 [b] [c_d]\n";
    assert_eq!(
        annotated(&place, &["--objects", "listing"], text),
        of_listing
    );
}

const MOVED: u64 = 0x1f00_0000;

/// A text with an address of the moved kernel, and with an address of vmlinux.
fn moved_addresses() -> String {
    format!(
        "RAX: {:016x}\nRBX: {:016x}\n",
        TEXT + MOVED + 0x61,
        TEXT + 0x61
    )
}

/// The same text with a mark for the address of the moved kernel.
fn moved_and_marked() -> String {
    moved_addresses().replacen('\n', " [b]\n", 1)
}

#[test]
fn the_offset_of_the_kernel_is_read_from_the_text() {
    let place = place();
    let offset = format!("Kernel Offset: {MOVED:#x} from {TEXT:#x} (relocation range: 0-1)\n");
    let pairs = format!(
        "[<{:016x}>] b_open+0x1/0x20\n[<{:016x}>] startup+0x2/0x60\n",
        TEXT + MOVED + 0x61,
        TEXT + MOVED + 0x2
    );
    let marked_pairs = pairs.replacen("0x20\n", "0x20 [b]\n", 1);
    for (source, marked) in [(&offset, &offset), (&pairs, &marked_pairs)] {
        let after = format!("{}{source}", moved_addresses());
        let marked_after = format!("{}{marked}", moved_and_marked());
        assert_eq!(annotated(&place, &["vmlinux"], after), marked_after);
        let before = format!("{source}{}", moved_addresses());
        let marked_before = format!("{marked}{}", moved_and_marked());
        assert_eq!(annotated(&place, &["vmlinux"], before), marked_before);
    }
    // A single pair of an address and a symbol does not set the offset.
    let one = pairs.lines().next().unwrap();
    let text = format!("{one}\n{}", moved_addresses());
    let marked = annotated(&place, &["vmlinux"], text);
    assert!(
        marked.contains(&format!("RBX: {:016x} [b]", TEXT + 0x61)),
        "{marked}"
    );
    // The second boot in the text has another offset.
    let boots = format!(
        "{offset}{0}Linux version 6.12\n{0}Kernel Offset: disabled\n",
        moved_addresses()
    );
    let marked = annotated(&place, &["vmlinux"], boots);
    let lines: Vec<bool> = marked.lines().map(|line| line.ends_with("[b]")).collect();
    assert_eq!(lines, [false, true, false, false, false, true, false]);
}

#[test]
fn offset_option_overrides_the_text() {
    let place = place();
    let marked = annotated(
        &place,
        &["vmlinux", "--offset", "1f000000"],
        moved_addresses(),
    );
    assert_eq!(marked, moved_and_marked());
    let text = format!("Kernel Offset: disabled\n{}", moved_addresses());
    let marked = annotated(&place, &["vmlinux", "--offset=1f000000"], text);
    assert!(marked.ends_with(&moved_and_marked()));
}

/// The addresses in a listing are the addresses of its boot.
#[test]
fn a_saved_listing_needs_no_offset() {
    let place = place();
    place.write("listing", LINES.replace("ffffffff8100", "ffffffffa000"));
    let text = "RAX: ffffffffa0000061\nKernel Offset: 0x1000000 from 0xffffffff81000000\n";
    let marked = annotated(&place, &["listing"], text);
    assert!(
        marked.starts_with("RAX: ffffffffa0000061 [b]\n"),
        "{marked}"
    );
    // Without addresses, annotate finds symbols by name.
    let zeros: Vec<String> = LINES
        .lines()
        .map(|line| {
            format!(
                "0000000000000000 0 {}\n",
                line.splitn(3, ' ').last().unwrap()
            )
        })
        .collect();
    place.write("zeros", zeros.concat());
    let text = "RAX: ffffffff81000061 b_open+0x1/0x20";
    assert_eq!(annotated(&place, &["zeros"], text), format!("{text} [b]"));
}

/// From the first line with an address on, annotate holds back lines until it knows the offset. A long text
/// without an offset must not be held back as a whole.
#[test]
fn a_long_text_without_an_offset_is_marked() {
    let place = place();
    let text = moved_addresses();
    let many = text.repeat((5 << 20) / text.len());
    let marked = annotated(&place, &["vmlinux"], many.as_str());
    assert_eq!(marked.matches(" [b]").count(), many.lines().count() / 2);
    assert_eq!(marked.replace(" [b]", ""), many);
    // annotate copies a line without marks if it has read more than 1 MiB of the line and no newline yet.
    let long = format!("{}\n b_open+0x1\n", " b_open+0x1".repeat(3 << 18));
    let marked = annotated(&place, &["vmlinux"], long.as_str());
    assert_eq!(marked.len(), long.len() + 4);
    assert!(marked.ends_with("\n b_open+0x1 [b]\n"));
}

/// annotate writes all complete lines that a read returned, unless they are held, before it reads again.
#[test]
fn each_line_is_written_at_once() {
    let place = place();
    let mut child = Command::new(env!("CARGO_BIN_EXE_kallmodsyms"))
        .args(["annotate", "vmlinux"])
        .current_dir(place.directory())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        stdin.write_all(b" b_open+0x1\n").unwrap();
        stdin.flush().unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), " b_open+0x1 [b]");
    }
    drop(stdin);
    assert!(lines.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn kernels_and_texts_on_the_command_line() {
    let place = place();
    place.write("first", " b_open+0x1\n");
    place.write("second", " b_open+0x2");
    let marked = " b_open+0x1 [b]\n b_open+0x2 [b]";
    for arguments in [
        &["vmlinux", "first", "second"][..],
        &["--kernel", "vmlinux", "first", "second"],
        &["first", "--kernel=vmlinux", "second"],
    ] {
        assert_eq!(annotated(&place, arguments, ""), marked);
    }
    assert_eq!(
        annotated(&place, &["--kernel=vmlinux", "first", "-"], " b_open+0x2"),
        marked
    );
    for (arguments, code, problem) in [
        (
            &["first"][..],
            1,
            "first: this is neither a kernel nor a saved",
        ),
        (&["vmlinux", "none"], 1, "none: No such file"),
        (&["none"], 1, "none: No such file"),
    ] {
        let mut command = place.command(&[&["annotate"], arguments].concat());
        command.assert().code(code).stderr(contains(problem));
    }
}
