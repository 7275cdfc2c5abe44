// SPDX-License-Identifier: GPL-2.0

//! Tests `kallmodsyms sizes` of a listing, which has only the sizes of symbols, and `sizes --diff`.

use predicates::str::contains;

use crate::modules::LOADED;
use crate::show::{Place, LINES};

/// A directory with the listings `old` and `new`. The new kernel has other addresses. Its symbol `startup` is
/// larger, `b_close` is new and `b_open` is gone. The compiler renamed `key.7` to `key.12`.
pub(crate) fn two_kernels() -> Place {
    let place = Place::with(b"");
    let end = "ffffffff81005000 0 B _end\n";
    let numbered = |name: &str| format!("ffffffff81004fff 1 d {name}\t[a]\n{end}");
    let old = LINES.replace(end, &numbered("key.7"));
    let new = LINES
        .replace(end, &numbered("key.12"))
        .replace("20 t b_open", "10 t b_close")
        .replace("56 T startup", "5a T startup")
        .replace("ffffffff81", "ffffffff92");
    place.write("old", old);
    place.write("new", new);
    place
}

#[test]
fn symbols_of_several_modules_have_their_own_row() {
    let place = Place::with(b"");
    place.write("listing", format!("{LINES}{LOADED}"));
    assert_eq!(
        place.output(&["sizes", "listing"]),
        "
 text data total module
10940    0 10940 b c_d
    0 4144  4144 a
   86    8    94 (no module)
   48    0    48 b
11074 4152 15226 total
"
        .trim_start_matches('\n')
    );
}

#[test]
fn rows_have_a_column_for_each_class() {
    let place = Place::with(b"");
    place.write("listing", LINES);
    let csv = place.output(&["sizes", "listing", "--csv"]);
    assert!(
        csv.starts_with(
            "modules,path,text,rodata,data,bss,init,percpu,extable,unwind,ksymtab,btf,total\n\
             b c_d,,10940,0,0,0,0,0,0,0,0,0,10940\n"
        ),
        "{csv}"
    );
    let json = place.output(&["sizes", "listing", "--json"]);
    let row = r#"{"modules":[],"path":"(no module)","text":86,"rodata":0,"data":8,"bss":0,"init":0,"percpu":0,"extable":0,"unwind":0,"ksymtab":0,"btf":0,"total":94}"#;
    assert!(json.contains(row), "{json}");
}

#[test]
fn diff_option_lists_each_module_and_its_changed_symbols() {
    let place = two_kernels();
    assert_eq!(
        place.output(&["sizes", "old", "--diff", "new"]),
        "  old   new change module
   48    32    -16 b
   32     -    -32   b_open
    -    16    +16   b_close
   94    98     +4 (no module)
   86    90     +4   startup
15226 15214    -12 total
"
    );
    let json = place.output(&["sizes", "old", "--diff", "new", "--json"]);
    let row = r#"{"modules":["b"],"symbol":"b_open","old":32,"new":null,"change":-32}"#;
    assert!(json.contains(row), "{json}");
    let csv = place.output(&["sizes", "old", "--diff", "new", "--csv"]);
    assert!(
        csv.starts_with("modules,path,symbol,old,new,change\nb,,,48,32,-16\nb,,b_open,32,,-32\n"),
        "{csv}"
    );
}

#[test]
fn a_kernel_does_not_differ_from_itself() {
    let place = two_kernels();
    assert_eq!(
        place.output(&["sizes", "old", "--diff", "old"]),
        "  old   new change module\n15226 15226      0 total\n"
    );
    let json = ["sizes", "old", "--diff", "old", "--json"];
    assert_eq!(place.output(&json), "[\n]\n");
}

#[test]
fn object_files_need_a_build_directory() {
    let place = two_kernels();
    for by in ["object", "path"] {
        for arguments in [
            &["sizes", "old", "--by", by][..],
            &["sizes", "new", "--by", by],
        ] {
            place
                .command(arguments)
                .assert()
                .code(1)
                .stderr(contains("there is no .tmp_vmlinux.ranges beside it"));
        }
    }
}
