// SPDX-License-Identifier: GPL-2.0

//! Whatever the text is, `annotate` only adds marks to it.

use std::collections::BTreeSet;
use std::fs;

use kallmodsyms::{annotate, count, Annotate, Count, Texts};

use crate::show::LINES;

/// Texts that are tried.
const TEXTS: u32 = 3000;

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}

/// Parts that texts are made of, besides any bytes.
const PARTS: &[&str] = &[
    "b_open",
    "shared",
    "twin",
    "startup",
    "label",
    "+0x1",
    "+31",
    "/0x20",
    "/32",
    "_[k]",
    ";",
    " ",
    "\t",
    "\n",
    "\r\n",
    "? ",
    "=> ",
    "`",
    "vmlinux",
    "[<",
    ">]",
    "<",
    "(",
    ")",
    "[b]",
    "[kernel.kallsyms]",
    "0x",
    "ffffffff81000065",
    "ffffffff9f000065",
    "00007f2a3b4c5d6e",
    "Kernel Offset: 0x1000",
    "Linux version ",
    "{b.o}",
    "/",
    ":",
    "-",
    ".",
    "|",
    "+",
    "t",
    "20",
];

/// The marks that symbols of [`LINES`] can get.
const MARKS: &[&str] = &[" [a]", " [b]", " [b] [c_d]", " [a]|[b]", " [b]|[vmlinux]"];

/// Tells whether `output` is `input` with marks added.
fn only_adds_marks(input: &[u8], output: &[u8]) -> bool {
    // Bytes of the input that can be behind each byte of the output.
    let mut places = vec![BTreeSet::new(); output.len() + 1];
    places[0].insert(0);
    for at in 0..output.len() {
        let rest = &output[at..];
        for place in std::mem::take(&mut places[at]) {
            if input.get(place) == Some(&rest[0]) {
                places[at + 1].insert(place + 1);
            }
            for mark in MARKS
                .iter()
                .filter(|mark| rest.starts_with(mark.as_bytes()))
            {
                places[at + mark.len()].insert(place);
            }
        }
    }
    places[output.len()].contains(&input.len())
}

#[test]
fn the_check_sees_differences() {
    assert!(only_adds_marks(b"x+1\n", b"x+1 [a]|[b]\n"));
    assert!(only_adds_marks(b"x+1 [b]\n", b"x+1 [b]\n"));
    for output in [
        &b"x+1 [c]\n"[..],
        b"x+1 [a]",
        b"x+1 [a]\n\n",
        b"+1 [a]\n",
        b"",
    ] {
        assert!(!only_adds_marks(b"x+1\n", output));
    }
}

#[test]
fn the_output_without_marks_is_the_input() {
    let directory = tempfile::tempdir().unwrap();
    let kernel = directory.path().join("listing");
    fs::write(&kernel, LINES).unwrap();
    let texts = Texts {
        kernel,
        ..Texts::default()
    };
    let annotation = Annotate {
        texts: texts.clone(),
        objects: false,
    };
    let counting = Count {
        texts,
        ..Count::default()
    };
    let mut random = Random(0x5eed);
    let mut marked = 0;
    for _ in 0..TEXTS {
        let mut input = Vec::new();
        for _ in 0..random.below(40) {
            match random.below(8) {
                0 => input.push(random.below(256) as u8),
                _ => input.extend(PARTS[random.below(PARTS.len())].bytes()),
            }
        }
        let mut output = Vec::new();
        annotate(&annotation, &mut &input[..], &mut output).unwrap();
        let text = String::from_utf8_lossy(&input);
        assert!(only_adds_marks(&input, &output), "{text:?}");
        count(&counting, &mut &input[..], &mut Vec::new()).unwrap();
        marked += u32::from(output.len() > input.len());
    }
    assert!(marked > TEXTS / 20, "only {marked} texts have a mark");
}
