// SPDX-License-Identifier: GPL-2.0

//! Checks the imports between the files of a program: no cycle, and no import against the flow. The flow
//! is the order of the program's folders.
//!
//! The test reads the imports from the text: `use` declarations, and paths that begin with `crate::`,
//! `super::`, `self::` or the name of a child module. It ignores paths that lead to no file of the
//! program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};

/// A program, and its folders in the order of the flow.
pub struct Flow {
    pub name: &'static str,
    /// The root module. The other files are in its directory and below.
    pub root: &'static str,
    /// A file in one of these folders may import from the same folder and from the folders before it.
    /// The files beside the root may import from all folders.
    pub folders: &'static [&'static str],
}

/// The path of a module from the root module. The path of the root module is empty.
type Module = Vec<String>;

/// The modules that each module imports.
type Graph = BTreeMap<Module, BTreeSet<Module>>;

impl Flow {
    pub fn check(&self, repository: &Path, files: &[PathBuf]) -> Result<()> {
        let root = repository.join(self.root);
        let directory = root.parent().context("a root without a directory")?;
        let mut texts = BTreeMap::new();
        for file in files.iter().filter(|file| file.starts_with(directory)) {
            let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
            let module = match *file == root {
                true => Module::new(),
                false => module_of(file.strip_prefix(directory)?),
            };
            texts.insert(module, text);
        }
        ensure!(texts.len() > 1, "{}: no files", self.root);
        let problems = problems(&graph(&texts), self.folders);
        ensure!(problems.is_empty(), "{}", problems.join("\n"));
        Ok(())
    }
}

/// `read/elf/mod.rs` is `read::elf`, and `read/nm_line.rs` is `read::nm_line`.
fn module_of(file: &Path) -> Module {
    let without_extension = file.with_extension("");
    let parts = without_extension.iter();
    let mut module: Module = parts
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

fn graph(texts: &BTreeMap<Module, String>) -> Graph {
    let imports_of = |(module, text): (&Module, &String)| {
        let paths = paths(text).into_iter();
        let targets = paths.filter_map(|path| target(module, &path, texts));
        let others = targets.filter(|target| target != module && !target.is_empty());
        (module.clone(), others.collect())
    };
    texts.iter().map(imports_of).collect()
}

/// The module that `path` leads to from `module`. `None` if the path leads to no file of the program.
fn target(module: &Module, path: &[String], texts: &BTreeMap<Module, String>) -> Option<Module> {
    let first = path.first()?;
    let ups = path.iter().take_while(|part| *part == "super").count();
    let absolute = match first.as_str() {
        "crate" => path[1..].to_vec(),
        "self" => [module, &path[1..]].concat(),
        "super" => [module.get(..module.len().checked_sub(ups)?)?, &path[ups..]].concat(),
        _ => [module, path].concat(),
    };
    let is_child = !matches!(first.as_str(), "crate" | "self" | "super");
    let shortest = if is_child { module.len() + 1 } else { 1 };
    let mut prefixes = (shortest..=absolute.len())
        .rev()
        .map(|len| &absolute[..len]);
    prefixes
        .find(|prefix| texts.contains_key(*prefix))
        .map(<[_]>::to_vec)
}

/// All paths of two or more parts in the code of `text`. A `use` tree has a path for each leaf.
fn paths(text: &str) -> Vec<Vec<String>> {
    let code: Vec<_> = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    // The path before each open brace of a `use` tree.
    let mut prefixes: Vec<Vec<String>> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut rest = code.as_str();
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        let (word, after) = rest.split_at(word.unwrap_or(rest.len()));
        if !word.is_empty() {
            path.push(word.to_owned());
            rest = after;
        } else if let Some(after) = rest.strip_prefix("::") {
            let after = after.trim_start();
            rest = after;
            if let Some(inside) = after.strip_prefix('{') {
                let before = prefixes.last().into_iter().flatten().cloned();
                prefixes.push(before.chain(path.drain(..)).collect());
                rest = inside;
            }
            continue;
        } else {
            rest = &rest[first.len_utf8()..];
        }
        if !rest.starts_with("::") && !path.is_empty() {
            let before = prefixes.last().into_iter().flatten().cloned();
            let whole: Vec<_> = before.chain(path.drain(..)).collect();
            if whole.len() > 1 {
                found.push(whole);
            }
        }
        if first == '}' {
            prefixes.pop();
        } else if first == '{' && !prefixes.is_empty() {
            prefixes.push(prefixes.last().cloned().unwrap_or_default());
        }
    }
    found
}

/// A line for each import against the flow, for each file in a folder outside the flow, and for each cycle
/// that [`cycle`] finds.
fn problems(graph: &Graph, folders: &[&str]) -> Vec<String> {
    let mut problems = Vec::new();
    // The files beside the root may import from all folders, so they come last.
    let rank = |module: &Module| match module.first() {
        Some(first) if is_folder(graph, first) => {
            folders.iter().position(|folder| *folder == first)
        }
        _ => Some(folders.len()),
    };
    for (module, imports) in graph {
        if rank(module).is_none() {
            problems.push(format!(
                "{}: the flow does not have this folder",
                module.join("::")
            ));
        }
        for import in imports {
            if rank(import) > rank(module) {
                let (from, to) = (module.join("::"), import.join("::"));
                problems.push(format!("{from} imports {to}, against the flow"));
            }
        }
    }
    let mut done = BTreeSet::new();
    for module in graph.keys() {
        let mut chain = Vec::new();
        if let Some(cycle) = cycle(module, graph, &mut chain, &mut done) {
            problems.push(format!("a cycle of imports: {cycle}"));
        }
    }
    problems
}

fn is_folder(graph: &Graph, first: &str) -> bool {
    graph
        .keys()
        .any(|module| module.len() > 1 && module[0] == first)
}

/// The first cycle that the imports of `module` lead to. `chain` has the modules whose imports led to
/// `module`. `done` has the modules that an earlier call has searched.
fn cycle<'g>(
    module: &'g Module,
    graph: &'g Graph,
    chain: &mut Vec<&'g Module>,
    done: &mut BTreeSet<&'g Module>,
) -> Option<String> {
    if let Some(start) = chain.iter().position(|passed| *passed == module) {
        let cycle = chain[start..].iter().chain([&module]);
        let names: Vec<_> = cycle.map(|module| module.join("::")).collect();
        return Some(names.join(" > "));
    }
    if !done.insert(module) {
        return None;
    }
    chain.push(module);
    let imports = graph.get(module).into_iter().flatten();
    let found = imports
        .filter(|import| graph.contains_key(*import))
        .find_map(|import| cycle(import, graph, chain, done));
    chain.pop();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[(&str, &str)]) -> Vec<String> {
        let module = |file: &str| match file {
            "root.rs" => Module::new(),
            _ => module_of(Path::new(file)),
        };
        let texts = texts
            .iter()
            .map(|(file, text)| (module(file), (*text).to_owned()));
        problems(&graph(&texts.collect()), &["low", "high"])
    }

    #[test]
    fn imports_along_the_flow_are_allowed() {
        let texts = [
            (
                "root.rs",
                "mod high;\nmod low;\nfn main() { high::one::f() }",
            ),
            ("low/mod.rs", "pub mod a;\npub use a::A;"),
            ("low/a.rs", "use std::fmt;\n// use crate::high::one;"),
            ("high/mod.rs", "pub mod one;\npub mod two;"),
            (
                "high/one.rs",
                "use super::two;\nuse crate::{format::names, low::{A, a}};",
            ),
            ("high/two.rs", "fn f() { crate::low::a::f(&{ 1 }, [1]) }"),
        ];
        assert_eq!(check(&texts), [""; 0]);
    }

    #[test]
    fn an_import_against_the_flow_is_a_problem() {
        let low = [
            "use crate::high::one::f;",
            "use crate::{low, high::one};",
            "use super::super::high::one;",
            "fn g() { crate::high::one::f() }",
        ];
        for low in low {
            let texts = [("low/a.rs", low), ("high/one.rs", "fn f() {}")];
            let problem = "low::a imports high::one, against the flow";
            assert_eq!(check(&texts), [problem], "{low}");
        }
    }

    #[test]
    fn a_cycle_is_a_problem() {
        let texts = [
            ("low/mod.rs", "mod a;\nmod b;\nmod c;\npub use a::A;"),
            ("low/a.rs", "use super::b::B;"),
            ("low/b.rs", "use crate::low::{c};"),
            ("low/c.rs", "fn f(_: super::a::A) {}"),
        ];
        let cycle = "a cycle of imports: low::a > low::b > low::c > low::a";
        assert_eq!(check(&texts), [cycle]);

        let texts = [
            ("low/mod.rs", "mod a;\npub struct L;\nfn f() { a::f() }"),
            ("low/a.rs", "use super::L;"),
        ];
        assert_eq!(check(&texts), ["a cycle of imports: low > low::a > low"]);
    }

    #[test]
    fn a_folder_outside_the_flow() {
        let texts = [("other/a.rs", "fn f() {}"), ("low/a.rs", "fn f() {}")];
        assert_eq!(
            check(&texts),
            ["other::a: the flow does not have this folder"]
        );
    }
}
