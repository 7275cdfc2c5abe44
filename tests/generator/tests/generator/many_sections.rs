// SPDX-License-Identifier: GPL-2.0

//! Files with more sections than 16 bits can number, as with -ffunction-sections: an additional
//! table has the section indexes of symbols.

use crate::build::Build;
use crate::elf::Dump;

/// Numbers from 0xff00 on have other meanings.
const MANY: usize = 0xff00;

#[test]
fn the_number_of_sections_does_not_matter() {
    // What linked them does not matter either.
    for link in ["gnu-objects", "lld-vmlinux_o"] {
        let build = Build::of(link);
        let tables = || build.generator().assert().success().get_output().clone();
        let before = tables();
        let files = ["vmlinux1", "vmlinux.o", "crypto/hash.o"];
        for file in files.iter().filter(|file| build.path(file).exists()) {
            let good = std::fs::read(build.path(file)).unwrap();
            let mut dump = Dump::parse(&build.read(&format!("{file}.dump")));
            dump.sections_before = MANY;
            let large = dump.to_elf();
            assert!(large.len() > good.len() + MANY * 64, "{file}");
            build.write(file, large);
            assert_eq!(tables().stdout, before.stdout, "{file} in {link}");
            build.write(file, good);
        }
    }
}
