// SPDX-License-Identifier: GPL-2.0

//! What both map parsers need of plain text.

/// Splits off the first word: `(word, rest)`, where spaces before the word are dropped and `rest`
/// begins right behind it. The word is empty at the end of the line.
pub(crate) fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii_start();
    let end = line
        .iter()
        .position(|&byte| byte == b' ')
        .unwrap_or(line.len());
    line.split_at(end)
}

/// Reads hexadecimal digits, all of `digits` or nothing.
pub(crate) fn hex(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    digits.iter().try_fold(0, |value, &byte| {
        let digit = (byte as char).to_digit(16)?;
        Some(value << 4 | u64::from(digit))
    })
}

/// Reads a number written as `0x` and hexadecimal digits.
pub(crate) fn prefixed_hex(word: &[u8]) -> Option<u64> {
    hex(word.strip_prefix(b"0x")?)
}

/// The symbol that a linker script assignment defines, as maps print it: `name = expression` or
/// `PROVIDE (name = expression)`. Assignments to the location counter define none.
pub(crate) fn assigned_symbol(statement: &[u8]) -> Option<&[u8]> {
    if !statement.contains(&b'=') {
        return None;
    }
    let statement = statement.trim_ascii();
    let (first, rest) = word(statement);
    let inner = match first {
        b"PROVIDE" | b"PROVIDE_HIDDEN" | b"HIDDEN" => rest.trim_ascii().strip_prefix(b"(")?,
        _ => statement
            .strip_prefix(b"PROVIDE(")
            .or(statement.strip_prefix(b"PROVIDE_HIDDEN("))
            .unwrap_or(statement),
    };
    let (name, rest) = word(inner);
    let (operator, _) = word(rest);
    (operator == b"=" && name != b".").then_some(name)
}
