// SPDX-License-Identifier: GPL-2.0

//! Lines of every form, malformed lines, and a listing without addresses.

use std::fmt::Write;

use kallmodsyms::{Listing, Module, ParseError, Reason, Symbol};
use proptest::prelude::*;

/// Real lines of each form, from each source of symbols, and the kernel's last two lines.
const FORMS: &str = "\
00000000000285c0 180 A vclock_srcu_srcu_data\t[ptp]
ffffffff8d9b28c4 151 T vfs_read
ffffffff8da4a43f 2b22 t ext4_fill_super\t[ext4]
ffffffff8db343bc 2c T dpaa2_mac_start\t[fsl_dpaa2_eth] [fsl_dpaa2_switch]
ffffffff8e000000 0 B _end
ffffffff8e000000 0 B __brk_limit
ffffffffc0401000 40 t minix_fill_super\t[minix]
ffffffffc0401004 0 t .L0 \t[minix]
ffffffffc0365000 cb t ftrace_trampoline\t[__builtin__ftrace]
ffffffffc025d00c 18 t bpf_prog_a04f5eef06a7f555_hello\t[bpf]
ffffffffc0367000 1000 t kprobe_insn_page\t[__builtin__kprobes]
";

/// A symbol as a line of the file.
fn line(symbol: Symbol) -> String {
    let names: Vec<String> = symbol.modules().map(|name| format!("[{name}]")).collect();
    let tab = if names.is_empty() { "" } else { "\t" };
    let name = String::from_utf8_lossy(symbol.name()).into_owned();
    let (address, size, kind) = (symbol.address(), symbol.size(), symbol.kind());
    format!(
        "{address:016x} {size:x} {kind} {name}{tab}{}\n",
        names.join(" ")
    )
}

#[test]
fn lines_of_every_form_come_back_as_they_were() {
    let listing = Listing::parse(FORMS).unwrap();
    assert_eq!(listing.symbols().map(line).collect::<String>(), FORMS);
}

#[test]
fn addresses_of_every_source_are_found() {
    let listing = Listing::parse(FORMS).unwrap();
    let found = |address| listing.find(address).map(|symbol| symbol.to_string());
    for (address, expected) in [
        (0x285c1, "vclock_srcu_srcu_data [ptp]"),
        (0xffff_ffff_8d9b_28c4, "vfs_read"),
        (0xffff_ffff_8d9b_2a14, "vfs_read"),
        (0xffff_ffff_8da4_a500, "ext4_fill_super [ext4]"),
        (
            0xffff_ffff_8db3_43bd,
            "dpaa2_mac_start [fsl_dpaa2_eth] [fsl_dpaa2_switch]",
        ),
        (0xffff_ffff_c040_1001, "minix_fill_super [minix]"),
        (
            0xffff_ffff_c036_5000,
            "ftrace_trampoline [__builtin__ftrace]",
        ),
        (
            0xffff_ffff_c025_d023,
            "bpf_prog_a04f5eef06a7f555_hello [bpf]",
        ),
        (
            0xffff_ffff_c036_7fff,
            "kprobe_insn_page [__builtin__kprobes]",
        ),
    ] {
        assert_eq!(found(address).as_deref(), Some(expected), "{address:x}");
    }
    for nothing in [0, 0xffff_ffff_8d9b_2a15, 0xffff_ffff_8e00_0000, u64::MAX] {
        assert_eq!(found(nothing), None, "{nothing:x}");
    }
}

#[test]
fn names_of_bpf_and_tracing_are_not_modules() {
    let listing = Listing::parse(FORMS).unwrap();
    let pseudo: Vec<String> = listing
        .symbols()
        .flat_map(|symbol| symbol.modules())
        .filter(Module::is_pseudo)
        .map(|module| module.to_string())
        .collect();
    assert_eq!(pseudo, ["__builtin__ftrace", "bpf", "__builtin__kprobes"]);
}

#[test]
fn a_reader_without_addresses_reads_names_and_modules() {
    let text = "0000000000000000 0 T vfs_read\n0000000000000000 0 t ext4_fill_super\t[ext4]\n";
    let listing = Listing::parse(text).unwrap();
    assert!(listing.hides_addresses());
    assert!(listing.find(0).is_none());
    let names: Vec<String> = listing
        .named("ext4_fill_super")
        .map(|symbol| symbol.to_string())
        .collect();
    assert_eq!(names, ["ext4_fill_super [ext4]"]);
}

#[test]
fn an_empty_file_has_nothing() {
    let listing = Listing::parse("").unwrap();
    assert!(listing.is_empty() && !listing.hides_addresses() && listing.find(0).is_none());
}

#[test]
fn lines_that_are_not_of_the_format_are_refused_and_named() {
    use Reason::{Address, Kind, Modules, Name, Size};
    let lines = [
        ("", Address),
        ("g 0 T a", Address),
        ("A 0 T a", Address),
        ("0x0 0 T a", Address),
        ("00000000000000000 0 T a", Address),
        ("0", Address),
        ("0 0", Size),
        ("0  0 T a", Size),
        ("0 -1 T a", Size),
        ("0 00000000000000000 T a", Size),
        ("0 0 T", Kind),
        ("0 0  a", Kind),
        ("0 0 TT a", Kind),
        ("0 0 T ", Name),
        ("0 0 T \t[b]", Name),
        ("0 0 T a b", Name),
        ("0 0 T a  ", Name),
        ("0 0 T  \t[b]", Name),
        ("0 0 T a \t", Modules),
        ("0 0 T a [b]", Name),
        ("0 0 T a\r", Name),
        ("0 0 T a\0b", Name),
        ("0 0 T a\t", Modules),
        ("0 0 T a\tb", Modules),
        ("0 0 T a\t[]", Modules),
        ("0 0 T a\t[b", Modules),
        ("0 0 T a\t[b] ", Modules),
        ("0 0 T a\t[b][c]", Modules),
        ("0 0 T a\t[b]  [c]", Modules),
        ("0 0 T a\t[b]\t[c]", Modules),
        ("0 0 T a\t[b c]", Modules),
        ("0 0 T a\t[b] c", Modules),
        ("0 0 T a\t[[b]", Modules),
    ];
    for (line, reason) in lines {
        let text = format!("1 1 T before\n{line}\n1 1 T after\n");
        let refused = Listing::parse(text).err();
        assert_eq!(refused, Some(ParseError { line: 2, reason }), "{line:?}");
    }
}

#[test]
fn a_file_that_is_cut_off_is_refused() {
    let whole = "0 0 T a\t[b] [c]\n";
    for len in 1..whole.len() {
        let error = Listing::parse(&whole[..len]).unwrap_err();
        assert_eq!((error.line, error.reason), (1, Reason::CutOff), "{len}");
    }
}

fn name() -> impl Strategy<Value = String> {
    "[!-Z^-~]{1,20}"
}

fn symbol_name() -> impl Strategy<Value = String> {
    "[!-Z^-~]{1,20} ?"
}

proptest! {
    #[test]
    fn any_lines_of_the_format_come_back_as_they_were(
        lines in prop::collection::vec(
            (any::<u64>(), any::<u64>(), "[!-~]", symbol_name(), prop::collection::vec(name(), 0..4)),
            0..20,
        ),
    ) {
        let mut text = String::new();
        for (address, size, kind, name, modules) in lines {
            write!(text, "{address:016x} {size:x} {kind} {name}").unwrap();
            let brackets: Vec<String> = modules.iter().map(|name| format!("[{name}]")).collect();
            text += if modules.is_empty() { "" } else { "\t" };
            text += &brackets.join(" ");
            text += "\n";
        }
        let listing = Listing::parse(text.as_str()).unwrap();
        prop_assert_eq!(listing.symbols().map(line).collect::<String>(), text);
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(prop::sample::select(b"0f T\t[]\n\0\xff".as_slice()), 0..60),
    ) {
        let lines = bytes.split(|&byte| byte == b'\n').count() - 1;
        if let Ok(listing) = Listing::parse(bytes) {
            prop_assert_eq!(listing.len(), lines);
            for symbol in listing.symbols() {
                prop_assert!(!symbol.name().is_empty());
                prop_assert!(symbol.modules().all(|module| !module.name().is_empty()));
            }
        }
    }
}
