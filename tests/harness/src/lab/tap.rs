// SPDX-License-Identifier: GPL-2.0

//! Parses the Test Anything Protocol, in the form that the guest prints.

/// ```text
/// 1..2
/// ok 1 - the whole file follows the rule
/// # line 7: ffffffff81000000 T _text
/// not ok 2 - two readers see the same
/// ```
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Plan(u32),
    Passed(String),
    Failed(String),
    Comment(String),
}

/// Parses a line of the console. Returns `None` for other lines, such as messages of the kernel.
pub fn parse(line: &str) -> Option<Line> {
    if let Some(comment) = line.strip_prefix("# ") {
        return Some(Line::Comment(comment.to_owned()));
    }
    if let Some(count) = line.strip_prefix("1..") {
        return count.parse().ok().map(Line::Plan);
    }
    let (rest, line): (_, fn(String) -> Line) = match line.strip_prefix("not ok ") {
        Some(rest) => (rest, Line::Failed),
        None => (line.strip_prefix("ok ")?, Line::Passed),
    };
    let (number, name) = rest.split_once(" - ")?;
    number.parse::<u32>().ok()?;
    Some(line(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_each_kind() {
        assert_eq!(parse("1..2"), Some(Line::Plan(2)));
        assert_eq!(
            parse("ok 1 - a - b"),
            Some(Line::Passed("a - b".to_owned()))
        );
        assert_eq!(parse("not ok 12 - c"), Some(Line::Failed("c".to_owned())));
        assert_eq!(parse("# why"), Some(Line::Comment("why".to_owned())));
    }

    #[test]
    fn messages_of_the_kernel() {
        assert_eq!(parse("[    0.000000] Linux version 6.12"), None);
        assert_eq!(parse("ok then"), None);
        assert_eq!(parse("not ok"), None);
    }
}
