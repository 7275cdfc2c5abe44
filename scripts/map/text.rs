// SPDX-License-Identifier: GPL-2.0

//! What both map parsers need of plain text.

use crate::lines::find;

/// Splits off the first word: `(word, rest)`, where spaces before the word are dropped and `rest`
/// begins right behind it. The word is empty at the end of the line.
#[inline]
pub(crate) fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.get(indent(line)..).unwrap_or_default();
    line.split_at(find(line, b' ').unwrap_or(line.len()))
}

/// How many spaces `line` begins with.
#[inline]
pub(crate) fn indent(line: &[u8]) -> usize {
    let (mut rest, mut before) = (line, 0);
    while let Some((word, after)) = rest.split_first_chunk() {
        let others = u64::from_le_bytes(*word) ^ u64::from_le_bytes([b' '; 8]);
        if others != 0 {
            return before + others.trailing_zeros() as usize / 8;
        }
        (rest, before) = (after, before + 8);
    }
    before + rest.iter().take_while(|&&byte| byte == b' ').count()
}

/// The symbol that a linker script assignment defines, and the symbol that it makes it equal to, if it
/// does just that, as maps print it: `name = expression` or `PROVIDE (name = expression)`. Assignments
/// to the location counter define none.
pub(crate) fn assigned_symbol(statement: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    find(statement, b'=')?;
    let statement = statement.trim_ascii();
    let (first, rest) = word(statement);
    let inner = match first {
        b"PROVIDE" | b"PROVIDE_HIDDEN" | b"HIDDEN" => rest.trim_ascii().strip_prefix(b"(")?,
        _ => statement
            .strip_prefix(b"PROVIDE(")
            .or(statement.strip_prefix(b"PROVIDE_HIDDEN("))
            .or(statement.strip_prefix(b"HIDDEN("))
            .unwrap_or(statement),
    };
    let (name, rest) = word(inner);
    let (operator, expression) = word(rest);
    let expression = expression.trim_ascii();
    let expression = match inner.len() == statement.len() {
        true => expression,
        false => expression.strip_suffix(b")").unwrap_or(expression),
    };
    (operator == b"=" && name != b".").then_some((name, symbol_name(expression.trim_ascii())))
}

/// `text`, if it can be the name of a symbol in C.
fn symbol_name(text: &[u8]) -> Option<&[u8]> {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let starts = text.first().is_some_and(|byte| !byte.is_ascii_digit());
    (starts && text.iter().all(is_of_name)).then_some(text)
}
