// SPDX-License-Identifier: GPL-2.0

//! Words of a map's line, and statements of the linker script. GNU ld and LLD print statements alike.

use crate::common::lines::find;

/// Splits `line` at the end of its first word, into the word and the rest. Drops the spaces before the word;
/// the rest begins with the space after the word. The word is empty if `line` has no word.
#[inline]
pub(super) fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let (_, text) = line.split_at(indent(line));
    match find(text, b' ') {
        Some(end) => text.split_at(end),
        None => text.split_at(text.len()),
    }
}

/// The number of spaces that `line` begins with.
#[inline]
pub(super) fn indent(line: &[u8]) -> usize {
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

/// The symbol that an assignment of the linker script defines. If the assigned expression is a single symbol,
/// the second part is that symbol. `None` for assignments to the location counter, and for other statements.
///
/// ```text
/// _text = .
/// PROVIDE (__pi__text = _text)
/// ```
pub(super) fn assigned_symbol(statement: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    find(statement, b'=')?;
    let statement = statement.trim_ascii();
    let assignment = unwrapped(statement)?;
    let (name, rest) = word(assignment);
    let (operator, expression) = word(rest);
    let expression = expression.trim_ascii();
    let expression = match expression {
        // The parenthesis of `PROVIDE (`.
        [inside @ .., b')'] if assignment.len() != statement.len() => inside.trim_ascii(),
        _ => expression,
    };
    (operator == b"=" && name != b".").then_some((name, symbol_name(expression)))
}

/// The text after a keyword and its parenthesis, such as `PROVIDE (`. Without a keyword, the whole statement.
/// `None` if a keyword has no parenthesis.
fn unwrapped(statement: &[u8]) -> Option<&[u8]> {
    let (first, rest) = word(statement);
    if matches!(first, b"PROVIDE" | b"PROVIDE_HIDDEN" | b"HIDDEN") {
        return rest.trim_ascii().strip_prefix(b"(");
    }
    let keywords = [&b"PROVIDE("[..], b"PROVIDE_HIDDEN(", b"HIDDEN("];
    let mut without_keyword = keywords
        .iter()
        .filter_map(|keyword| statement.strip_prefix(*keyword));
    // A plain assignment has no keyword.
    Some(without_keyword.next().unwrap_or(statement))
}

/// `text` if it can be the name of a symbol in C.
fn symbol_name(text: &[u8]) -> Option<&[u8]> {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let starts = text.first().is_some_and(|byte| !byte.is_ascii_digit());
    (starts && text.iter().all(is_of_name)).then_some(text)
}
