// SPDX-License-Identifier: GPL-2.0

//! Finds the object of a local symbol of vmlinux by the position of the symbol in the symbol table.
//!
//! Linkers write the local symbols of an object one after another, in the object's order, after a
//! mark with the name of its source file. If the object has no mark, GNU ld makes a mark with the name
//! of the object. LLD makes no mark, so the object's symbols follow the symbols of another object.
//!
//! The symbols after a mark are a group. A unit is the local symbols of one source file in an object. A
//! group comes from the unit with the same mark that defines the most symbols of the group, in the same
//! order. If several units define that many, the unit with the most symbols at the right distances wins.
//!
//! The order of the groups has no meaning: GNU ld writes objects in the order in which it first meets
//! them in the output sections.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::bases::Bases;
use crate::elf::{Binding, Entry, Symbol};
use crate::names::Name;
use crate::program::{Definition, Program};

/// The possible definitions of vmlinux's local symbols, by the index in the symbol table. A symbol has several
/// definitions if several units fit its group equally well.
pub type Definitions = HashMap<usize, Vec<Definition>>;

/// The symbols after a mark.
struct Group {
    file: Option<Name>,
    /// The indexes of the symbols in vmlinux's symbol table.
    symbols: Vec<usize>,
}

/// The fit of a unit to a group.
struct Fit {
    unit: usize,
    /// The symbols of the group that the unit defines.
    found: Vec<(usize, Definition)>,
    /// The number of found symbols at the right distance from the other symbols of their section.
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
        units: Units::new(program),
        taken: HashSet::new(),
        definitions: HashMap::new(),
    };
    let mut groups = groups(&matcher.units, linked);
    // A unit that one group takes is not available for other groups, so another group can then have a single
    // best fit.
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

/// Indexes of the units, to find the units of a group without a search of all units.
struct Units {
    by_file: HashMap<Name, Vec<usize>>,
    /// The units without a mark of their own, by the names of their symbols.
    unmarked: HashMap<Name, Vec<usize>>,
    /// For each unit, the names of its local symbols and their positions in the unit, sorted.
    places: Vec<Vec<(Name, usize)>>,
    /// The names of all local symbols.
    names: HashSet<Name>,
}

impl Units {
    fn new(program: &Program) -> Self {
        let mut units = Self {
            by_file: HashMap::new(),
            unmarked: HashMap::new(),
            places: Vec::with_capacity(program.units.len()),
            names: HashSet::new(),
        };
        for (number, unit) in program.units.iter().enumerate() {
            units.by_file.entry(unit.file).or_default().push(number);
            let names = unit.locals.iter();
            let names = names.map(|&definition| program.symbol(definition).shape.name);
            let mut places: Vec<_> = names.zip(0..).collect();
            places.sort_unstable();
            for &(name, _) in &places {
                units.names.insert(name);
                if !unit.marked {
                    let others = units.unmarked.entry(name).or_default();
                    if others.last() != Some(&number) {
                        others.push(number);
                    }
                }
            }
            units.places.push(places);
        }
        units
    }

    /// The units with the mark `file`.
    fn marked(&self, file: Option<Name>) -> &[usize] {
        let units = file.and_then(|file| self.by_file.get(&file));
        units.map_or(&[], Vec::as_slice)
    }

    /// The positions of symbols called `name` in unit `number`, from `start` on.
    fn named(&self, number: usize, name: Name, start: usize) -> impl Iterator<Item = usize> + '_ {
        let places = &self.places[number];
        let first = places.partition_point(|&place| place < (name, start));
        let named = places[first..]
            .iter()
            .take_while(move |place| place.0 == name);
        named.map(|&(_, place)| place)
    }
}

/// The groups of vmlinux's local symbols. Leaves out a symbol if no object has a local symbol of that name, and
/// a group if no symbol remains.
fn groups(units: &Units, linked: &[Entry]) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut group = Group {
        file: None,
        symbols: Vec::new(),
    };
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
                if symbol.binding == Binding::Local && units.names.contains(&symbol.shape.name) {
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
    units: Units,
    /// The units whose group is known.
    taken: HashSet<usize>,
    definitions: Definitions,
}

impl Matcher<'_> {
    /// If several units with the mark fit `group` equally well, changes nothing and returns false. Otherwise, returns
    /// true. If a unit fits, takes the unit, then matches the remaining symbols with units without a mark.
    fn take_only_fit(&mut self, group: &Group) -> bool {
        let mut best = self.best_fits(&group.symbols, self.units.marked(group.file));
        if best.len() > 1 {
            return false;
        }
        let mut rest = group.symbols.clone();
        while let Some(fit) = best.pop() {
            self.taken.insert(fit.unit);
            let found: HashSet<usize> = fit.found.iter().map(|&(index, _)| index).collect();
            rest.retain(|index| !found.contains(index));
            for (index, definition) in fit.found {
                self.definitions.entry(index).or_default().push(definition);
            }
            best = self.best_fits(&rest, &self.unmarked(&rest));
            best.truncate(1);
        }
        true
    }

    /// Records the definitions of all units that fit `group` equally well.
    fn take_all_fits(&mut self, group: &Group) {
        for fit in self.best_fits(&group.symbols, self.units.marked(group.file)) {
            for (index, definition) in fit.found {
                self.definitions.entry(index).or_default().push(definition);
            }
        }
    }

    /// The units without a mark that have a name in `symbols`, in the order of the link.
    fn unmarked(&self, symbols: &[usize]) -> Vec<usize> {
        let names: HashSet<Name> = symbols
            .iter()
            .filter_map(|&index| self.name(index))
            .collect();
        let units = names
            .iter()
            .filter_map(|name| self.units.unmarked.get(name));
        let units: BTreeSet<usize> = units.flatten().copied().collect();
        units.into_iter().collect()
    }

    fn name(&self, index: usize) -> Option<Name> {
        match &self.linked[index] {
            Entry::Symbol(symbol) => Some(symbol.shape.name),
            Entry::File(_) => None,
        }
    }

    /// The best fits for `symbols` among the `units` that no group has taken.
    fn best_fits(&self, symbols: &[usize], units: &[usize]) -> Vec<Fit> {
        let free = units.iter().filter(|number| !self.taken.contains(number));
        let mut fits: Vec<Fit> = free
            .map(|&number| self.fit(number, symbols))
            .filter(|fit| !fit.found.is_empty())
            .collect();
        let best = fits.iter().map(Fit::rank).max();
        fits.retain(|fit| Some(fit.rank()) == best);
        fits
    }

    /// Finds `symbols` in unit `number`, in the same order.
    fn fit(&self, number: usize, symbols: &[usize]) -> Fit {
        let mut fit = Fit {
            unit: number,
            found: Vec::new(),
            agreeing: 0,
        };
        let locals = &self.program.units[number].locals;
        let mut next = 0;
        for &index in symbols {
            let Entry::Symbol(symbol) = &self.linked[index] else {
                continue;
            };
            let mut places = self.units.named(number, symbol.shape.name, next);
            let place = places.find(|&place| self.can_be(symbol, locals[place]) != Some(false));
            if let Some(place) = place {
                let definition = locals[place];
                fit.found.push((index, definition));
                fit.agreeing += usize::from(self.can_be(symbol, definition) == Some(true));
                next = place + 1;
            }
        }
        fit
    }

    /// True if `symbol` of vmlinux can come from `definition`. `None` if only the address of the definition is
    /// unknown.
    fn can_be(&self, symbol: &Symbol, definition: Definition) -> Option<bool> {
        let is_hidden = self.program.symbol(definition).hidden;
        if is_hidden != symbol.hidden || !self.program.can_be(definition, symbol.shape) {
            return Some(false);
        }
        self.bases.agree(self.program, definition, symbol.value)
    }
}
