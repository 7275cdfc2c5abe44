// SPDX-License-Identifier: GPL-2.0

//! Compares the object files that the kernel stores with the object files that define its symbols.

use std::collections::HashMap;
use std::io::{Result, Write};

use crate::object_tables::ShownObject;
use crate::verdict::{Fault, Modules};

/// A symbol with a fault.
struct Finding {
    fault: Fault,
    symbol: String,
    shown: Option<String>,
    /// The object files that may define the symbol; `None` stands for no object file.
    expected: Vec<Option<String>>,
}

/// The counts and the findings.
#[derive(Default)]
pub struct ObjectVerdict {
    /// The number of symbols that have an object file.
    defined: usize,
    /// The number of these symbols that the kernel stores with the right object file.
    right: usize,
    findings: Vec<Finding>,
    /// The lines by name.
    lines: HashMap<String, Vec<Line>>,
    /// A text for each line with wrong braces.
    wrong_braces: Vec<String>,
}

/// A line of the listing.
struct Line {
    symbol: String,
    /// The letter of the type.
    kind: char,
    modules: Modules,
    shown: ShownObject,
}

impl ObjectVerdict {
    /// Adds the symbol that `symbol` describes. `expected` has the object files that may define it.
    pub fn add(&mut self, symbol: &str, shown: &ShownObject, expected: &[Option<String>]) {
        let is_defined = expected.iter().all(Option::is_some);
        self.defined += usize::from(is_defined);
        let fault = match expected {
            [only] if *only == shown.path => {
                self.right += usize::from(is_defined);
                return;
            }
            _ if expected.contains(&shown.path) => Fault::Unclear,
            _ if shown.path.is_none() => Fault::Missing,
            _ => Fault::Wrong,
        };
        self.findings.push(Finding {
            fault,
            symbol: symbol.to_owned(),
            shown: shown.path.clone(),
            expected: expected.to_vec(),
        });
    }

    /// Adds the line of the symbol that `symbol` describes, for [`check_braces`](Self::check_braces).
    pub fn add_line(
        &mut self,
        name: &str,
        kind: char,
        symbol: &str,
        modules: &Modules,
        shown: ShownObject,
    ) {
        self.lines.entry(name.to_owned()).or_default().push(Line {
            symbol: symbol.to_owned(),
            kind,
            modules: modules.clone(),
            shown,
        });
    }

    /// Compares the braces of all lines with the rule. A line with an object file has braces if another line has the
    /// same name and modules. The braces have the shortest end of the path, in whole components, that ends no
    /// other path among the lines of this name. The braces have the whole path if another line also has the same
    /// object file, or if every end also ends another path.
    pub fn check_braces(&mut self) {
        for lines in self.lines.values() {
            for (index, line) in lines.iter().enumerate() {
                let others = lines
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != index);
                let others: Vec<&Line> = others.map(|(_, other)| other).collect();
                let expected = braces(line, &others);
                if expected != line.shown.braces {
                    self.wrong_braces.push(format!(
                        "wrong braces: {}: {}, expected {}",
                        line.symbol,
                        text(&line.shown.braces),
                        text(&expected)
                    ));
                }
            }
        }
    }

    fn count(&self, fault: Fault) -> usize {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.fault == fault).count()
    }

    /// The number of lines that are the `same` as another line of their name, and the number of code lines among
    /// these.
    fn ambiguous(&self, same: Same) -> (usize, usize) {
        let (mut all, mut code) = (0, 0);
        for lines in self.lines.values() {
            for (index, line) in lines.iter().enumerate() {
                let mut others = lines.iter().enumerate();
                if others.any(|(other, of_name)| other != index && same(line, of_name)) {
                    all += 1;
                    code += usize::from(matches!(line.kind, 't' | 'T' | 'w' | 'W'));
                }
            }
        }
        (all, code)
    }

    /// True if no object file is wrong or missing, and no braces are wrong.
    pub fn good(&self) -> bool {
        self.count(Fault::Wrong) == 0
            && self.count(Fault::Missing) == 0
            && self.wrong_braces.is_empty()
    }

    /// Writes the counts, and a line for each finding.
    pub fn write(&self, out: &mut impl Write) -> Result<()> {
        writeln!(
            out,
            "symbols of object files: {}, stored with their object file: {}",
            self.defined, self.right
        )?;
        for (word, fault) in WORDS {
            writeln!(out, "{word} object files: {}", self.count(fault))?;
        }
        let in_braces = self.lines.values().flatten();
        let in_braces = in_braces.filter(|line| line.shown.braces.is_some());
        writeln!(
            out,
            "lines with braces: {}, wrong: {}",
            in_braces.count(),
            self.wrong_braces.len()
        )?;
        for (what, same) in SAME {
            let (all, code) = self.ambiguous(same);
            writeln!(
                out,
                "symbols with the same {what}: {all}, of these code: {code}"
            )?;
        }
        for text in &self.wrong_braces {
            writeln!(out, "{text}")?;
        }
        for finding in &self.findings {
            let expected: Vec<&str> = finding.expected.iter().map(text).collect();
            let word = WORDS.iter().find(|(_, fault)| *fault == finding.fault);
            writeln!(
                out,
                "{} object file: {}: stored {}, expected {}",
                word.map_or("", |(word, _)| word),
                finding.symbol,
                text(&finding.shown),
                expected.join(" or ")
            )?;
        }
        Ok(())
    }
}

/// True if a property of two lines with one name is the same.
type Same = fn(&Line, &Line) -> bool;

/// What several symbols of one name can have in common.
const SAME: [(&str, Same); 3] = [
    ("name", |_, _| true),
    ("name and modules", |one, other| {
        one.modules == other.modules
    }),
    ("name, modules and object file", |one, other| {
        one.modules == other.modules && one.shown.path == other.shown.path
    }),
];

const WORDS: [(&str, Fault); 3] = [
    ("wrong", Fault::Wrong),
    ("missing", Fault::Missing),
    ("unclear", Fault::Unclear),
];

/// The braces that `line` should have.
fn braces(line: &Line, others: &[&Line]) -> Option<String> {
    let path = line.shown.path.as_ref()?;
    let alike = others.iter().filter(|other| other.modules == line.modules);
    let mut alike = alike.peekable();
    alike.peek()?;
    if alike.any(|other| other.shown.path.as_ref() == Some(path)) {
        return Some(path.clone());
    }
    let parts: Vec<&str> = path.split('/').collect();
    let ends = (1..=parts.len()).map(|count| parts[parts.len() - count..].join("/"));
    let is_end_of_other = |end: &String| {
        others.iter().any(|other| {
            let other = other.shown.path.as_ref().filter(|other| *other != path);
            let before = other.and_then(|other| other.strip_suffix(end.as_str()));
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        })
    };
    let mut telling = ends.filter(|end| !is_end_of_other(end));
    Some(telling.next().unwrap_or_else(|| path.clone()))
}

fn text(path: &Option<String>) -> &str {
    path.as_deref().unwrap_or("none")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: Option<&str>, braces: Option<&str>) -> ShownObject {
        ShownObject {
            path: path.map(str::to_owned),
            braces: braces.map(str::to_owned),
        }
    }

    fn expected(paths: &[Option<&str>]) -> Vec<Option<String>> {
        let paths = paths.iter();
        paths.map(|path| path.map(str::to_owned)).collect()
    }

    #[test]
    fn object_files_are_right_wrong_missing_or_unclear() {
        for (path, paths, is_good) in [
            (Some("a.o"), &[Some("a.o")][..], true),
            (None, &[None], true),
            (Some("a.o"), &[Some("a.o"), Some("b.o")], true),
            (Some("c.o"), &[Some("a.o"), Some("b.o")], false),
            (Some("a.o"), &[None], false),
            (None, &[Some("a.o")], false),
        ] {
            let mut verdict = ObjectVerdict::default();
            verdict.add("s", &shown(path, None), &expected(paths));
            assert_eq!(verdict.good(), is_good, "{path:?} of {paths:?}");
        }
    }

    /// The lines of three symbols of one name, with these object files, modules and braces.
    fn is_good(lines: [(&str, &str, Option<&str>); 3]) -> bool {
        let mut verdict = ObjectVerdict::default();
        for (path, module, braces) in lines {
            let modules = vec![module.to_owned()];
            verdict.add_line("s", 't', "s", &modules, shown(Some(path), braces));
        }
        verdict.check_braces();
        verdict.good()
    }

    #[test]
    fn braces_are_computed_from_the_rule() {
        let right = [
            ("x/a.o", "m", Some("x/a.o")),
            ("y/x/b.o", "m", Some("b.o")),
            // The modules tell this symbol from the others. But its object file ends in a.o, too.
            ("y/a.o", "n", None),
        ];
        assert!(is_good(right));
        for (line, braces) in [
            (0, None),
            (0, Some("a.o")),
            (1, Some("x/b.o")),
            (2, Some("y/a.o")),
        ] {
            let mut wrong = right;
            wrong[line].2 = braces;
            assert!(!is_good(wrong), "{line}: {braces:?}");
        }
        // Two symbols of one object file.
        let twins = Some("x/a.o");
        assert!(is_good([
            ("x/a.o", "m", twins),
            ("x/a.o", "m", twins),
            ("b.o", "n", None)
        ]));
    }
}
