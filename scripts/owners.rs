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
//! For the last two the symbol tables of the objects in question are read, and only where the
//! objects are not of the same modules. Nothing is guessed: a symbol that no object is found to
//! define ends the link.

use std::collections::HashSet;
use std::path::Path;

use crate::definitions::Definitions;
use crate::elf::{Elf, Symbol};
use crate::error::{show, Error, Result};
use crate::layout::{Layout, Piece, Place};
use crate::objects::{Objects, SetId};

/// What tells who defines a symbol.
pub(crate) struct Sources<'a, 'm> {
    /// The path of the map that the layout is from, for messages.
    pub(crate) map: &'a Path,
    /// What the symbols are the symbols of.
    pub(crate) image: &'a Elf,
    pub(crate) layout: &'a Layout<'m>,
    /// The names of the symbols that the linker script defines.
    pub(crate) script_symbols: HashSet<&'a [u8]>,
}

impl<'m> Sources<'_, 'm> {
    /// The modules of each of `symbols`, which are sorted by address.
    pub(crate) fn modules_of(
        &self,
        symbols: &[Symbol<'_>],
        objects: &mut Objects<'m>,
    ) -> Result<Vec<SetId>> {
        let definitions = Definitions::default();
        let mut owners = Owners {
            sources: self,
            objects,
            definitions,
        };
        let mut places = self.layout.places();
        let mut modules = Vec::with_capacity(symbols.len());
        for group in symbols.chunk_by(|one, other| one.value == other.value) {
            let place = places.at(group.first().map_or(0, |symbol| symbol.value));
            for (index, symbol) in group.iter().enumerate() {
                let is_script = symbol.size == 0 && self.script_symbols.contains(symbol.name);
                modules.push(match is_script {
                    true => SetId::NONE,
                    false => owners.owner(symbol, nth_of_its_name(group, index), &place)?,
                });
            }
        }
        Ok(modules)
    }
}

struct Owners<'a, 'm> {
    sources: &'a Sources<'a, 'm>,
    objects: &'a mut Objects<'m>,
    definitions: Definitions<'m>,
}

impl<'m> Owners<'_, 'm> {
    /// The modules of `symbol`, the `nth` of its name at its address, which is at `place`.
    fn owner(&mut self, symbol: &Symbol<'_>, nth: usize, place: &Place<'_, 'm>) -> Result<SetId> {
        // What has a size is in the piece that begins where it does.
        let around = place.within.or(place.begins.filter(|_| symbol.size != 0));
        match around {
            Some(piece) => self.in_piece(symbol, nth, piece),
            None => self.at_seam(symbol, nth, place),
        }
    }

    fn in_piece(&mut self, symbol: &Symbol<'_>, nth: usize, piece: &Piece<'m>) -> Result<SetId> {
        match self.modules_of_piece(piece)? {
            Some(set) => Ok(set),
            None => {
                let definers = self.definers_of_constant(symbol, piece.section)?;
                let set = definers.get(nth).copied();
                set.ok_or_else(|| self.unplaced(symbol, "no object has such a constant"))
            }
        }
    }

    /// A symbol without a size, between pieces.
    fn at_seam(&mut self, symbol: &Symbol<'_>, nth: usize, place: &Place<'_, 'm>) -> Result<SetId> {
        let candidates = place
            .ends
            .into_iter()
            .chain(place.empty)
            .chain(place.begins);
        let mut sets = Vec::new();
        for candidate in candidates.clone() {
            sets.push(self.modules_of_piece(candidate)?);
        }
        let by_linker = is_made_by_linker(symbol.name);
        let first = match sets.first() {
            Some(first) => *first,
            None if by_linker => Some(SetId::NONE),
            None => return Err(self.unplaced(symbol, "no object has anything there")),
        };
        if let Some(same) = first.filter(|_| sets.iter().all(|set| *set == first)) {
            if same == SetId::NONE || !by_linker {
                return Ok(same);
            }
        }
        let mut definers = Vec::new();
        for (candidate, set) in candidates.zip(sets) {
            let offset = symbol.value.wrapping_sub(candidate.start);
            if let Some(object) = candidate.object {
                let definitions = self.definitions.of(object)?;
                let here = definitions.iter().filter(|definition| {
                    definition.name == symbol.name
                        && definition.section == candidate.section
                        && definition.offset == offset
                });
                definers.extend(here.filter_map(|_| set));
            } else {
                definers.extend(self.definers_of_constant(symbol, candidate.section)?);
            }
        }
        match definers.get(nth) {
            Some(&set) => Ok(set),
            None if by_linker => Ok(SetId::NONE),
            None => Err(self.unplaced(symbol, "none of the objects that meet there defines it")),
        }
    }

    /// The modules of what is in `piece`; `None` for merged constants, which are of many objects.
    fn modules_of_piece(&mut self, piece: &Piece<'m>) -> Result<Option<SetId>> {
        match piece.object {
            Some(object) => self.objects.modules_of(object).map(Some),
            None if self.are_constants(piece) => Ok(None),
            None => Ok(Some(SetId::NONE)),
        }
    }

    fn are_constants(&self, piece: &Piece<'m>) -> bool {
        self.sources.layout.constants.contains_key(piece.section)
    }

    /// Who has a constant of this name and content in `section`, where the linker merged those of
    /// several objects: their modules, in link order.
    fn definers_of_constant(&mut self, symbol: &Symbol<'_>, section: &[u8]) -> Result<Vec<SetId>> {
        let mut definers = Vec::new();
        let layout = self.sources.layout;
        let Some(contributors) = layout.constants.get(section) else {
            return Ok(definers);
        };
        for &object in &contributors.objects {
            for definition in self.definitions.of(object)?.iter() {
                let right_section = !contributors.same_name || definition.section == section;
                let named_so = definition.name == symbol.name && right_section;
                if let Some(content) = definition.constant.as_ref().filter(|_| named_so) {
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

    fn unplaced(&self, symbol: &Symbol<'_>, problem: &str) -> Error {
        Error::in_file(
            self.sources.map,
            format!("symbol {} at {:#x} cannot be placed: {problem}", show(symbol.name), symbol.value),
            "Remove vmlinux.o, vmlinux and their maps and build again. If that does not help, please report the \
             symbol with the kernel's version and configuration.",
        )
    }
}

/// How many symbols of the name of `group`'s symbol number `index` are before it there.
fn nth_of_its_name(group: &[Symbol<'_>], index: usize) -> usize {
    let Some((symbol, before)) = group.get(..=index).and_then(<[_]>::split_last) else {
        return 0;
    };
    before
        .iter()
        .filter(|other| other.name == symbol.name)
        .count()
}

/// Whether linkers define `name` by themselves, for the ends of a section that has a C name.
fn is_made_by_linker(name: &[u8]) -> bool {
    name.starts_with(b"__start_") || name.starts_with(b"__stop_")
}
