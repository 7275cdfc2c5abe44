// SPDX-License-Identifier: GPL-2.0

//! The search for the object file that defines a symbol.
//!
//! A piece is usually the bytes of one input section in the image. A symbol inside such a piece belongs to the
//! object file of the piece. For three kinds of symbols, the piece does not suffice:
//!
//! - Symbols of the linker script are in no module, even inside a piece of a module.
//! - A symbol without a size at the boundary of two pieces may belong to either piece. Examples are an empty
//!   `struct lock_class_key`, and the label after a table.
//! - A constant that the linker merged is at one address for all object files that define it.
//!
//! For a merged constant, the search reads the symbol tables of all object files whose constants were merged
//! in the piece. For a symbol at a boundary, it reads the symbol tables of the object files that meet there,
//! unless all of these count as one. If these tables do not have the symbol, or the map does not name the
//! object file, the search looks for the name in all object files.
//!
//! There are two searches. In the search for modules, object files of the same modules count as one. In the
//! search for object files, which runs only if the kernel stores object files, each counts alone.
//!
//! The searches do not guess. If the search for modules finds no answer, the symbol is reported and is in no
//! module. An example is a symbol that object files of different modules may define. If only the search for
//! object files finds no answer, the symbol is reported and has no object file. The linker makes some symbols
//! by itself, such as `__start_SECTION`: they are in no module and have no object file, but they are not
//! reported.

use std::sync::Arc;

use super::definer::Definer;
use super::grouped_symbol::{Candidate, GroupedSymbol};
use super::image_layout::ImageLayout;
use super::object_modules::{ModuleLookup, ObjectIndex, ObjectModules};
use super::object_symbols::{DefiningObject, Definition, ObjectSymbols};
use super::piece::{Origin, Piece};
use super::place::Place;
use super::script_symbols::ScriptSymbols;
use crate::common::error::{self, Error};
use crate::read::elf::{ElfFile, Symbol};
use crate::read::map::ObjectName;

/// The sources that tell which object file defines a symbol.
pub(super) struct Evidence<'a, 'm> {
    /// The linked image that has the symbols.
    pub(super) image: &'a ElfFile,
    pub(super) layout: &'a ImageLayout<'m>,
    pub(super) script_symbols: ScriptSymbols<'a>,
    pub(super) objects: &'a ObjectModules<'m>,
    pub(super) object_symbols: ObjectSymbols<'m>,
    /// True if the maps name all object files, because no line of a map has an unknown form.
    pub(super) has_all_objects: bool,
    /// True if the kernel stores object files.
    pub(super) stores_objects: bool,
}

impl<'m> Evidence<'_, 'm> {
    /// The object files that define a symbol called `name`, one for each definition; `None` if an object file
    /// is not known or cannot be read.
    pub(super) fn defining_objects(&self, name: &[u8]) -> Option<&[DefiningObject<'m>]> {
        let is_whole = self.has_all_objects && self.objects.are_files();
        let all = Some(self.objects.all()).filter(|_| is_whole)?;
        self.object_symbols.named(name, all)
    }
}

/// What defines a symbol.
pub(super) type Answer = Result<Definer, NoAnswer>;

/// The reason why the search has no answer.
pub(super) enum NoAnswer {
    /// The search did not find the defining object file, for this reason. The generator reports the symbol.
    Unattributed(&'static str),
    Failed(Error),
}

impl From<Error> for NoAnswer {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The search for the defining object files of symbols.
pub(super) struct Search<'a, 'm> {
    evidence: &'a Evidence<'a, 'm>,
    objects: ModuleLookup<'a, 'm>,
    /// False if two object files of the same modules count as one.
    tells_objects: bool,
}

/// What a piece at a boundary tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtBoundary {
    /// The object file of the piece. In the search for modules, [`Definer::LINKER`] also stands for a piece
    /// that the map of vmlinux.o does not have.
    OneObject(Definer),
    /// The piece is of several object files, or of an object file that the map does not name.
    AnyObject,
}

impl<'a, 'm> Search<'a, 'm> {
    /// A search that tells object files of the same modules apart if `tells_objects` is set.
    pub(super) fn new(evidence: &'a Evidence<'a, 'm>, tells_objects: bool) -> Self {
        let objects = evidence.objects.lookup();
        Self {
            evidence,
            objects,
            tells_objects,
        }
    }

    /// What defines `grouped`, which is at `place`.
    pub(super) fn definer_of(
        &mut self,
        grouped: &GroupedSymbol<'_>,
        place: &Place<'_, 'm>,
    ) -> Answer {
        if self
            .evidence
            .script_symbols
            .has(grouped.symbol, grouped.group)
        {
            return Ok(Definer::LINKER);
        }
        // A symbol with a size can be in a piece that begins at its address, but not in one that ends there.
        let has_size = grouped.symbol.size != 0;
        match place.within.or(place.begins.filter(|_| has_size)) {
            Some(piece) => self.in_piece(grouped, piece),
            None if has_size => self.by_name(grouped, "no object has anything there"),
            None => self.at_boundary(grouped, place),
        }
    }

    /// The object file `object` as the definer of a symbol.
    pub(super) fn object(&mut self, object: ObjectName<'m>) -> error::Result<Definer> {
        let (modules, index) = self.objects.of(object)?;
        Ok(Definer {
            modules,
            object: Some(index).filter(|_| self.tells_objects),
        })
    }

    /// The object file as the listing shows it, or the reason why the listing cannot show it.
    pub(super) fn shown(
        &self,
        object: Option<ObjectIndex>,
    ) -> Result<Option<ObjectIndex>, &'static str> {
        match object {
            Some(object) if !self.evidence.objects.has_path(object) => {
                Err("no line can show the path of its object")
            }
            object => Ok(object),
        }
    }

    /// The definer of `grouped` among `candidates`.
    fn choose(&self, grouped: &GroupedSymbol<'_>, candidates: Vec<Candidate>) -> Answer {
        let chosen = grouped.choose(candidates);
        chosen
            .map(|chosen| chosen.definer)
            .ok_or(NoAnswer::Unattributed(match self.tells_objects {
                true => "several objects may have defined it",
                false => "objects of different modules may have defined it",
            }))
    }

    fn in_piece(&mut self, grouped: &GroupedSymbol<'_>, piece: &Piece<'m>) -> Answer {
        match piece.origin {
            Origin::Object(object) => Ok(self.object(object)?),
            Origin::Linker => Ok(Definer::LINKER),
            Origin::OutsideMap => {
                self.by_name(grouped, "its section is not in the map of vmlinux.o")
            }
            Origin::Unknown => self.by_name(grouped, "the map does not tell what is there"),
            Origin::Pool(_) | Origin::LldInternal => {
                let candidates = self.candidates_of_constant(grouped, piece)?;
                match (candidates.is_empty(), piece.origin) {
                    (false, _) => self.choose(grouped, candidates),
                    (true, Origin::LldInternal) if self.is_undefined(grouped) => {
                        Ok(Definer::LINKER)
                    }
                    (true, _) => self.by_name(grouped, "no object has such a constant"),
                }
            }
        }
    }

    /// What defines a symbol that has no size and is at a boundary of pieces.
    fn at_boundary(&mut self, grouped: &GroupedSymbol<'_>, place: &Place<'_, 'm>) -> Answer {
        let pieces = place.ends.into_iter().chain(place.empty);
        let pieces = pieces.chain(place.begins);
        let is_by_linker = self.is_made_by_linker(grouped.symbol);
        let mut told = Vec::new();
        for piece in pieces.clone() {
            told.push(match piece.origin {
                Origin::Object(object) => AtBoundary::OneObject(self.object(object)?),
                Origin::Linker => AtBoundary::OneObject(Definer::LINKER),
                // Sections outside of the map have no symbols of modules, but may have symbols of object files.
                Origin::OutsideMap if !self.tells_objects => AtBoundary::OneObject(Definer::LINKER),
                Origin::OutsideMap => AtBoundary::AnyObject,
                Origin::Pool(_) | Origin::LldInternal | Origin::Unknown => AtBoundary::AnyObject,
            });
        }
        if let Some(&AtBoundary::OneObject(first)) = told.first() {
            let is_same = told
                .iter()
                .all(|piece| *piece == AtBoundary::OneObject(first));
            if is_same && (first == Definer::LINKER || !is_by_linker) {
                return Ok(first);
            }
        }
        if let Some(definition) = self.at_beginning(grouped, place)? {
            return Ok(definition.definer);
        }
        let all = grouped.definitions();
        let mut candidates = Vec::new();
        for (piece, told) in pieces.zip(&told) {
            if all == Some(grouped.certain(&candidates)) {
                break;
            }
            if let (Some(object), AtBoundary::OneObject(_)) = (piece.object(), told) {
                candidates.extend(self.candidates_in(object, piece, grouped.symbol)?);
            }
        }
        let some_missing = all != Some(grouped.certain(&candidates));
        if let Some(piece) = place.begins.filter(|_| some_missing) {
            candidates.extend(self.candidates_of_constant(grouped, piece)?);
        }
        // A global symbol has one definition.
        if candidates.len() >= all.unwrap_or(1) {
            return self.choose(grouped, candidates);
        }
        // LLD defines `_DYNAMIC` at the beginning of a section that it makes.
        let is_of_lld = place
            .begins
            .is_some_and(|piece| piece.origin == Origin::LldInternal);
        match is_by_linker || is_of_lld && self.is_undefined(grouped) {
            true => Ok(Definer::LINKER),
            false if told.is_empty() => self.by_name(grouped, "no object has anything there"),
            false => self.by_name(grouped, "none of the objects that meet there defines it"),
        }
    }

    /// A definition in the object file whose piece begins at the address of `grouped`, if that object file
    /// defines all symbols of this name there. `None` for a global symbol. A label usually comes before the
    /// data that it names, so the search usually needs no other object file.
    fn at_beginning(
        &mut self,
        grouped: &GroupedSymbol<'_>,
        place: &Place<'_, 'm>,
    ) -> Result<Option<Candidate>, NoAnswer> {
        let Some((all, piece)) = grouped.definitions().zip(place.begins) else {
            return Ok(None);
        };
        match piece.object() {
            Some(object) => {
                let here = self.candidates_in(object, piece, grouped.symbol)?;
                let first = here.first().copied();
                Ok(first.filter(|_| grouped.certain(&here) == all))
            }
            None => Ok(None),
        }
    }

    /// Searches all object files for definitions of the name of `grouped`. For a global symbol, only the
    /// global definitions of the highest precedence count.
    ///
    /// Return: the definer, if all of these definitions have the same definer; otherwise
    /// [`NoAnswer::Unattributed`] with `reason`.
    fn by_name(&mut self, grouped: &GroupedSymbol<'_>, reason: &'static str) -> Answer {
        let unattributed = || NoAnswer::Unattributed(reason);
        let linkage = grouped.symbol.linkage;
        let defining = self.evidence.defining_objects(grouped.symbol.name);
        let defining = defining.ok_or_else(unattributed)?.iter();
        let defining = defining.filter(|object| !linkage.is_global || object.linkage.is_global);
        // The image keeps one global definition of a name, and all local definitions.
        let best = defining.clone().map(|object| object.precedence).max();
        let defining =
            defining.filter(|object| !linkage.is_global || Some(object.precedence) == best);
        let mut found = None;
        for defining in defining {
            let definer = self.object(defining.object)?;
            if *found.get_or_insert(definer) != definer {
                return Err(unattributed());
            }
        }
        found.ok_or_else(unattributed)
    }

    /// Return: true if no object file defines a symbol of the name of `grouped`.
    fn is_undefined(&self, grouped: &GroupedSymbol<'_>) -> bool {
        let defining = self.evidence.defining_objects(grouped.symbol.name);
        defining.is_some_and(<[_]>::is_empty)
    }

    /// The definitions of size 0 in `object` that `symbol` can come from. They have the name of `symbol`, and
    /// are in `piece` at the address of `symbol`.
    fn candidates_in(
        &mut self,
        object: ObjectName<'m>,
        piece: &Piece<'m>,
        symbol: &Symbol<'_>,
    ) -> Result<Vec<Candidate>, NoAnswer> {
        let offset = symbol.value.wrapping_sub(piece.start);
        let definitions = self.definitions_of(object)?;
        let here = definitions.iter().filter(|definition| {
            definition.name == symbol.name
                && definition.section == piece.section
                && definition.offset == offset
                && definition.size == 0
                && symbol.linkage.can_come_from(definition.linkage)
        });
        let here = here.map(|definition| self.candidate(object, definition));
        Ok(here.collect::<error::Result<_>>()?)
    }

    /// Makes a candidate of `definition`, which is in `object`.
    fn candidate(
        &mut self,
        object: ObjectName<'m>,
        definition: &Definition,
    ) -> error::Result<Candidate> {
        Ok(Candidate {
            definer: self.object(object)?,
            is_global: definition.linkage.is_global,
            link_index: self.evidence.objects.link_index(&object),
        })
    }

    /// The constants that the symbol of `grouped` can come from, in the object files whose constants were
    /// merged in `piece`. They have the name, the size and the content of the symbol, and the kind of the
    /// pool.
    fn candidates_of_constant(
        &mut self,
        grouped: &GroupedSymbol<'_>,
        piece: &Piece<'m>,
    ) -> Result<Vec<Candidate>, NoAnswer> {
        let symbol = grouped.symbol;
        let (objects, kind) = match piece.origin {
            Origin::Pool(pool) => (self.evidence.layout.pool(pool), Some(pool.kind)),
            // LLD's map does not tell the kind.
            Origin::LldInternal => (self.evidence.objects.all(), None),
            // The layout knows no merged constants in pieces of these origins.
            Origin::Object(_) | Origin::Linker | Origin::OutsideMap | Origin::Unknown => {
                return Ok(Vec::new());
            }
        };
        let mut candidates = Vec::new();
        for &object in objects {
            for definition in self.definitions_of(object)?.iter() {
                let is_alike = definition.name == symbol.name
                    && definition.size == symbol.size
                    && symbol.linkage.can_come_from(definition.linkage);
                if let Some(constant) = definition.constant.as_ref().filter(|_| is_alike) {
                    let is_of_kind = kind.is_none_or(|kind| kind == constant.kind);
                    if is_of_kind && self.has_content(symbol, &constant.bytes)? {
                        candidates.push(self.candidate(object, definition)?);
                    }
                }
            }
        }
        Ok(candidates)
    }

    fn definitions_of(&self, object: ObjectName<'m>) -> Result<Arc<[Definition]>, NoAnswer> {
        let unreadable = NoAnswer::Unattributed("an object that may define it cannot be read");
        match self.evidence.objects.is_file(&object) {
            true => self
                .evidence
                .object_symbols
                .of(object)
                .map_err(|_| unreadable),
            false => Err(unreadable),
        }
    }

    /// Return: true if the bytes of `symbol` in the image are `content`.
    fn has_content(&self, symbol: &Symbol<'_>, content: &[u8]) -> error::Result<bool> {
        let image = self.evidence.image;
        // A symbol whose section index names no section has no bytes.
        let Some(section) = image.section(symbol.section) else {
            return Ok(false);
        };
        let offset = symbol.value.wrapping_sub(section.address);
        Ok(image.content(section, offset, content.len() as u64)? == content)
    }

    /// Return: true if `symbol` is `__start_SECTION` at the beginning of the output section SECTION, or
    /// `__stop_SECTION` at the end of SECTION. Linkers define these symbols by themselves.
    fn is_made_by_linker(&self, symbol: &Symbol<'_>) -> bool {
        let start = symbol.name.strip_prefix(b"__start_");
        let Some(section) = start.or(symbol.name.strip_prefix(b"__stop_")) else {
            return false;
        };
        let section = self.evidence.image.section_named(section);
        section.is_some_and(|section| {
            let size = if start.is_some() { 0 } else { section.size };
            symbol.value == section.address.wrapping_add(size)
        })
    }
}
