// SPDX-License-Identifier: GPL-2.0

//! Checks the names and the imports of each part of the code, and the length of each Rust file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{bail, ensure, Context, Result};

use super::imports::Flow;
use super::lint::{has_extension, source_files};
use super::report::Report;
use crate::lab::options;

/// The most lines of a file. A longer file has more than one concern.
const LONGEST_FILE: usize = 400;

/// The files and directories in `paths` must not have the words in `forbidden` outside comments.
struct Rule {
    name: &'static str,
    paths: &'static [&'static str],
    /// The files that may have the words.
    except: &'static [&'static str],
    forbidden: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        name: "format code names no type of std, alloc or the kernel",
        paths: &["rust/format"],
        forbidden: &["std::", "alloc::", "kernel::", "bindings::", "crate::"],
        except: &[],
    },
    Rule {
        name: "the component has no unsafe code outside its abstractions",
        paths: &["rust/format", "rust/kallmodsyms.rs", "rust/listing"],
        // This file stores tokens without a bounds check for each token.
        except: &["rust/format/lines/name_expansion.rs"],
        forbidden: &["unsafe "],
    },
    Rule {
        name: "the listing does not import the answers",
        paths: &["rust/listing"],
        except: &[],
        forbidden: &["answers"],
    },
    Rule {
        name: "kernel code has no path that panics",
        paths: &["rust", "samples/modules"],
        except: &[],
        forbidden: &[
            ".unwrap()",
            ".expect(",
            "panic!(",
            "unreachable!(",
            "todo!(",
            "assert!(",
        ],
    },
    Rule {
        name: "the lab imports no suite that uses the lab",
        paths: &["tests/harness/src/lab"],
        except: &[],
        forbidden: &[
            "crate::bench",
            "crate::clients",
            "crate::deb",
            "crate::kselftest",
            "crate::matrix",
            "crate::summary",
            "crate::test",
        ],
    },
    Rule {
        name: "the generator names no crate",
        paths: &["scripts"],
        except: &[],
        forbidden: &["extern crate", "libc::", "anyhow::", "clap::"],
    },
    Rule {
        name: "the generator does not panic",
        paths: &["scripts"],
        except: &[],
        forbidden: &[".unwrap()", ".expect(", "panic!(", "todo!("],
    },
];

const FLOWS: &[Flow] = &[
    Flow {
        name: "the generator's files import along the flow, without a cycle",
        root: "scripts/kallmodsyms.rs",
        folders: &["common", "read", "attribute", "encode", "write"],
    },
    Flow {
        name: "the component's files import along the flow, without a cycle",
        root: "rust/kallmodsyms.rs",
        folders: &[
            "format",
            "series",
            "abstractions",
            "sources",
            "answers",
            "listing",
        ],
    },
];

pub fn run(report: &mut Report) -> Result<()> {
    let repository = options::repository()?;
    let files: Vec<_> = source_files(&repository)?
        .into_iter()
        .filter(|file| has_extension(file, "rs"))
        .collect();
    for rule in RULES {
        report.check(rule.name, rule.check(&repository, &files));
    }
    report.check(
        "the tool and the generator share only the format code",
        share_only_format(&repository, &files),
    );
    for flow in FLOWS {
        report.check(flow.name, flow.check(&repository, &files));
    }
    report.check(
        &format!("no Rust file has more than {LONGEST_FILE} lines"),
        no_file_is_too_long(&files),
    );
    Ok(())
}

impl Rule {
    fn check(&self, repository: &Path, files: &[PathBuf]) -> Result<()> {
        let mut broken = Vec::new();
        for path in self.paths.iter().map(|path| repository.join(path)) {
            if !files.iter().any(|file| file.starts_with(&path)) {
                bail!("{} has no Rust file", path.display());
            }
            let files = files.iter().filter(|file| file.starts_with(&path));
            for file in files.filter(|file| !self.excepts(repository, file)) {
                self.check_file(file, &mut broken)?;
            }
        }
        if !broken.is_empty() {
            bail!("{}", broken.join("\n"));
        }
        Ok(())
    }

    fn excepts(&self, repository: &Path, file: &Path) -> bool {
        let mut except = self.except.iter();
        except.any(|path| repository.join(path) == file)
    }

    fn check_file(&self, file: &Path, broken: &mut Vec<String>) -> Result<()> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            // A check at compile time cannot panic at run time.
            let code = code.trim_start();
            if code.starts_with("const _: () =") || code.starts_with("const { assert!") {
                continue;
            }
            if self.forbidden.iter().any(|word| names(code, word)) {
                broken.push(format!(
                    "{}:{}: {}",
                    file.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
        Ok(())
    }
}

/// True if `code` has `word`. The end of a longer word does not count.
fn names(code: &str, word: &str) -> bool {
    let is_part = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    code.match_indices(word)
        .any(|(at, _)| !(word.starts_with(|c: char| c.is_alphabetic()) && is_part(&code[..at])))
}

/// The library that the kernel, the generator and the tool share.
const FORMAT: &str = "rust/format/mod.rs";

/// Checks that the format code is the only file of other directories that the tool and the generator include.
fn share_only_format(repository: &Path, files: &[PathBuf]) -> Result<()> {
    for house in ["tools/kallmodsyms", "scripts"].map(|house| repository.join(house)) {
        let mut shared = BTreeSet::new();
        for file in files.iter().filter(|file| file.starts_with(&house)) {
            let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
            let directory = file.parent().context("a file in no directory")?;
            let included = included(&text).map(|path| normal(&directory.join(path)));
            shared.extend(included.filter(|path| !path.starts_with(&house)));
        }
        let wanted = BTreeSet::from([repository.join(FORMAT)]);
        ensure!(shared == wanted, "{} shares {shared:?}", house.display());
    }
    Ok(())
}

/// The files that the text includes with `#[path = "..."]`, `include!("...")` or a similar macro.
fn included(text: &str) -> impl Iterator<Item = &str> {
    let marks = [
        "#[path = \"",
        "include!(\"",
        "include_str!(\"",
        "include_bytes!(\"",
    ];
    marks.into_iter().flat_map(move |mark| {
        let after = text.split(mark).skip(1);
        after.filter_map(|rest| rest.split('"').next())
    })
}

/// The path without `..`.
pub fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::ParentDir => _ = path.pop(),
            part => path.push(part),
        }
        path
    })
}

fn no_file_is_too_long(files: &[PathBuf]) -> Result<()> {
    let mut long = Vec::new();
    for file in files {
        let lines = fs::read_to_string(file)?.lines().count();
        if lines > LONGEST_FILE {
            long.push(format!("{}: {lines} lines", file.display()));
        }
    }
    if !long.is_empty() {
        bail!("longer than {LONGEST_FILE} lines:\n{}", long.join("\n"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{included, names, normal};

    #[test]
    fn included_files_are_found() {
        let text = "#[path = \"../a/mod.rs\"]\nmod a;\nconst B: &str = include_str!(\"b\");\n";
        let found: Vec<_> = included(text).collect();
        assert_eq!(found, ["../a/mod.rs", "b"]);
        assert_eq!(
            normal(Path::new("/r/x/../a/mod.rs")),
            Path::new("/r/a/mod.rs")
        );
    }

    #[test]
    fn ends_of_longer_words_do_not_count() {
        assert!(names("use std::fmt;", "std::"));
        assert!(!names("use my_std::fmt;", "std::"));
        assert!(!names("debug_assert!(x)", "assert!("));
        assert!(names("value.unwrap()", ".unwrap()"));
    }

    #[test]
    fn imports_follow_the_flow() {
        let repository = crate::lab::options::repository().unwrap();
        let files = super::source_files(&repository).unwrap();
        let is_rust = |file: &std::path::PathBuf| super::has_extension(file, "rs");
        let files: Vec<_> = files.into_iter().filter(is_rust).collect();
        for flow in super::FLOWS {
            flow.check(&repository, &files).unwrap();
        }
    }
}
