// SPDX-License-Identifier: GPL-2.0

//! The object files of symbols that the other symbols of their name leave over.
//!
//! The content at the address of a constant can fit several definitions: 32 bytes can begin with the 16 bytes
//! of another constant. But the image has one symbol for each local definition. So if the object file of each
//! other symbol of the name is known, the definition that is left over is the definition of the symbol.

use super::definer::Definer;
use super::definition_search::{Evidence, NoAnswer, Search};
use super::grouped_symbol::GroupedSymbol;
use super::place::PlaceWalk;
use super::symbol_definers::{SymbolDefiners, Unknown};
use crate::common::error::Result;
use crate::common::hash::{FastMap, FastSet};
use crate::read::elf::Symbol;

/// Adds to `found` the modules and the object file of each symbol without them that a definition is left over
/// for. `symbols` are all symbols of the listing.
pub(super) fn assign(
    found: &mut SymbolDefiners,
    symbols: &[Symbol<'_>],
    evidence: &Evidence<'_, '_>,
) -> Result<()> {
    let unknown = found.unattributed.iter().chain(&found.without_object);
    let unknown = unknown.filter_map(|unknown| symbols.get(unknown.symbol));
    let mut by_name: FastMap<&[u8], Vec<Numbered<'_>>> =
        unknown.map(|symbol| (symbol.name, Vec::new())).collect();
    if by_name.is_empty() {
        return Ok(());
    }
    for (index, symbol) in symbols.iter().enumerate() {
        if let Some(of_name) = by_name.get_mut(symbol.name) {
            of_name.push((index, symbol));
        }
    }
    let mut search = Search::new(evidence, true);
    let mut assigned = FastSet::default();
    for (name, of_name) in by_name {
        let Some((definer, waiting)) = left_over(name, &of_name, symbols, evidence, &mut search)?
        else {
            continue;
        };
        if search.shown(definer.object).is_ok() && fits(found, &waiting, definer) {
            for &index in &waiting {
                found.set(index, definer);
            }
            assigned.extend(waiting);
        }
    }
    let is_unknown = |unknown: &Unknown| !assigned.contains(&unknown.symbol);
    found.unattributed.retain(is_unknown);
    found.without_object.retain(is_unknown);
    Ok(())
}

/// A symbol and its index in the listing.
type Numbered<'s> = (usize, &'s Symbol<'s>);

/// The definer of all definitions of `name` that are left over, and the indices of the symbols that these
/// definitions are left over for. `of_name` are all symbols of the name.
///
/// `None` if there are not as many definitions as symbols, if a definition is global, or if the definitions
/// left over are in several object files.
fn left_over<'a, 'm>(
    name: &[u8],
    of_name: &[Numbered<'_>],
    symbols: &[Symbol<'_>],
    evidence: &'a Evidence<'a, 'm>,
    search: &mut Search<'a, 'm>,
) -> Result<Option<(Definer, Vec<usize>)>> {
    let defining = evidence.defining_objects(name);
    let Some(defining) = defining.filter(|defining| defining.len() == of_name.len()) else {
        return Ok(None);
    };
    let mut left = Vec::with_capacity(defining.len());
    for defining in defining {
        if defining.linkage.is_global {
            return Ok(None);
        }
        left.push(search.object(defining.object)?);
    }
    let mut waiting = Vec::new();
    for &(index, symbol) in of_name {
        match definer_of((index, symbol), symbols, evidence, search) {
            Ok(definer) => {
                let Some(taken) = left.iter().position(|&other| other == definer) else {
                    return Ok(None);
                };
                left.swap_remove(taken);
            }
            Err(NoAnswer::Unattributed(_)) => waiting.push(index),
            Err(NoAnswer::Failed(error)) => return Err(error),
        }
    }
    let first = left.first().copied();
    let one = first.filter(|first| left.iter().all(|other| other == first));
    Ok(one.map(|definer| (definer, waiting)))
}

/// The definer of a symbol of `symbols`, without regard to definitions that are left over.
fn definer_of<'a, 'm>(
    (index, symbol): Numbered<'_>,
    symbols: &[Symbol<'_>],
    evidence: &'a Evidence<'a, 'm>,
    search: &mut Search<'a, 'm>,
) -> std::result::Result<Definer, NoAnswer> {
    let start = symbols.partition_point(|other| other.value < symbol.value);
    let end = symbols.partition_point(|other| other.value <= symbol.value);
    let grouped = GroupedSymbol {
        symbol,
        group: symbols.get(start..end).unwrap_or_default(),
        before: symbols.get(start..index).unwrap_or_default(),
    };
    let place = PlaceWalk::new(evidence.layout, symbol.value).at(symbol.value);
    search.definer_of(&grouped, &place)
}

/// Return: true if no symbol in `waiting` has other modules than `definer`.
fn fits(found: &SymbolDefiners, waiting: &[usize], definer: Definer) -> bool {
    waiting.iter().all(|index| {
        let unattributed = &found.unattributed;
        let has_no_modules = unattributed
            .binary_search_by_key(index, |unknown| unknown.symbol)
            .is_ok();
        has_no_modules || found.sets.get(*index).copied() == definer.modules
    })
}
