// SPDX-License-Identifier: GPL-2.0

//! The modules and the object file of each symbol. The listing is divided into parts, which two threads share.

use super::definer::Definer;
use super::definition_search::{Answer, Evidence, NoAnswer, Search};
use super::grouped_symbol::GroupedSymbol;
use super::module_sets::SetId;
use super::object_modules::ObjectIndex;
use super::place::{Place, PlaceWalk};
use crate::common::error;
use crate::read::elf::Symbol;

/// The modules and the object files of consecutive symbols.
#[derive(Default)]
pub(super) struct SymbolDefiners {
    /// By symbol: its modules; the empty set if they are not known.
    pub(super) sets: Vec<SetId>,
    /// By symbol: its object file, if object files are stored; empty if they are not.
    pub(super) objects: Vec<Option<ObjectIndex>>,
    /// The symbols whose modules are not known, apart from those of an object file whose modules are not
    /// known.
    pub(super) unattributed: Vec<Unknown>,
    /// The other symbols whose object file is not known.
    pub(super) without_object: Vec<Unknown>,
}

/// A symbol of which something is not known.
#[derive(Clone, Copy)]
pub(super) struct Unknown {
    /// The index of the symbol.
    pub(super) symbol: usize,
    pub(super) reason: &'static str,
}

/// The number of symbols in one job. All symbols at one address are in one job, so a job may have more.
const JOB: usize = 2048;

/// Splits `symbols`, which are sorted by address, into the parts that are one job each.
pub(super) fn job_parts<'s>(symbols: &'s [Symbol<'s>]) -> Vec<&'s [Symbol<'s>]> {
    let mut parts = Vec::with_capacity(symbols.len() / JOB + 1);
    let mut remaining = symbols;
    while let Some((first, after)) = remaining.split_at_checked(JOB) {
        let last_address = first.last().map(|symbol| symbol.value);
        let at_last = after
            .iter()
            .take_while(|symbol| Some(symbol.value) == last_address);
        let (part, others) = remaining.split_at(JOB + at_last.count());
        parts.push(part);
        remaining = others;
    }
    parts.push(remaining);
    parts
}

/// The two searches for a symbol.
struct Searches<'a, 'm> {
    /// The search for modules alone.
    modules: Search<'a, 'm>,
    /// The search that tells object files of the same modules apart; `None` if object files are not stored.
    objects: Option<Search<'a, 'm>>,
}

/// The answers of both searches. An error is the reason why the answer is not known.
struct Found {
    modules: Result<Option<SetId>, &'static str>,
    object: Result<Option<ObjectIndex>, &'static str>,
}

impl SymbolDefiners {
    /// The modules, and the object files if they are stored, of each of `symbols`, which are sorted by address.
    pub(super) fn find(evidence: &Evidence<'_, '_>, symbols: &[Symbol<'_>]) -> error::Result<Self> {
        let stores_objects = evidence.stores_objects;
        let mut searches = Searches {
            modules: Search::new(evidence, false),
            objects: stores_objects.then(|| Search::new(evidence, true)),
        };
        let mut found = Self::default();
        found.sets.reserve(symbols.len());
        let Some(first) = symbols.first() else {
            return Ok(found);
        };
        let mut places = PlaceWalk::new(evidence.layout, first.value);
        for group in symbols.chunk_by(|one, next| one.value == next.value) {
            let mut place = None;
            for (index, symbol) in group.iter().enumerate() {
                let place = place.get_or_insert_with(|| places.at(symbol.value));
                let (before, _) = group.split_at(index);
                let grouped = GroupedSymbol {
                    symbol,
                    group,
                    before,
                };
                let answer = searches.find(&grouped, place)?;
                found.add(answer, stores_objects);
            }
        }
        Ok(found)
    }

    fn add(&mut self, found: Found, stores_objects: bool) {
        let symbol = self.sets.len();
        // If the modules of an object file are not known, the generator reports the object file instead of its
        // symbols.
        let set = found.modules.unwrap_or_else(|reason| {
            self.unattributed.push(Unknown { symbol, reason });
            None
        });
        self.sets.push(set.unwrap_or(SetId::EMPTY));
        if stores_objects {
            let object = found.object.unwrap_or_else(|reason| {
                self.without_object.push(Unknown { symbol, reason });
                None
            });
            self.objects.push(object);
        }
    }

    /// Stores the definer of the symbol `index`.
    pub(super) fn set(&mut self, index: usize, definer: Definer) {
        if let Some(set) = self.sets.get_mut(index) {
            *set = definer.modules.unwrap_or(SetId::EMPTY);
        }
        if let Some(object) = self.objects.get_mut(index) {
            *object = definer.object;
        }
    }

    /// Joins the parts of the listing, which are in order.
    pub(super) fn concat(parts: Vec<Self>) -> Self {
        let mut all = Self::default();
        for part in parts {
            let before = all.sets.len();
            let moved = |unknown: Vec<Unknown>| {
                unknown.into_iter().map(move |unknown| Unknown {
                    symbol: before + unknown.symbol,
                    ..unknown
                })
            };
            all.unattributed.extend(moved(part.unattributed));
            all.without_object.extend(moved(part.without_object));
            all.sets.extend(part.sets);
            all.objects.extend(part.objects);
        }
        all
    }
}

impl<'m> Searches<'_, 'm> {
    fn find(&mut self, grouped: &GroupedSymbol<'_>, place: &Place<'_, 'm>) -> error::Result<Found> {
        let modules = known(self.modules.definer_of(grouped, place))?;
        let modules = modules.map(|definer| definer.modules);
        let object = match (&mut self.objects, modules) {
            (Some(search), Ok(modules)) => match known(search.definer_of(grouped, place))? {
                Ok(definer) if definer.modules == modules => search.shown(definer.object),
                Ok(_) => Err("an object of other modules defines this name"),
                Err(reason) => Err(reason),
            },
            _ => Ok(None),
        };
        Ok(Found { modules, object })
    }
}

/// Separates the reason why an answer is not known from a failure.
fn known(answer: Answer) -> error::Result<Result<Definer, &'static str>> {
    match answer {
        Ok(definer) => Ok(Ok(definer)),
        Err(NoAnswer::Unattributed(reason)) => Ok(Err(reason)),
        Err(NoAnswer::Failed(error)) => Err(error),
    }
}
