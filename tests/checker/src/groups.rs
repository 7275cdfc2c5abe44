// SPDX-License-Identifier: GPL-2.0

//! Which object each local symbol of vmlinux comes from, by its place in the symbol table.
//!
//! Linkers write the local symbols of an object one after another, in the object's order, behind a
//! mark with the name of its source file. GNU ld makes a mark of the object's name where the object
//! has none; LLD makes no mark, so that such an object's symbols stand behind those of another
//! object. So the symbols behind a mark are a group, and the object of the same mark that has most
//! of them, in that order and at the right distances, is the one they come from.
//!
//! The order of the groups says nothing: GNU ld writes objects in the order in which it first meets
//! them when it walks through the output sections.

use std::collections::{HashMap, HashSet};

use crate::bases::Bases;
use crate::elf::{Binding, Entry, Symbol};
use crate::names::Name;
use crate::program::{Definition, Program};

/// The definitions that the local symbols of vmlinux can have by their groups, by their index in
/// its symbol table. More than one where units are alike.
pub type Definitions = HashMap<usize, Vec<Definition>>;

/// The symbols behind a mark.
struct Group {
    file: Option<Name>,
    /// Where they are in the symbol table.
    symbols: Vec<usize>,
}

/// How a unit fits a group.
struct Fit {
    unit: usize,
    /// The symbols found in the unit.
    found: Vec<(usize, Definition)>,
    /// How many of them are where the rest of their section is.
    agreeing: usize,
}

impl Fit {
    fn rank(&self) -> (usize, usize) {
        (self.found.len(), self.agreeing)
    }
}

/// Matches the groups of the symbol table `linked` with the units of `program`.
pub fn definitions(program: &Program, linked: &[Entry], bases: &Bases) -> Definitions {
    let mut matcher = Matcher {
        program,
        linked,
        bases,
        taken: HashSet::new(),
        definitions: HashMap::new(),
    };
    let mut groups = groups(program, linked);
    // What one group takes decides between units that are alike for another.
    loop {
        let before = groups.len();
        groups.retain(|group| !matcher.take_only_fit(group));
        if groups.len() == before {
            break;
        }
    }
    for group in &groups {
        matcher.take_all_fits(group);
    }
    matcher.definitions
}

/// The groups of local symbols, without those that no object has as a local symbol.
fn groups(program: &Program, linked: &[Entry]) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut group = Group {
        file: None,
        symbols: Vec::new(),
    };
    let is_local = |&definition: &Definition| program.symbol(definition).binding == Binding::Local;
    for (index, entry) in linked.iter().enumerate() {
        match entry {
            Entry::File(file) => {
                let next = Group {
                    file: Some(*file),
                    symbols: Vec::new(),
                };
                groups.push(std::mem::replace(&mut group, next));
            }
            Entry::Symbol(symbol) => {
                let mut named = program.named(symbol.shape.name).iter();
                if symbol.binding == Binding::Local && named.any(is_local) {
                    group.symbols.push(index);
                }
            }
        }
    }
    groups.push(group);
    groups.retain(|group| !group.symbols.is_empty());
    groups
}

struct Matcher<'a> {
    program: &'a Program,
    linked: &'a [Entry],
    bases: &'a Bases,
    /// Units whose group is known.
    taken: HashSet<usize>,
    definitions: Definitions,
}

impl Matcher<'_> {
    /// Matches `group` if one unit fits it best; what is left of it are objects without a mark.
    fn take_only_fit(&mut self, group: &Group) -> bool {
        let mut best = self.best_fits(&group.symbols, |unit| Some(unit.file) == group.file);
        if best.len() > 1 {
            return false;
        }
        let mut rest = group.symbols.clone();
        while let Some(fit) = best.pop() {
            self.taken.insert(fit.unit);
            for &(index, definition) in &fit.found {
                self.definitions.entry(index).or_default().push(definition);
            }
            rest.retain(|index| !fit.found.iter().any(|(found, _)| found == index));
            best = self.best_fits(&rest, |unit| !unit.marked);
            best.truncate(1);
        }
        true
    }

    /// Notes all the units that fit `group` equally well.
    fn take_all_fits(&mut self, group: &Group) {
        for fit in self.best_fits(&group.symbols, |unit| Some(unit.file) == group.file) {
            for (index, definition) in fit.found {
                self.definitions.entry(index).or_default().push(definition);
            }
        }
    }

    /// The best fits for `symbols` among the free units that `may` be.
    fn best_fits(
        &self,
        symbols: &[usize],
        may: impl Fn(&crate::program::Unit) -> bool,
    ) -> Vec<Fit> {
        let units = self.program.units.iter().enumerate();
        let free = units.filter(|(number, unit)| !self.taken.contains(number) && may(unit));
        let mut fits: Vec<Fit> = free
            .map(|(number, _)| self.fit(number, symbols))
            .filter(|fit| !fit.found.is_empty())
            .collect();
        let best = fits.iter().map(Fit::rank).max();
        fits.retain(|fit| Some(fit.rank()) == best);
        fits
    }

    /// Finds `symbols` in a unit, in order.
    fn fit(&self, number: usize, symbols: &[usize]) -> Fit {
        let mut fit = Fit {
            unit: number,
            found: Vec::new(),
            agreeing: 0,
        };
        let mut locals = self.program.units[number].locals.as_slice();
        for &index in symbols {
            let Entry::Symbol(symbol) = &self.linked[index] else {
                continue;
            };
            let fits = |&definition: &Definition| self.can_be(symbol, definition) != Some(false);
            if let Some(skipped) = locals.iter().position(fits) {
                let definition = locals[skipped];
                fit.found.push((index, definition));
                fit.agreeing += usize::from(self.can_be(symbol, definition) == Some(true));
                locals = &locals[skipped + 1..];
            }
        }
        fit
    }

    /// Whether `symbol` of vmlinux can come from `definition`; `None` if its place is unknown.
    fn can_be(&self, symbol: &Symbol, definition: Definition) -> Option<bool> {
        if !self.program.can_be(definition, symbol.shape) {
            return Some(false);
        }
        self.bases.agree(self.program, definition, symbol.value)
    }
}
