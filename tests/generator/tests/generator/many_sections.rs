// SPDX-License-Identifier: GPL-2.0

//! Tests files with more sections than a 16-bit index can number, as with -ffunction-sections. Such a file
//! stores the section indexes of its symbols in an additional table.

use crate::build::Build;
use crate::elf::Dump;

/// The number of additional sections. Section indexes from 0xff00 on are reserved.
const MANY: usize = 0xff00;

#[test]
fn more_sections_than_a_16_bit_index_can_number() {
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
