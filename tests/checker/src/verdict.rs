// SPDX-License-Identifier: GPL-2.0

//! Compares the modules that the kernel shows with the modules of the defining objects.

use std::collections::{HashMap, VecDeque};

use anyhow::{bail, Result};

use crate::elf::{Binding, Entry, Symbol};
use crate::kallsyms::Line;
use crate::names::{Name, Names};
use crate::object_tables::{ObjectTables, ShownObject};
use crate::object_verdict::ObjectVerdict;
use crate::program::{Definition, Program};
use crate::ties::Origin;

/// A set of modules, sorted.
pub type Modules = Vec<String>;

/// The fault of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The line shows a wrong set of modules.
    Wrong,
    /// The line shows no module, but its symbol is in a module.
    Missing,
    /// The shown modules can be right, but the definition of the symbol is unclear.
    Unclear,
}

/// A line with a fault.
pub struct Finding {
    pub fault: Fault,
    pub address: u64,
    pub kind: char,
    pub name: String,
    pub size: u64,
    pub shown: Modules,
    /// The sets of modules that are right, or can be right.
    pub expected: Vec<Modules>,
    pub why: String,
}

/// The counts and the findings.
#[derive(Default)]
pub struct Verdict {
    /// The number of lines in the kernel's listing.
    pub lines: usize,
    /// The number of symbols in a module. A symbol with several possible sets of modules counts only if its line
    /// shows no module.
    pub members: usize,
    /// The number of symbols in a module whose line shows their modules.
    pub right: usize,
    /// The number of lines that show a module.
    pub labelled: usize,
    /// The number of symbols that the link made.
    pub of_link: usize,
    /// The number of symbols that objtool made for functions.
    pub prefixes: usize,
    /// The number of symbols with an unclear definition, but a single possible set of modules.
    pub tied: usize,
    pub findings: Vec<Finding>,
    /// `None` if the kernel stores no object files.
    pub objects: Option<ObjectVerdict>,
}

impl Verdict {
    /// The number of lines with a wrong set of modules.
    fn wrong(&self) -> usize {
        let findings = self.findings.iter();
        findings
            .filter(|finding| finding.fault == Fault::Wrong)
            .count()
    }

    /// The percentage of the modules' symbols whose line shows their modules.
    pub fn recall(&self) -> f64 {
        percent(self.right, self.members)
    }

    /// The percentage of the lines with modules that have no wrong set of modules.
    pub fn precision(&self) -> f64 {
        percent(self.labelled - self.wrong(), self.labelled)
    }

    /// True if no line is wrong, the recall is at least `min_recall`, and the object files are
    /// [good](ObjectVerdict::good).
    pub fn good(&self, min_recall: f64) -> bool {
        let objects = self.objects.as_ref();
        self.wrong() == 0 && self.recall() >= min_recall && objects.is_none_or(ObjectVerdict::good)
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
    /// The possible sets of modules of the symbol. A clear definition gives one set.
    sets: Vec<Modules>,
    /// The possible object files of the symbol; `None` stands for no object file.
    objects: Vec<Option<String>>,
    binding: Binding,
    size: u64,
    /// The index of the symbol in the symbol table.
    index: usize,
}

/// Compares the modules that the kernel shows with the modules of the `origins` of its symbols, and the object
/// files in `objects` with those of the `origins`. `shown` returns the shown modules for an index in `listing` and
/// an address.
pub fn compare(
    program: &Program,
    linked: &[Entry],
    origins: &[Origin],
    listing: &[Line],
    shown: impl Fn(usize, u64) -> Result<Modules>,
    objects: Option<&ObjectTables>,
    names: &Names,
) -> Result<Verdict> {
    let mut verdict = Verdict {
        lines: listing.len(),
        objects: objects.map(|_| ObjectVerdict::default()),
        ..Verdict::default()
    };
    let mut expected = expectations(program, linked, origins);
    for (index, line) in listing.iter().enumerate() {
        let shown = shown(index, line.address)?;
        let object = objects.map(|objects| objects.shown(index)).transpose()?;
        let key = names.find(&line.name).map(|name| (name, line.address));
        let expected = key.and_then(|key| {
            expected
                .get_mut(&key)?
                .take(binding(line.kind), &shown, object.as_ref())
        });
        let Some(expected) = expected else {
            let name = String::from_utf8_lossy(&line.name);
            bail!(
                "{:016x} {name}: in kallsyms, but not in vmlinux's symbol table",
                line.address
            );
        };
        if let (Some(verdict), Some(object)) = (&mut verdict.objects, object) {
            let name = String::from_utf8_lossy(&line.name);
            let symbol = format!("{:016x} {} {name}", line.address, char::from(line.kind));
            verdict.add(&symbol, &object, &expected.objects);
            verdict.add_line(&name, line.kind.into(), &symbol, &shown, object);
        }
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
    if let Some(objects) = &mut verdict.objects {
        objects.check_braces();
    }
    Ok(verdict)
}

/// The fault of a line that shows `shown`, if each of `sets` can be right. `None` if the line is right.
fn fault(sets: &[Modules], shown: &Modules) -> Option<Fault> {
    match sets {
        [only] if only == shown => None,
        sets if sets.contains(shown) => Some(Fault::Unclear),
        _ if shown.is_empty() => Some(Fault::Missing),
        _ => Some(Fault::Wrong),
    }
}

/// The binding that a type letter means. `None` for `i` and `u`: nm can use these letters for global symbols.
fn binding(letter: u8) -> Option<Binding> {
    match letter {
        b'W' | b'V' => Some(Binding::Weak),
        b'A'..=b'Z' => Some(Binding::Global),
        b'i' | b'u' => None,
        _ => Some(Binding::Local),
    }
}

/// The expected modules of the symbols with one name and address. If these symbols also have the same letter, a
/// reader cannot distinguish them, so their lines may have any order.
#[derive(Default)]
struct Alike(VecDeque<Expected>);

impl Alike {
    /// Removes and returns a symbol with this `binding` for which `shown` and `object` can be right. If there is no
    /// such symbol, takes one for which `shown` can be right, then any symbol with this binding, and then any symbol.
    fn take(
        &mut self,
        binding: Option<Binding>,
        shown: &Modules,
        object: Option<&ShownObject>,
    ) -> Option<Expected> {
        let is_of_binding =
            |expected: &Expected| binding.is_none_or(|binding| binding == expected.binding);
        let is_right = |expected: &Expected| {
            is_of_binding(expected) && expected.sets.iter().any(|set| set == shown)
        };
        let is_of_object = |expected: &Expected| {
            object.is_none_or(|object| expected.objects.contains(&object.path))
        };
        let all = self.0.iter();
        let whole = { all }.position(|expected| is_right(expected) && is_of_object(expected));
        let right = whole.or_else(|| self.0.iter().position(is_right));
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
                objects: object_files(program, origin),
                binding: *binding,
                size: shape.size,
                index,
            });
        }
    }
    expectations
}

/// The possible sets of modules of a symbol with this `origin`.
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

/// The possible object files of a symbol with this `origin`; `None` stands for no object file.
fn object_files(program: &Program, origin: &Origin) -> Vec<Option<String>> {
    let of_object = |definition: &Definition| {
        let path = &program.object(definition.object).path;
        Some(path.display().to_string())
    };
    let mut objects: Vec<_> = origin.definitions().iter().map(of_object).collect();
    objects.sort();
    objects.dedup();
    match origin {
        Origin::Link => vec![None],
        _ => objects,
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
