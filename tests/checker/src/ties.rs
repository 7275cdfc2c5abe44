// SPDX-License-Identifier: GPL-2.0

//! Which definition each symbol of vmlinux comes from.
//!
//! The rules, in order:
//!
//! 1. A global or weak symbol comes from the object that defines it so; a strong definition goes
//!    before weak ones, and of weak ones the first linked wins.
//! 2. A local symbol comes from the object that its place in the symbol table says ([`groups`]), or
//!    from the only object that defines its name, size and kind. If these two disagree, or each
//!    says several, the distance that its section has moved ([`bases`]) decides, or nothing does.
//! 3. `__pfx_<function>`, where no object defines it, was made by objtool in front of a function,
//!    and is where the function is.
//! 4. Any other symbol that no object defines was made by the link, and is in no module.
//!
//! At the end all symbols of a section of an object must have moved by one distance. One that has
//! not is unclear.

use std::collections::HashMap;

use crate::bases::Bases;
use crate::elf::{Binding, Entry, Symbol};
use crate::groups;
use crate::names::{Name, Names};
use crate::program::{Definition, Program};

/// What objtool puts before a function's name for the space in front of it.
const PREFIX: &[u8] = b"__pfx_";

/// Where a symbol of vmlinux comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Defined(Definition),
    /// Made by objtool for a function.
    Prefix(Definition),
    /// No object defines it.
    Link,
    /// It can come from any of these.
    Unclear(Vec<Definition>),
}

/// The origin of each entry of vmlinux's symbol table `linked`; of marks, `Link`.
pub fn origins(program: &Program, linked: &[Entry], names: &Names) -> Vec<Origin> {
    let candidates: Vec<Vec<Definition>> = symbols(linked)
        .map(|symbol| symbol.map_or(Vec::new(), |symbol| candidates(program, symbol)))
        .collect();
    let sure = known(
        linked,
        candidates.iter().map(|of| match of[..] {
            [only] => Some(only),
            _ => None,
        }),
    );
    let bases = Bases::new(program, sure);
    let placed = groups::definitions(program, linked, &bases);

    let mut origins: Vec<Origin> = symbols(linked)
        .zip(candidates)
        .enumerate()
        .map(|(index, (symbol, candidates))| match symbol {
            Some(symbol) => choose(program, &bases, symbol, candidates, placed.get(&index)),
            None => Origin::Link,
        })
        .collect();
    add_prefixes(linked, &mut origins, names);
    doubt_displaced(program, linked, &mut origins);
    origins
}

fn symbols(linked: &[Entry]) -> impl Iterator<Item = Option<&Symbol>> {
    linked.iter().map(|entry| match entry {
        Entry::Symbol(symbol) => Some(symbol),
        Entry::File(_) => None,
    })
}

/// The definitions that are known, with their addresses.
fn known<'a>(
    linked: &'a [Entry],
    definitions: impl Iterator<Item = Option<Definition>> + 'a,
) -> impl Iterator<Item = (Definition, u64)> + 'a {
    symbols(linked)
        .zip(definitions)
        .filter_map(|(symbol, definition)| Some((definition?, symbol?.value)))
}

/// The definitions that `symbol` of vmlinux can come from by its name, its binding and its shape.
fn candidates(program: &Program, symbol: &Symbol) -> Vec<Definition> {
    let of_binding = |bindings: &[Binding]| -> Vec<Definition> {
        let named = program.named(symbol.shape.name).iter().copied();
        named
            .filter(|&definition| bindings.contains(&program.symbol(definition).binding))
            .collect()
    };
    let mut found = match symbol.binding {
        Binding::Local => of_binding(&[Binding::Local]),
        _ => of_binding(&[Binding::Global]),
    };
    if found.is_empty() {
        // The linker makes hidden global symbols local.
        let global = [Binding::Global, Binding::Weak];
        found = of_binding(if symbol.binding == Binding::Local {
            &global
        } else {
            &global[1..]
        });
    }
    let same_shape = |&definition: &Definition| program.can_be(definition, symbol.shape);
    if found.iter().any(same_shape) {
        found.retain(same_shape);
    }
    found
}

/// Chooses among `candidates` for `symbol`, whose definitions by its place are `placed`.
fn choose(
    program: &Program,
    bases: &Bases,
    symbol: &Symbol,
    mut candidates: Vec<Definition>,
    placed: Option<&Vec<Definition>>,
) -> Origin {
    if candidates.is_empty() {
        return Origin::Link;
    }
    match (placed, &candidates[..]) {
        (Some(placed), [only]) if !placed.contains(only) => candidates.extend(placed),
        (Some(placed), [_, _, ..]) => candidates.clone_from(placed),
        _ => {}
    }
    if let [only] = candidates[..] {
        return Origin::Defined(only);
    }
    let agreeing = |wanted| -> Vec<Definition> {
        let agree = |&definition: &Definition| bases.agree(program, definition, symbol.value);
        let all = candidates.iter().copied();
        all.filter(|definition| agree(definition) == wanted)
            .collect()
    };
    let weak = |&definition: &Definition| program.symbol(definition).binding == Binding::Weak;
    let mut left = agreeing(Some(true));
    if left.is_empty() {
        left = agreeing(None);
    }
    match left[..] {
        [] => Origin::Unclear(candidates),
        [only] => Origin::Defined(only),
        [first, ..] if left.iter().all(weak) => Origin::Defined(first),
        _ => Origin::Unclear(left),
    }
}

/// Rule 3: the function is at the end of its prefix.
fn add_prefixes(linked: &[Entry], origins: &mut [Origin], names: &Names) {
    let functions: HashMap<(Name, u64), Definition> = symbols(linked)
        .zip(origins.iter())
        .filter_map(|(symbol, origin)| match (symbol, origin) {
            (Some(symbol), Origin::Defined(definition)) => {
                Some(((symbol.shape.name, symbol.value), *definition))
            }
            _ => None,
        })
        .collect();
    for (symbol, origin) in symbols(linked).zip(origins) {
        let (Some(symbol), Origin::Link) = (symbol, &*origin) else {
            continue;
        };
        let function = names
            .text(symbol.shape.name)
            .strip_prefix(PREFIX)
            .and_then(|function| names.find(function));
        let end = symbol.value.wrapping_add(symbol.shape.size);
        let definition = function.and_then(|function| functions.get(&(function, end)));
        if let Some(&definition) = definition {
            *origin = Origin::Prefix(definition);
        }
    }
}

/// Takes back what does not fit the rest of its section.
fn doubt_displaced(program: &Program, linked: &[Entry], origins: &mut [Origin]) {
    let definitions = origins.iter().map(|origin| match origin {
        Origin::Defined(definition) => Some(*definition),
        _ => None,
    });
    let bases = Bases::new(program, known(linked, definitions));
    for (symbol, origin) in symbols(linked).zip(origins) {
        if let (Some(symbol), &mut Origin::Defined(definition)) = (symbol, &mut *origin) {
            if bases.agree(program, definition, symbol.value) == Some(false) {
                *origin = Origin::Unclear(program.named(symbol.shape.name).to_vec());
            }
        }
    }
}
