// SPDX-License-Identifier: GPL-2.0

//! Who defines each symbol, where its address alone does not say.
//!
//! A symbol inside a piece of the layout is that piece's. Three kinds are not so easy:
//!
//! - Symbols of the linker script have the address of something else, and are in no module.
//! - A symbol without a size at the seam of two pieces may be the end of the one or the beginning
//!   of the other: an empty `struct lock_class_key`, the label behind a table.
//! - Constants that the linker merged are at one address for all the objects that have them.
//!
//! For the last two the symbol tables of the objects in question are read, at a seam only where the
//! objects are not of the same modules. Nothing is guessed: a symbol that no object is found to
//! define, or objects of different modules may have, ends the link.

use std::path::Path;

use crate::definitions::Definitions;
use crate::elf::{Elf, Symbol};
use crate::error::{show, Error, Result};
use crate::hash::{FastMap, FastSet};
use crate::layout::{Layout, Owner, Piece, Place};
use crate::map::{LinkMap, ObjectName};
use crate::objects::{Objects, Recent, SetId};

/// What tells who defines a symbol.
pub(crate) struct Sources<'a, 'm> {
    /// The path of the map that the layout is from, for messages.
    pub(crate) map: &'a Path,
    /// What the symbols are the symbols of.
    pub(crate) image: &'a Elf,
    pub(crate) layout: &'a Layout<'m>,
    pub(crate) script_symbols: ScriptSymbols<'a>,
    pub(crate) objects: &'a Objects<'m>,
    pub(crate) definitions: Definitions<'m>,
}

/// How many symbols are one job. Those at one address are in one, and so may be more.
const JOB: usize = 2048;

/// The symbols that the linker script defines.
pub(crate) struct ScriptSymbols<'a> {
    by_place: FastSet<(u64, &'a [u8])>,
    by_name: FastSet<&'a [u8]>,
    /// What each is made equal to.
    targets: FastMap<&'a [u8], &'a [u8]>,
}

impl<'a> ScriptSymbols<'a> {
    pub(crate) fn of(map: &LinkMap<'a>) -> Self {
        let symbols = map.script_symbols.iter();
        Self {
            by_place: symbols
                .clone()
                .map(|symbol| (symbol.address, symbol.name))
                .collect(),
            targets: symbols
                .clone()
                .filter_map(|symbol| Some((symbol.name, symbol.target?)))
                .collect(),
            by_name: symbols.map(|symbol| symbol.name).collect(),
        }
    }

    /// Whether `symbol` is one of them; `group` are all symbols at its address. A local symbol of an
    /// object may have the name of one, and is elsewhere. A global one may not, and LLD's map has no
    /// address for what the script makes equal to another symbol. Such a symbol is local if it is
    /// hidden, as arm64's names for early code are; but it is where the other is.
    fn has(&self, symbol: &Symbol<'_>, group: &[Symbol<'_>]) -> bool {
        let is_equal = || {
            let target = self.targets.get(symbol.name);
            target.is_some_and(|target| group.iter().any(|other| other.name == *target))
        };
        symbol.size == 0
            && (symbol.is_global && self.by_name.contains(symbol.name)
                || self.by_place.contains(&(symbol.value, symbol.name))
                || is_equal())
    }
}

impl Sources<'_, '_> {
    /// The modules of each of `symbols`, which are sorted by address.
    pub(crate) fn modules_of(&self, symbols: &[Symbol<'_>]) -> Result<Vec<SetId>> {
        let mut owners = Owners {
            sources: self,
            objects: self.objects.recent(),
        };
        let mut places = self
            .layout
            .places(symbols.first().map_or(0, |symbol| symbol.value));
        let mut modules = Vec::with_capacity(symbols.len());
        for group in symbols.chunk_by(|one, other| one.value == other.value) {
            let place = places.at(group.first().map_or(0, |symbol| symbol.value));
            for (index, symbol) in group.iter().enumerate() {
                let asked = Asked {
                    symbol,
                    group,
                    index,
                };
                modules.push(match self.script_symbols.has(symbol, group) {
                    true => SetId::NONE,
                    false => owners.owner(&asked, &place)?,
                });
            }
        }
        Ok(modules)
    }
}

/// Splits `symbols` into parts of [`JOB`] symbols and those at the address of the last of these.
pub(crate) fn parts<'s>(symbols: &'s [Symbol<'s>]) -> Vec<&'s [Symbol<'s>]> {
    let mut parts = Vec::with_capacity(symbols.len() / JOB + 1);
    let mut rest = symbols;
    while let Some(last) = rest.get(JOB - 1) {
        let behind = rest.get(JOB..).unwrap_or_default();
        let here = behind
            .iter()
            .take_while(|symbol| symbol.value == last.value);
        let (part, others) = rest.split_at(JOB + here.count());
        parts.push(part);
        rest = others;
    }
    parts.push(rest);
    parts
}

struct Owners<'a, 'm> {
    sources: &'a Sources<'a, 'm>,
    objects: Recent<'a, 'm>,
}

/// A symbol whose owner is asked for.
struct Asked<'a> {
    symbol: &'a Symbol<'a>,
    /// All symbols at its address, and its place among them.
    group: &'a [Symbol<'a>],
    index: usize,
}

impl Asked<'_> {
    /// How many symbols of its name and size are at its address.
    fn namesakes(&self) -> usize {
        self.count(self.group)
    }

    /// How many of these are before it.
    fn nth(&self) -> usize {
        self.count(self.group.get(..self.index).unwrap_or_default())
    }

    /// How many objects' definitions of its name and size are at its address, if the symbols tell:
    /// each local one is kept in the image. Of a global one there is one symbol, whoever else
    /// defines it.
    fn definitions(&self) -> Option<usize> {
        (!self.symbol.is_global).then(|| self.namesakes())
    }

    fn count(&self, symbols: &[Symbol<'_>]) -> usize {
        let (name, size) = (self.symbol.name, self.symbol.size);
        let alike = |other: &&Symbol<'_>| other.name == name && other.size == size;
        symbols.iter().filter(alike).count()
    }
}

impl<'m> Owners<'_, 'm> {
    /// The modules of `asked`, which is at `place`.
    fn owner(&mut self, asked: &Asked<'_>, place: &Place<'_, 'm>) -> Result<SetId> {
        // What has a size is in the piece that begins where it does.
        let has_size = asked.symbol.size != 0;
        match place.within.or(place.begins.filter(|_| has_size)) {
            Some(piece) => self.in_piece(asked, piece),
            None => self.at_seam(asked, place),
        }
    }

    fn in_piece(&mut self, asked: &Asked<'_>, piece: &Piece<'m>) -> Result<SetId> {
        match piece.owner {
            Owner::Object(object) => self.objects.modules_of(object),
            Owner::Linker => Ok(SetId::NONE),
            Owner::Tool => Err(self.unplaced(asked, "its section is not in the map of vmlinux.o")),
            Owner::Constants | Owner::MaybeConstants(_) => {
                let definers = self.definers_of_constant(asked, piece)?;
                if let (Owner::MaybeConstants(object), []) = (piece.owner, &definers[..]) {
                    let modules = object.map(|object| self.objects.modules_of(object));
                    return modules.unwrap_or(Ok(SetId::NONE));
                }
                self.one_of(asked, &definers, "no object has such a constant")
            }
        }
    }

    /// A symbol without a size, between pieces.
    fn at_seam(&mut self, asked: &Asked<'_>, place: &Place<'_, 'm>) -> Result<SetId> {
        let candidates = place.ends.into_iter().chain(place.empty);
        let candidates = candidates.chain(place.begins);
        let by_linker = is_made_by_linker(asked.symbol.name);
        if candidates.clone().next().is_none() {
            return match by_linker {
                true => Ok(SetId::NONE),
                false => Err(self.unplaced(asked, "no object has anything there")),
            };
        }
        let mut sets = Vec::new();
        for candidate in candidates.clone() {
            sets.push(match candidate.owner {
                Owner::Object(object) | Owner::MaybeConstants(Some(object)) => {
                    Some(self.objects.modules_of(object)?)
                }
                Owner::MaybeConstants(None) | Owner::Linker | Owner::Tool => Some(SetId::NONE),
                // Those that have the constants are of any modules.
                Owner::Constants => None,
            });
        }
        let first = sets.first().copied().flatten();
        if let Some(same) = first.filter(|_| sets.iter().all(|set| *set == first)) {
            if same == SetId::NONE || !by_linker {
                return Ok(same);
            }
        }
        if let Some(set) = self.at_beginning(asked, place)? {
            return Ok(set);
        }
        let all = asked.definitions();
        let mut definers = Vec::new();
        for (candidate, set) in candidates.zip(sets) {
            if all == Some(definers.len()) {
                break;
            }
            if let Some(object) = candidate.object() {
                let count = self.count_in(object, candidate, asked.symbol)?;
                definers.extend(std::iter::repeat_n(set, count).flatten());
            }
        }
        let constants = place.begins.filter(|piece| piece.owner == Owner::Constants);
        if let Some(piece) = constants.filter(|_| all != Some(definers.len())) {
            definers.extend(self.definers_of_constant(asked, piece)?);
        }
        if definers.is_empty() && by_linker {
            return Ok(SetId::NONE);
        }
        self.one_of(
            asked,
            &definers,
            "none of the objects that meet there defines it",
        )
    }

    /// The modules of the object that begins where `asked` is, if it defines all symbols there of that
    /// name, so that the others need not be read: labels are before what they name.
    fn at_beginning(&mut self, asked: &Asked<'_>, place: &Place<'_, 'm>) -> Result<Option<SetId>> {
        let Some((all, piece)) = asked.definitions().zip(place.begins) else {
            return Ok(None);
        };
        match piece.object() {
            Some(object) if self.count_in(object, piece, asked.symbol)? == all => {
                self.objects.modules_of(object).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Of those who define symbols of the name and at the address of `asked`, in link order, the one
    /// of this symbol: the symbols are in that order too.
    fn one_of(&self, asked: &Asked<'_>, definers: &[SetId], problem: &str) -> Result<SetId> {
        let first = definers
            .first()
            .ok_or_else(|| self.unplaced(asked, problem))?;
        if definers.iter().all(|set| set == first) {
            return Ok(*first);
        }
        let nth = definers
            .get(asked.nth())
            .filter(|_| definers.len() == asked.namesakes());
        nth.copied()
            .ok_or_else(|| self.unplaced(asked, "objects of different modules may have defined it"))
    }

    /// How many symbols without a size of the name of `symbol` are in `piece` of `object`, where
    /// `symbol` is.
    fn count_in(
        &mut self,
        object: ObjectName<'m>,
        piece: &Piece<'m>,
        symbol: &Symbol<'_>,
    ) -> Result<usize> {
        let offset = symbol.value.wrapping_sub(piece.start);
        let definitions = self.sources.definitions.of(object)?;
        let here = definitions.iter().filter(|definition| {
            definition.name == symbol.name
                && definition.section == piece.section
                && definition.offset == offset
                && definition.size == 0
        });
        Ok(here.count())
    }

    /// Who has a constant of the name, size and content of `asked`, of those whose constants were
    /// merged in `piece`: their modules, in link order.
    fn definers_of_constant(&mut self, asked: &Asked<'_>, piece: &Piece<'m>) -> Result<Vec<SetId>> {
        let symbol = asked.symbol;
        let mut definers = Vec::new();
        let layout = self.sources.layout;
        for &object in layout.contributors(piece) {
            for definition in self.sources.definitions.of(object)?.iter() {
                let alike = definition.name == symbol.name && definition.size == symbol.size;
                if let Some(content) = definition.constant.as_ref().filter(|_| alike) {
                    if self.has_content(symbol, content)? {
                        definers.push(self.objects.modules_of(object)?);
                    }
                }
            }
        }
        Ok(definers)
    }

    fn has_content(&self, symbol: &Symbol<'_>, content: &[u8]) -> Result<bool> {
        let Some(section) = self.sources.image.section(symbol.section) else {
            return Ok(false);
        };
        let offset = symbol.value.wrapping_sub(section.address);
        Ok(self
            .sources
            .image
            .content(section, offset, content.len() as u64)?
            == content)
    }

    fn unplaced(&self, asked: &Asked<'_>, problem: &str) -> Error {
        let (name, address) = (show(asked.symbol.name), asked.symbol.value);
        Error::in_file(
            self.sources.map,
            format!("symbol {name} at {address:#x} cannot be placed: {problem}"),
            "Remove vmlinux.o, vmlinux and their maps and build again. If that does not help, \
             please report the symbol with the kernel's version and configuration.",
        )
    }
}

/// Whether linkers define `name` by themselves, for the ends of a section that has a C name.
fn is_made_by_linker(name: &[u8]) -> bool {
    name.starts_with(b"__start_") || name.starts_with(b"__stop_")
}
