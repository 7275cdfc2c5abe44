// SPDX-License-Identifier: GPL-2.0

//! Tests the comparison of a text with the output of `annotate` in the target `text`.

use fuzz::targets::text::only_adds_marks;

#[test]
fn marks_are_told_from_other_changes() {
    let adds = |input: &str, output: &str| only_adds_marks(input.as_bytes(), output.as_bytes());
    assert!(adds("", "") && adds("a b", "a b") && adds("a b", "a [b] b"));
    assert!(adds("x [a] y", "x [a] [b] [c_d] y") && adds("x [a]", "x [a] [a]"));
    assert!(adds("[b] [b]|[vmlinux]", "[b] [b] [b]|[vmlinux]"));
    assert!(!adds("a b", "a c") && !adds("a b", "a ") && !adds("a ", "a b"));
    assert!(!adds("a b", "a [d] b") && !adds("x [a] y", "x y"));
}
