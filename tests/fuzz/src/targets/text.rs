// SPDX-License-Identifier: GPL-2.0

//! Fuzzes the texts that `annotate` and `count` read. `annotate` may only add marks to a text.

use std::collections::BTreeSet;
use std::path::PathBuf;

use kallmodsyms::{Annotate, Count, CountBy, Texts};

use super::{chooses_json, output_of};
use crate::scratch;

/// A kernel with the symbols of the texts in the corpus: unique names, ambiguous names, and a symbol in two
/// modules.
const LISTING: &[u8] = b"\
0000000000000040 8 D percpu
ffffffff81000000 0 T _text
ffffffff81000000 40 T startup
ffffffff81000040 20 t twin\t[a]
ffffffff81000060 20 t b_open\t[b]
ffffffff81000080 30 t twin\t[b]
ffffffff810000c0 40 t shared\t[b] [c_d]
ffffffff81000100 20 t label\t[b]
ffffffff81000120 20 t label
ffffffff81001000 0 T _etext
ffffffff82000000 0 B _end
";

/// The marks that `annotate` can add for this kernel.
const MARKS: [&[u8]; 5] = [
    b" [a]",
    b" [b]",
    b" [b] [c_d]",
    b" [a]|[b]",
    b" [b]|[vmlinux]",
];

pub fn run(input: &[u8]) {
    thread_local! {
        static KERNEL: PathBuf = scratch::file("kallmodsyms", LISTING);
    }
    let texts = Texts {
        kernel: KERNEL.with(Clone::clone),
        ..Texts::default()
    };
    let annotate = Annotate {
        texts: texts.clone(),
        ..Annotate::default()
    };
    let output = output_of(|out| kallmodsyms::annotate(&annotate, &mut &input[..], out));
    let output = output.expect("annotate accepts any text");
    assert!(only_adds_marks(input, &output));
    let count = Count {
        texts,
        by: CountBy::Module,
        json: chooses_json(input),
    };
    let rows = output_of(|out| kallmodsyms::count(&count, &mut &input[..], out));
    let rows = rows.expect("count accepts any text");
    // A text with a mark has a row.
    assert!(output.len() == input.len() || rows.contains(&b'\n'));
}

/// Return: true if `output` is `input` with marks added.
pub fn only_adds_marks(input: &[u8], output: &[u8]) -> bool {
    // The input can have the bytes of a mark itself. There, the comparison tries both: an added mark, and
    // bytes of the input. A pair is the number of compared bytes of the output and of the input.
    let mut ways = vec![(0, 0)];
    let mut seen = BTreeSet::new();
    while let Some((mut written, mut taken)) = ways.pop() {
        loop {
            let rest = &output[written..];
            if rest.first() == Some(&b' ') {
                if !seen.insert((written, taken)) {
                    break;
                }
                let marks = MARKS.iter().filter(|mark| rest.starts_with(mark));
                ways.extend(marks.map(|mark| (written + mark.len(), taken)));
            }
            match (rest.first(), input.get(taken)) {
                (None, None) => return true,
                (Some(one), Some(other)) if one == other => (),
                _ => break,
            }
            written += 1;
            taken += 1;
        }
    }
    false
}
