// SPDX-License-Identifier: GPL-2.0

//! The lines that show an object file in braces, and how much of its path they show.
//!
//! A line has braces if the object file of its symbol is known, and another symbol has the same name and the
//! same modules. The braces have the last components of the path: as many as tell the object file from all
//! other object files that define the name. If another symbol of the name and the modules is of the same
//! object file, no end of the path suffices, and the braces have the whole path.

use std::borrow::Cow;

use crate::attribute::module_sets::SetId;
use crate::attribute::object_modules::ObjectIndex;
use crate::attribute::Attribution;
use crate::common::hash::FastMap;
use crate::format::object_paths::WHOLE_PATH;
use crate::read::elf::Symbol;

/// A symbol, with what defines it.
#[derive(Clone, Copy)]
struct Namesake {
    /// Its index in the listing.
    symbol: usize,
    modules: SetId,
    object: Option<ObjectIndex>,
}

/// By symbol: the number of components in braces; 0 for a line without braces.
pub(super) fn components(symbols: &[Symbol<'_>], attribution: &Attribution<'_>) -> Vec<u8> {
    let mut components = vec![0; symbols.len()];
    for namesakes in all_namesakes(symbols, attribution).values() {
        let mut in_modules: FastMap<SetId, u32> = FastMap::default();
        let mut of_object: FastMap<(SetId, ObjectIndex), u32> = FastMap::default();
        for namesake in namesakes {
            *in_modules.entry(namesake.modules).or_default() += 1;
            if let Some(object) = namesake.object {
                *of_object.entry((namesake.modules, object)).or_default() += 1;
            }
        }
        let telling = telling_components(of_object.keys().map(|&(_, object)| object), attribution);
        for namesake in namesakes {
            let Some(object) = namesake.object else {
                continue;
            };
            let is_alone = in_modules.get(&namesake.modules) == Some(&1);
            let is_only = of_object.get(&(namesake.modules, object)) == Some(&1);
            let count = match (is_alone, is_only, telling.get(&object)) {
                (true, ..) => 0,
                (false, true, Some(&count)) => count,
                (false, ..) => WHOLE_PATH,
            };
            if let Some(component) = components.get_mut(namesake.symbol) {
                *component = count;
            }
        }
    }
    components
}

/// By name: the symbols of the name, for each name of several symbols.
fn all_namesakes<'s>(
    symbols: &[Symbol<'s>],
    attribution: &Attribution<'_>,
) -> FastMap<&'s [u8], Vec<Namesake>> {
    let places = attribution
        .of_symbols
        .iter()
        .zip(&attribution.objects_of_symbols);
    let all = symbols.iter().zip(places).enumerate();
    // Most names have one symbol, and need no list.
    let mut first: FastMap<&[u8], Namesake> = FastMap::default();
    let mut several: FastMap<&[u8], Vec<Namesake>> = FastMap::default();
    for (symbol, (named, (&modules, &object))) in all {
        let namesake = Namesake {
            symbol,
            modules,
            object,
        };
        if let Some(&first) = first.get(named.name) {
            let namesakes = several.entry(named.name);
            namesakes.or_insert_with(|| vec![first]).push(namesake);
        } else {
            first.insert(named.name, namesake);
        }
    }
    several
}

/// By object file: the number of last components that tell its path from the paths of the other `objects`.
/// At most all components of the path.
fn telling_components(
    objects: impl Iterator<Item = ObjectIndex>,
    attribution: &Attribution<'_>,
) -> FastMap<ObjectIndex, u8> {
    let paths = objects.filter_map(|object| {
        let path = attribution.objects.name(object)?.path();
        Some((object, path))
    });
    let mut left: FastMap<ObjectIndex, Cow<'_, [u8]>> = paths.collect();
    let mut telling = FastMap::default();
    for count in 1..WHOLE_PATH {
        if left.is_empty() {
            break;
        }
        let mut ends: FastMap<&[u8], u32> = FastMap::default();
        for path in left.values() {
            *ends.entry(last_components(path, count)).or_default() += 1;
        }
        let is_told = |path: &[u8]| {
            let end = last_components(path, count);
            end == path || ends.get(end) == Some(&1)
        };
        let told: Vec<ObjectIndex> = left
            .iter()
            .filter(|(_, path)| is_told(path))
            .map(|(&object, _)| object)
            .collect();
        for object in told {
            left.remove(&object);
            telling.insert(object, count);
        }
    }
    telling
}

/// The last `count` components of `path`; all components if it has fewer.
fn last_components(path: &[u8], count: u8) -> &[u8] {
    let slashes = path
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, &byte)| byte == b'/');
    let before = usize::from(count).saturating_sub(1);
    let slash = { slashes }.nth(before);
    slash
        .and_then(|(slash, _)| path.get(slash + 1..))
        .unwrap_or(path)
}
