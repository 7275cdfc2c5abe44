// SPDX-License-Identifier: GPL-2.0

//! A line of `/proc/kallmodsyms`.

/// The part of a line before the tab, and its modules in brackets, without the object file in braces.
///
/// ```text
/// ffffffff81a3c2f0 0 b __key.7\t[ext4] {ext4/super.o}
/// ```
pub fn symbol_and_modules(line: &str) -> (&str, &str) {
    let (symbol, places) = line.split_once('\t').unwrap_or((line, ""));
    let modules = places.split('{').next().unwrap_or_default();
    (symbol, modules.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_have_no_braces() {
        for (line, modules) in [
            ("0 0 b a", ""),
            ("0 0 b a\t[m]", "[m]"),
            ("0 0 b a\t[m] [n] {o.o}", "[m] [n]"),
            ("0 0 b a\t{o.o}", ""),
        ] {
            assert_eq!(symbol_and_modules(line), ("0 0 b a", modules));
        }
    }
}
