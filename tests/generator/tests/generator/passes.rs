// SPDX-License-Identifier: GPL-2.0

//! Tests the passes of a link. The sizes of the symbols can change from pass to pass, and the tables with
//! them. kbuild links a third time if a symbol of the tables moved between the first pass and the second pass.
//! The kernel is inconsistent if a symbol moves between the last pass and the link of vmlinux. A pass without
//! symbols precedes the first pass.

use std::collections::BTreeMap;

use crate::build::Build;

/// The passes of one link. The pass without symbols has the number 0.
struct Passes {
    build: Build,
    passes: u32,
}

impl Passes {
    fn new() -> Self {
        let mut passes = Self {
            build: Build::of("gnu-objects"),
            passes: 0,
        };
        passes.begin();
        passes
    }

    /// Makes the tables of the pass without symbols.
    fn begin(&mut self) {
        self.passes = 0;
        self.build.write("vmlinux0.syms", "");
        self.build.write("vmlinux0.kallsyms.S", "");
        self.generate("vmlinux0");
    }

    /// Appends the tables of `stem` to its assembler file, as kbuild does.
    fn generate(&self, stem: &str) -> String {
        let output = self.build.command().args(["link", stem]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let tables = String::from_utf8(output.stdout).unwrap();
        // GNU as warns about this line.
        assert!(!tables.contains("\t.skip\t0\n"), "{tables}");
        let file = format!("{stem}.kallsyms.S");
        self.build.write(&file, self.build.read(&file) + &tables);
        tables
    }

    /// Links the next pass. In this pass, `words` symbols have a size that needs a word of 8 bytes. Returns the
    /// offset of each label of the tables, in bytes.
    fn link(&mut self, words: usize) -> BTreeMap<String, u64> {
        self.passes += 1;
        let stem = format!("vmlinux{}", self.passes);
        let pristine = Build::of("gnu-objects");
        let mut dump = pristine.read("vmlinux1.dump");
        let mut lines: Vec<String> = dump.lines().map(str::to_owned).collect();
        let mut left = words;
        for line in &mut lines {
            if left > 0 && line.starts_with("ffffffff81") && line.contains('\t') {
                // Each size is larger than the distance to the next symbol, and no two sizes are equal.
                let (head, tail) = line.split_once('\t').unwrap();
                let (_, name) = tail.split_once(' ').unwrap();
                *line = format!("{head}\t{:016x} {name}", 0x1_0000 + 17 * left);
                left -= 1;
            }
        }
        assert_eq!(left, 0, "the image has too few symbols");
        dump = lines.join("\n") + "\n";
        self.build.write(&format!("{stem}.dump"), dump);
        self.build.assemble(&stem);
        for suffix in [".map", ".syms", ".kallsyms.S"] {
            let content = pristine.read(&format!("vmlinux1{suffix}"));
            self.build.write(&format!("{stem}{suffix}"), content);
        }
        places(&self.generate(&stem))
    }
}

/// The offset of each label in assembler source, in bytes.
fn places(source: &str) -> BTreeMap<String, u64> {
    let (mut places, mut at) = (BTreeMap::new(), 0_u64);
    for line in source.lines() {
        let line = line.split("/*").next().unwrap().trim_end();
        let (directive, operands) = line
            .trim_start()
            .split_once('\t')
            .unwrap_or((line.trim(), ""));
        match directive {
            ".balign" => at = at.next_multiple_of(operands.parse().unwrap()),
            ".long" => at += 4 * operands.split(',').count() as u64,
            ".quad" => at += 8,
            ".byte" => at += operands.split(',').count() as u64,
            ".asciz" => at += operands.trim_matches('"').len() as u64 + 1,
            ".skip" => at += operands.parse::<u64>().unwrap(),
            "" | ".globl" => {}
            _ if directive.starts_with(".section") => {}
            label => {
                let name = label.strip_suffix(':').unwrap_or_else(|| panic!("{line}"));
                places.insert(name.to_owned(), at);
            }
        }
    }
    places.insert("end".to_owned(), at);
    places
}

/// The spare room of the tables absorbs small changes, so that kbuild needs no third pass.
#[test]
fn a_few_changed_sizes_move_no_table() {
    for (first, second) in [(8, 16), (16, 8), (0, 15), (30, 40)] {
        let mut passes = Passes::new();
        let before = passes.link(first);
        assert_eq!(passes.link(second), before, "{first} and {second}");
    }
}

/// A change that exceeds the spare room enlarges the tables once. Later passes do not make the tables smaller.
#[test]
fn tables_never_shrink_from_pass_to_pass() {
    let mut passes = Passes::new();
    let before = passes.link(0);
    let grown = passes.link(40);
    assert!(grown["end"] > before["end"]);
    for words in [39, 0, 40, 17] {
        assert_eq!(passes.link(words), grown, "{words}");
    }
    for (name, place) in &before {
        assert!(grown[name] >= *place, "{name}");
    }
}

/// The first pass of a new link ignores the spare room of an earlier link with larger tables.
#[test]
fn a_new_link_ignores_the_room_of_an_earlier_link() {
    let mut passes = Passes::new();
    let before = passes.link(0);
    passes.link(40);
    passes.begin();
    assert_eq!(passes.link(0), before);
}
