// SPDX-License-Identifier: GPL-2.0

//! The object files of symbols that the other symbols of their name leave over.
//!
//! The content at the address of a constant can fit several definitions: 32 bytes can begin with the 16 bytes
//! of another constant. But the image has one symbol for each local definition. So if all other symbols of a
//! name have an object file, the definition that is left over is the definition of the symbol.

use super::definition_search::Evidence;
use super::object_modules::{ModuleLookup, ObjectIndex};
use super::symbol_definers::SymbolDefiners;
use crate::common::error::Result;
use crate::common::hash::FastMap;
use crate::read::elf::Symbol;

/// Adds the object files of those symbols without an object file in `found` that a definition is left over
/// for. `symbols` are all symbols of the listing.
pub(super) fn assign(
    found: &mut SymbolDefiners,
    symbols: &[Symbol<'_>],
    evidence: &Evidence<'_, '_>,
) -> Result<()> {
    let unknown = found.without_object.iter();
    let unknown = unknown.filter_map(|unknown| symbols.get(unknown.symbol));
    let mut indices_of: FastMap<&[u8], Vec<usize>> =
        unknown.map(|symbol| (symbol.name, Vec::new())).collect();
    if indices_of.is_empty() {
        return Ok(());
    }
    for (index, symbol) in symbols.iter().enumerate() {
        if let Some(indices) = indices_of.get_mut(symbol.name) {
            indices.push(index);
        }
    }
    let mut objects = evidence.objects.lookup();
    for (name, indices) in indices_of {
        let Some((object, waiting)) = left_over(name, &indices, found, evidence, &mut objects)?
        else {
            continue;
        };
        for index in waiting {
            if let Some(place) = found.objects.get_mut(index) {
                *place = Some(object);
            }
        }
    }
    let SymbolDefiners {
        objects,
        without_object,
        ..
    } = found;
    without_object.retain(|unknown| objects.get(unknown.symbol).is_some_and(Option::is_none));
    Ok(())
}

/// The object file of all definitions of `name` that are left over, and the indices of the symbols without an
/// object file that they define. `indices` are those of all symbols of the name.
///
/// `None` if the symbols are not as many as the definitions, if the definitions left over are in several
/// object files, or if the modules of the object file are not those of the symbols.
fn left_over<'m>(
    name: &[u8],
    indices: &[usize],
    found: &SymbolDefiners,
    evidence: &Evidence<'_, 'm>,
    objects: &mut ModuleLookup<'_, 'm>,
) -> Result<Option<(ObjectIndex, Vec<usize>)>> {
    let defining = evidence.defining_objects(name);
    let Some(defining) = defining.filter(|defining| defining.len() == indices.len()) else {
        return Ok(None);
    };
    let mut left = Vec::with_capacity(defining.len());
    for defining in defining {
        if defining.linkage.is_global {
            return Ok(None);
        }
        left.push(objects.of(defining.object)?);
    }
    let mut waiting = Vec::new();
    for &index in indices {
        match found.objects.get(index).copied().flatten() {
            Some(object) => {
                let Some(taken) = left.iter().position(|&(_, other)| other == object) else {
                    return Ok(None);
                };
                left.swap_remove(taken);
            }
            None => waiting.push(index),
        }
    }
    let Some(&(modules, object)) = left.first() else {
        return Ok(None);
    };
    let is_unknown = |index: &usize| {
        let unknown = &found.without_object;
        let is_listed = unknown.binary_search_by_key(index, |unknown| unknown.symbol);
        is_listed.is_ok() && found.sets.get(*index).copied() == modules
    };
    let is_one = left.iter().all(|&(_, other)| other == object);
    let fits = is_one && waiting.iter().all(is_unknown) && evidence.objects.has_path(object);
    Ok(fits.then_some((object, waiting)))
}
