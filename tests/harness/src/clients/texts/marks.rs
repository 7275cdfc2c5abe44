// SPDX-License-Identifier: GPL-2.0

//! The marks that a line of text must have.

use anyhow::{ensure, Context, Result};
use regex::{Captures, Regex};

use super::symbols::{Places, Symbols};

/// An address, and the symbol behind it if there is one.
///
/// ```text
/// ffffffff811b9eff vfs_read+0x10 ([kernel.kallsyms])
/// [<ffffffff811b9eff>] vfs_read+0x10/0x151
/// 0xffffffff811b9eff
/// ```
const ADDRESS: &str = concat!(
    r"(?P<before>^|[^0-9A-Za-z_])(?:0x|\[<)?(?P<address>[0-9a-f]{6,16})(?P<close>>\])?\b",
    r"(?:[ \t:]+(?:\? )?(?P<name>[A-Za-z_][\w.$]*)(?P<numbers>\+[0-9a-fx]+(?:/0x[0-9a-f]+)?)?(?P<dso> \(|\n|$))?",
);

/// A symbol with an offset, or a symbol of the kernel that ends with `_[k]` in folded stacks.
///
/// ```text
/// vfs_read+0x10/0x151
/// vfs_read+16
/// vfs_read_[k]
/// ext4`ext4_file_open+0x1
/// ```
const SYMBOL: &str = concat!(
    r"(?P<module>[a-z0-9_]+`)?(?P<name>[A-Za-z_][\w.$]*?)",
    r"(?:\+(?:0x(?P<hex>[0-9a-f]+)(?:/0x(?P<size>[0-9a-f]+))?|(?P<decimal>[0-9]+))|(?P<folded>_\[k\]))",
);

/// DTrace's symbols can be without an offset.
const QUOTED: &str = r"(?P<module>[a-z0-9_]+)`(?P<name>[A-Za-z_][\w.$]*)";

/// A mark: the modules of a symbol, as ` [a] [b]`. After a `|`, the modules of another symbol with this name.
const MARK: &str = r"^ \[[a-z0-9_]+\](?: \[[a-z0-9_]+\])*(?:\|\[[a-z0-9_]+\](?: \[[a-z0-9_]+\])*)*";

pub struct Rules {
    address: Regex,
    symbol: Regex,
    quoted: Regex,
    mark: Regex,
}

/// A symbol or an address in a line.
struct Token<'t> {
    start: usize,
    end: usize,
    /// Each set of places that can be in the mark; a mark has one of these sets.
    allowed: Vec<Places<'t>>,
}

impl Rules {
    pub fn new() -> Result<Self> {
        Ok(Self {
            address: Regex::new(ADDRESS)?,
            symbol: Regex::new(SYMBOL)?,
            quoted: Regex::new(QUOTED)?,
            mark: Regex::new(MARK)?,
        })
    }

    /// Compares the marks in `marked` with those that `line` must have, and counts them.
    pub fn compare(&self, symbols: &Symbols<'_>, line: &str, marked: &str) -> Result<usize> {
        let tokens = self.tokens(symbols, line);
        let marks = self.marks(line, marked);
        let marks = marks.with_context(|| format!("'{line}' became '{marked}'"))?;
        for (end, mark) in &marks {
            let token = tokens.iter().find(|token| token.end == *end);
            let token = token.with_context(|| format!("a mark behind no symbol: '{marked}'"))?;
            let places: Places<'_> = mark
                .trim_start()
                .split('|')
                .map(|place| if place == "[vmlinux]" { "" } else { place })
                .collect();
            ensure!(
                token.allowed.contains(&places),
                "'{marked}' instead of {:?}",
                token.allowed
            );
        }
        for token in &tokens {
            let is_marked = marks.iter().any(|(end, _)| *end == token.end);
            ensure!(
                is_marked || token.allowed.contains(&Places::from([""])),
                "'{marked}' has no mark {:?}",
                token.allowed
            );
        }
        Ok(marks.len())
    }

    /// The marks of a line, and the byte of the line that each one stands behind. `None` if the line changed
    /// in another way.
    fn marks<'m>(&self, line: &str, marked: &'m str) -> Option<Vec<(usize, &'m str)>> {
        let mut marks = Vec::new();
        let (mut at, mut rest) = (0, marked);
        loop {
            let line_rest = line.get(at..)?;
            let mark = self.mark.find(rest).map(|mark| mark.as_str());
            match mark.filter(|mark| !line_rest.starts_with(mark)) {
                Some(mark) => {
                    // The text behind the mark can look like a part of the mark.
                    let own = (1..=mark.len()).rev().find(|&end| {
                        let after = rest.get(end..);
                        mark.get(..end).is_some_and(|own| own.ends_with(']'))
                            && after.is_some_and(|after| begins_alike(line_rest, after))
                    })?;
                    marks.push((at, mark.get(..own)?));
                    rest = rest.get(own..)?;
                }
                None => match (line_rest.chars().next(), rest.chars().next()) {
                    (Some(a), Some(b)) if a == b => {
                        at += a.len_utf8();
                        rest = rest.get(a.len_utf8()..)?;
                    }
                    (None, None) => return Some(marks),
                    _ => return None,
                },
            }
        }
    }

    fn tokens<'t>(&self, symbols: &Symbols<'t>, line: &str) -> Vec<Token<'t>> {
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(found) = self.address.captures_at(line, at) {
            let (token, end) = of_address(symbols, line, &found);
            at = end.max(at + 1);
            tokens.extend(token);
        }
        for rule in [&self.symbol, &self.quoted] {
            for found in rule.captures_iter(line) {
                let token = of_symbol(symbols, line, &found);
                let is_new = |token: &Token<'_>| {
                    let overlaps =
                        |other: &Token<'_>| token.start < other.end && other.start < token.end;
                    !tokens.iter().any(overlaps)
                };
                if let Some(token) = token.filter(is_new) {
                    tokens.push(token);
                }
            }
        }
        tokens.retain(|token| !names_module(line, token.end));
        tokens
    }
}

/// Tells whether two texts have the same first four characters.
fn begins_alike(line: &str, rest: &str) -> bool {
    let few = |text: &str| text.chars().take(4).collect::<String>();
    few(line) == few(rest)
}

fn number(found: &Captures<'_>, name: &str) -> Option<u64> {
    u64::from_str_radix(found.name(name)?.as_str(), 16).ok()
}

/// The token of an address, if any, and the byte from which the search for the next address goes on.
fn of_address<'t>(
    symbols: &Symbols<'t>,
    line: &str,
    found: &Captures<'_>,
) -> (Option<Token<'t>>, usize) {
    let whole = found.get(0).map_or(line.len(), |all| all.end());
    let address_end = found.name("close").or(found.name("address"));
    let address_end = address_end.map_or(whole, |part| part.end());
    let start = found.name("address").map_or(0, |part| part.start());
    let address = number(found, "address");
    let is_kernel = |address: &u64| symbols.range().is_some_and(|range| range.contains(address));
    let Some(address) = address.filter(is_kernel) else {
        // An address of a program: the name behind it is no symbol of the kernel.
        let user = found.name("dso").is_some() && found.name("address").is_some();
        let end = if user { whole } else { address_end };
        let token = user.then(|| Token {
            start,
            end: usize::MAX,
            allowed: vec![Places::from([""])],
        });
        return (token, end);
    };
    let name = found.name("name").filter(|name| symbols.has(name.as_str()));
    let end = match name {
        Some(name) => found.name("numbers").unwrap_or(name).end(),
        None => address_end,
    };
    let mut allowed = symbols.at(address);
    if name.is_some() {
        // The return address of a call that never returns can be behind the function.
        allowed.extend(symbols.at(address.wrapping_sub(1)));
    }
    let token = Token {
        start,
        end,
        allowed,
    };
    (Some(token), end)
}

fn of_symbol<'t>(symbols: &Symbols<'t>, line: &str, found: &Captures<'_>) -> Option<Token<'t>> {
    let (name, all) = (found.name("name")?, found.get(0)?);
    let before = line.get(..all.start())?.chars().next_back();
    if before.is_some_and(|c| "/-".contains(c) || c.is_alphanumeric()) {
        return None;
    }
    let offset = found
        .name("decimal")
        .and_then(|digits| digits.as_str().parse().ok())
        .or_else(|| number(found, "hex"));
    let size = number(found, "size");
    let named = symbols.named(name.as_str(), offset, size);
    let named = match found
        .name("module")
        .map(|m| m.as_str().trim_end_matches('`'))
    {
        Some("vmlinux") | None => named,
        // DTrace has named the module.
        Some(_) => Places::from([""]),
    };
    (!named.is_empty()).then(|| Token {
        start: all.start(),
        // The mark stands before `_[k]`, which must stay at the end for the programs that draw stacks.
        end: found.name("folded").map_or(all.end(), |mark| mark.start()),
        allowed: vec![named],
    })
}

/// Tells whether the text itself names a module behind the byte `end`.
fn names_module(line: &str, end: usize) -> bool {
    let rest = line.get(end..).unwrap_or_default().trim_start();
    let inside = rest.strip_prefix("([").or_else(|| rest.strip_prefix('['));
    inside.is_some_and(|inside| {
        !inside.starts_with("kernel.") && inside.starts_with(|c: char| c.is_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
ffffffff81000000 40 T startup
ffffffff81000060 20 t a_open\t[a]
ffffffff81000080 10 t shared\t[a] [b]
ffffffff81000090 8 t local\t[a]
ffffffff810000a0 10 t local
ffffffff810000b0 0 T _end
";

    fn compare(line: &str, marked: &str) -> Result<usize> {
        Rules::new()
            .unwrap()
            .compare(&Symbols::of(FILE), line, marked)
    }

    /// Lines with marks, and the number of marks.
    const RIGHT: [(&str, usize); 12] = [
        ("[    1.2][   T61]  ? a_open+0x5/0x20 [a]", 1),
        ("RIP: 0010:shared+0x4/0x10 [a] [b]", 1),
        (" startup+0x4/0x60", 0),
        ("\tffffffff81000065 a_open+0x5 [a] ([kernel.kallsyms])", 1),
        ("\t    7f2a3b4c5d6e a_open+0x5 (/usr/lib/libc.so.6)", 0),
        ("cat;startup_[k];a_open [a]_[k] 12", 1),
        ("    a_open+5 [a]", 1),
        ("              ext4`a_open+0x5", 0),
        ("              vmlinux`a_open+0x5 [a]", 1),
        ("R13: ffffffff81000061 [a] R14: 0000000000000000", 1),
        (" local+0x0/0x8 [a]", 1),
        (" local+0x1 [a]|[vmlinux]", 1),
    ];

    /// A line of [`RIGHT`] without its marks.
    fn without(marked: &str) -> String {
        [" [a] [b]", " [a]|[vmlinux]", " [a]"]
            .iter()
            .fold(marked.to_owned(), |line, mark| line.replace(mark, ""))
    }

    #[test]
    fn right_marks() {
        for (marked, number) in RIGHT {
            assert_eq!(
                compare(&without(marked), marked).unwrap(),
                number,
                "{marked}"
            );
        }
    }

    #[test]
    fn wrong_marks() {
        for (marked, number) in RIGHT {
            let line = without(marked);
            if number > 0 {
                compare(&line, &line).unwrap_err();
                compare(&line, &marked.replace(" [a]", " [c]")).unwrap_err();
            }
            compare(&line, &format!("{marked}.")).unwrap_err();
        }
        compare(" startup+0x4/0x60", " startup+0x4/0x60 [a]").unwrap_err();
        compare(" local+0x0/0x8", " local+0x0/0x8 [a]|[vmlinux]").unwrap_err();
    }

    #[test]
    fn marks_of_the_text_itself_stay() {
        for line in [
            " a_open+0x5/0x20 [a]",
            "\tffffffff81000065 a_open+0x5 ([a])",
        ] {
            assert_eq!(compare(line, line).unwrap(), 0);
        }
    }
}
