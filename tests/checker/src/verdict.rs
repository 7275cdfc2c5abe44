// SPDX-License-Identifier: GPL-2.0

//! Compares the modules that the kernel shows with the modules of the defining objects.

use std::collections::{HashMap, VecDeque};

use anyhow::{bail, Result};

use crate::elf::{Binding, Entry, Symbol};
use crate::kallsyms::Line;
use crate::names::{Name, Names};
use crate::program::{Definition, Program};
use crate::ties::Origin;

/// A set of modules, sorted.
pub type Modules = Vec<String>;

/// How a line is, if it is not right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It shows a module that it should not show.
    Wrong,
    /// It shows none, and should.
    Missing,
    /// The shown modules may be right: the definition is not clear.
    Unclear,
}

/// A line that is not right.
pub struct Finding {
    pub fault: Fault,
    pub address: u64,
    pub kind: char,
    pub name: String,
    pub size: u64,
    pub shown: Modules,
    /// The sets of modules that would be right.
    pub expected: Vec<Modules>,
    pub why: String,
}

/// The result, in numbers and in particular.
#[derive(Default)]
pub struct Verdict {
    /// Lines of the kernel's listing.
    pub lines: usize,
    /// Symbols that are in a module: where it is not clear in which, those that show none.
    pub members: usize,
    /// Of these, those that show their modules.
    pub right: usize,
    /// Lines that show a module.
    pub labelled: usize,
    /// Symbols that no object defines.
    pub of_link: usize,
    /// Symbols that objtool made for functions.
    pub prefixes: usize,
    /// Symbols that several objects define, and nothing tells which, though all of these are in the
    /// same modules.
    pub tied: usize,
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// The number of lines with a wrong module.
    fn wrong(&self) -> usize {
        let findings = self.findings.iter();
        findings
            .filter(|finding| finding.fault == Fault::Wrong)
            .count()
    }

    /// The part of the modules' symbols that show their modules, in percent.
    pub fn recall(&self) -> f64 {
        percent(self.right, self.members)
    }

    /// The part of the lines with modules that are not wrong, in percent.
    pub fn precision(&self) -> f64 {
        percent(self.labelled - self.wrong(), self.labelled)
    }

    /// True if nothing is wrong, and enough is shown.
    pub fn good(&self, min_recall: f64) -> bool {
        self.wrong() == 0 && self.recall() >= min_recall
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    match whole {
        0 => 100.0,
        _ => part as f64 / whole as f64 * 100.0,
    }
}

/// The expected modules of a symbol.
struct Expected {
    /// The sets of modules that it can be in; one where its definition is clear.
    sets: Vec<Modules>,
    binding: Binding,
    size: u64,
    /// Its place in the symbol table.
    index: usize,
}

/// Compares the `listing` of the kernel, with the modules that are `shown` for each index and address
/// in it, with the `origins` of the symbols.
pub fn compare(
    program: &Program,
    linked: &[Entry],
    origins: &[Origin],
    listing: &[Line],
    shown: impl Fn(usize, u64) -> Result<Modules>,
    names: &Names,
) -> Result<Verdict> {
    let mut verdict = Verdict {
        lines: listing.len(),
        ..Verdict::default()
    };
    let mut expected = expectations(program, linked, origins);
    for (index, line) in listing.iter().enumerate() {
        let shown = shown(index, line.address)?;
        let key = names.find(&line.name).map(|name| (name, line.address));
        let expected = key.and_then(|key| expected.get_mut(&key)?.take(binding(line.kind), &shown));
        let Some(expected) = expected else {
            let name = String::from_utf8_lossy(&line.name);
            bail!(
                "{:016x} {name}: in kallsyms, but not in vmlinux's symbol table",
                line.address
            );
        };
        match origins[expected.index] {
            Origin::Link => verdict.of_link += 1,
            Origin::Prefix(_) => verdict.prefixes += 1,
            Origin::Unclear(_) => verdict.tied += usize::from(expected.sets.len() == 1),
            Origin::Defined(_) => {}
        }
        verdict.labelled += usize::from(!shown.is_empty());
        let is_clear = expected.sets.len() == 1;
        let in_module = expected.sets.iter().all(|set| !set.is_empty());
        let member = in_module && (is_clear || shown.is_empty());
        verdict.members += usize::from(member);
        let Some(fault) = fault(&expected.sets, &shown) else {
            verdict.right += usize::from(member);
            continue;
        };
        verdict.findings.push(Finding {
            fault,
            address: line.address,
            kind: line.kind.into(),
            name: String::from_utf8_lossy(&line.name).into_owned(),
            size: expected.size,
            shown,
            expected: expected.sets,
            why: why(program, &origins[expected.index]),
        });
    }
    Ok(verdict)
}

/// How showing `shown` is where any of `sets` can be right.
fn fault(sets: &[Modules], shown: &Modules) -> Option<Fault> {
    match sets {
        [only] if only == shown => None,
        sets if sets.contains(shown) => Some(Fault::Unclear),
        _ if shown.is_empty() => Some(Fault::Missing),
        _ => Some(Fault::Wrong),
    }
}

/// What the letter of a symbol's type says of who sees it; `None` where nm gives the same letter to
/// local and to global symbols.
fn binding(letter: u8) -> Option<Binding> {
    match letter {
        b'W' | b'V' => Some(Binding::Weak),
        b'A'..=b'Z' => Some(Binding::Global),
        b'i' | b'u' => None,
        _ => Some(Binding::Local),
    }
}

/// What is expected of symbols that have one name and one address. Of those that have one letter
/// too no reader can tell one from another, so they may be shown in any order.
#[derive(Default)]
struct Alike(VecDeque<Expected>);

impl Alike {
    /// Takes a symbol of this `binding` that `shown` is right for, or else any of it; one of another
    /// binding only if there is none.
    fn take(&mut self, binding: Option<Binding>, shown: &Modules) -> Option<Expected> {
        let is_of_binding =
            |expected: &Expected| binding.is_none_or(|binding| binding == expected.binding);
        let is_right = |expected: &Expected| {
            is_of_binding(expected) && expected.sets.iter().any(|set| set == shown)
        };
        let right = self.0.iter().position(is_right);
        let index = right.or_else(|| self.0.iter().position(is_of_binding));
        self.0.remove(index.unwrap_or(0))
    }
}

fn expectations(
    program: &Program,
    linked: &[Entry],
    origins: &[Origin],
) -> HashMap<(Name, u64), Alike> {
    let mut expectations: HashMap<(Name, u64), Alike> = HashMap::new();
    for (index, (entry, origin)) in linked.iter().zip(origins).enumerate() {
        if let Entry::Symbol(Symbol {
            shape,
            binding,
            value,
            ..
        }) = entry
        {
            let alike = expectations.entry((shape.name, *value)).or_default();
            alike.0.push_back(Expected {
                sets: module_sets(program, origin),
                binding: *binding,
                size: shape.size,
                index,
            });
        }
    }
    expectations
}

/// The sets of modules that a symbol of `origin` can be in.
fn module_sets(program: &Program, origin: &Origin) -> Vec<Modules> {
    let of_object = |definition: &Definition| &program.object(definition.object).modules;
    let mut sets: Vec<&Modules> = origin.definitions().iter().map(of_object).collect();
    sets.sort();
    sets.dedup();
    match origin {
        Origin::Link => vec![Modules::new()],
        _ => sets.into_iter().cloned().collect(),
    }
}

fn why(program: &Program, origin: &Origin) -> String {
    /// The most objects to name.
    const MOST: usize = 8;
    let definitions = origin.definitions();
    let named = definitions.iter().take(MOST);
    let mut paths: Vec<_> = named
        .map(|definition| program.object(definition.object).path.display().to_string())
        .collect();
    if definitions.len() > MOST {
        paths.push(format!("{} more", definitions.len() - MOST));
    }
    let paths = paths.join(", ");
    match origin {
        Origin::Defined(_) => format!("defined by {paths}"),
        Origin::Prefix(_) => format!("objtool made it for a function of {paths}"),
        Origin::Link => "no object defines it".into(),
        Origin::Unclear(_) => format!("defined by one of {paths}"),
    }
}
