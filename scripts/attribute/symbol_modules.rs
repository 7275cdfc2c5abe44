// SPDX-License-Identifier: GPL-2.0

//! The modules of each symbol. The listing is divided into parts, which two threads share.

use super::definition_search::{Evidence, NoAnswer, Search};
use super::grouped_symbol::GroupedSymbol;
use super::module_sets::SetId;
use super::place::PlaceWalk;
use crate::common::error::Result;
use crate::read::elf::Symbol;

/// The modules of consecutive symbols.
#[derive(Default)]
pub(super) struct SymbolModules {
    /// By symbol: its modules. An [unattributed](Self::unattributed) symbol has the empty set.
    pub(super) sets: Vec<SetId>,
    /// The symbols whose modules are not known: the index of each, and the reason.
    pub(super) unattributed: Vec<(usize, &'static str)>,
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

impl SymbolModules {
    /// The modules of each of `symbols`, which are sorted by address.
    pub(super) fn find(evidence: &Evidence<'_, '_>, symbols: &[Symbol<'_>]) -> Result<Self> {
        let mut search = Search::new(evidence);
        let mut modules = Self::default();
        modules.sets.reserve(symbols.len());
        let Some(first) = symbols.first() else {
            return Ok(modules);
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
                let set = match search.modules_of(&grouped, place) {
                    Ok(set) => set,
                    Err(NoAnswer::Unattributed(reason)) => {
                        modules.unattributed.push((modules.sets.len(), reason));
                        None
                    }
                    Err(NoAnswer::Failed(error)) => return Err(error),
                };
                // Without a set, the symbol or its object file is in the list of unattributed names.
                modules.sets.push(set.unwrap_or(SetId::EMPTY));
            }
        }
        Ok(modules)
    }

    /// Joins the modules of consecutive parts of the listing, which are in order.
    pub(super) fn concat(parts: Vec<Self>) -> Self {
        let mut all = Self::default();
        for part in parts {
            let before = all.sets.len();
            let unattributed = part.unattributed.into_iter();
            all.unattributed
                .extend(unattributed.map(|(index, reason)| (before + index, reason)));
            all.sets.extend(part.sets);
        }
        all
    }
}
