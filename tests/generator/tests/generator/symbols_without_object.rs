// SPDX-License-Identifier: GPL-2.0

//! Tests symbols whose modules are known, but whose object file is hard to find or not known. The generator must
//! report a symbol whose object file is not known.

use std::fs;

use crate::build::{Build, LINKS, UNATTRIBUTED};

/// The object files of crypto/ are in no module, so only the search for object files tells them apart.
fn without_modules_of_crypto(link: &str) -> Build {
    let build = Build::of(link);
    build.turn_on("CONFIG_KALLMODSYMS_OBJECTS");
    let modules = build.read("modules.builtin");
    let others = modules.lines().filter(|line| !line.contains("/crypto/"));
    let others = others.collect::<Vec<_>>().join("\n") + "\n";
    build.write("modules.builtin", others);
    build
}

/// Two object files define `shared_key` at one address, and the image has three such symbols. Without the modules
/// of crypto/, all three symbols are in no module. Nothing tells which object file defines which symbol.
#[test]
fn symbols_whose_object_file_is_not_known() {
    for link in LINKS {
        let build = without_modules_of_crypto(link);
        let address = build.address("shared_key");
        build.add_symbol(&format!(
            "{address:016x} l       .bss\t0000000000000000 shared_key"
        ));
        let tables = build.tables();
        let listed = build.listed();
        let objects = tables.objects(listed.len());
        for (symbol, (object, braces)) in listed.iter().zip(objects) {
            if symbol.name == "shared_key" {
                assert_eq!((object, braces), (None, None), "{link}");
            }
        }
        let list = build.read(UNATTRIBUTED);
        assert_eq!(list.lines().count(), 3, "{list}");
        let begin = format!("object of symbol {address:x} shared_key: ");
        assert!(list.lines().all(|line| line.starts_with(&begin)), "{list}");

        build.turn_on("CONFIG_KALLMODSYMS_WERROR");
        let failed = build.generator().assert().code(1).stdout("");
        let message = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
        let begin = "kallmodsyms: no object file is shown for 3 symbols: shared_key, ";
        assert!(message.starts_with(begin), "{message}");
    }
}

/// A line cannot show a path with a brace. The symbols of the object file still have their modules.
#[test]
fn symbols_of_an_object_file_with_a_brace_in_its_path() {
    for link in ["gnu-objects", "lld-objects"] {
        let build = Build::of(link);
        build.turn_on("CONFIG_KALLMODSYMS_OBJECTS");
        build.edit("vmlinux1.map", "crypto/sum.o", "crypto/{sum}.o");
        for (from, to) in [
            ("crypto/sum.o", "crypto/{sum}.o"),
            ("crypto/.sum.o.cmd", "crypto/.{sum}.o.cmd"),
        ] {
            fs::rename(build.path(from), build.path(to)).unwrap();
        }
        let (tables, whole) = (build.tables(), Build::of(link).tables());
        let listed = build.listed();
        let objects = tables.objects(listed.len());
        let mut unknown = 0;
        for (index, (symbol, (object, _))) in listed.iter().zip(objects).enumerate() {
            let modules = tables.modules_of(index, symbol.address);
            assert_eq!(modules, whole.modules_of(index, symbol.address), "{link}");
            if modules == ["sum"] {
                assert_eq!(object, None, "{}", symbol.name);
                unknown += 1;
            }
        }
        let list = build.read(UNATTRIBUTED);
        assert_eq!(list.lines().count(), unknown, "{list}");
        let reason = "no line can show the path of its object";
        assert!(list.lines().all(|line| line.ends_with(reason)), "{list}");
    }
}
