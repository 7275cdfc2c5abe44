// SPDX-License-Identifier: GPL-2.0

//! Finds the object that defines each symbol, where the address alone does not tell.
//!
//! A symbol inside a piece of the layout belongs to that piece. Three kinds need more:
//!
//! - Symbols of the linker script have the address of something else, and are in no module.
//! - A symbol without a size at the seam of two pieces may be the end of the one or the beginning
//!   of the other: an empty `struct lock_class_key`, the label behind a table.
//! - Constants that the linker merged are at one address for all the objects that have them.
//!
//! The last two kinds need the symbol tables of the objects in question; at a seam, only if these
//! objects are of different modules. If no object there has the symbol, or the map does not tell what
//! is there, all objects are searched for the name. Nothing is guessed: a symbol that no object
//! defines, or that objects of different modules may define, is reported and shown in no module.

use std::sync::Arc;

use crate::asked::{Asked, Defined};
use crate::definitions::{Definer, Definition, Definitions};
use crate::elf::{Elf, Symbol};
use crate::error::{self, Error};
use crate::layout::{Layout, Owner, Piece, Place};
use crate::map::ObjectName;
use crate::objects::{Objects, Recent, SetId};
use crate::script_symbols::ScriptSymbols;

/// What tells who defines a symbol.
pub(crate) struct Sources<'a, 'm> {
    /// What the symbols are the symbols of.
    pub(crate) image: &'a Elf,
    pub(crate) layout: &'a Layout<'m>,
    pub(crate) script_symbols: ScriptSymbols<'a>,
    pub(crate) objects: &'a Objects<'m>,
    pub(crate) definitions: Definitions<'m>,
    /// Whether the maps name all objects: they have no line of an unknown form.
    pub(crate) has_all_objects: bool,
}

/// The modules of a stretch of symbols.
#[derive(Default)]
pub(crate) struct Attributed {
    /// Those of each symbol; none for the symbols that are [`open`](Self::open), too.
    pub(crate) modules: Vec<SetId>,
    /// The symbols whose modules are not known: how many are before each, and the reason.
    pub(crate) open: Vec<(usize, &'static str)>,
}

impl Attributed {
    /// Those of all stretches, one behind the other.
    pub(crate) fn concat(parts: Vec<Self>) -> Self {
        let mut all = Self::default();
        for part in parts {
            let before = all.modules.len();
            let open = part.open.into_iter();
            all.open
                .extend(open.map(|(index, reason)| (before + index, reason)));
            all.modules.extend(part.modules);
        }
        all
    }
}

/// The modules of a symbol, which are those of the object that defines it; `None` if these are not
/// known.
type Answer = Result<Option<SetId>, NoAnswer>;

/// Why there is no answer.
enum NoAnswer {
    /// It is not known who defines the symbol, for this reason.
    Open(&'static str),
    Failed(Error),
}

impl From<Error> for NoAnswer {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// How many symbols are one job. Those at one address are in one, and so may be more.
const JOB: usize = 2048;

impl Sources<'_, '_> {
    /// The modules of each of `symbols`, which are sorted by address.
    pub(crate) fn modules_of(&self, symbols: &[Symbol<'_>]) -> error::Result<Attributed> {
        let mut owners = Owners {
            sources: self,
            objects: self.objects.recent(),
        };
        let mut places = self
            .layout
            .places(symbols.first().map_or(0, |symbol| symbol.value));
        let mut attributed = Attributed::default();
        attributed.modules.reserve(symbols.len());
        for group in symbols.chunk_by(|one, other| one.value == other.value) {
            let place = places.at(group.first().map_or(0, |symbol| symbol.value));
            for (index, symbol) in group.iter().enumerate() {
                let asked = Asked {
                    symbol,
                    group,
                    index,
                };
                let answer = match self.script_symbols.has(symbol, group) {
                    true => Ok(Some(SetId::NONE)),
                    false => owners.owner(&asked, &place),
                };
                let set = match answer {
                    Ok(set) => set,
                    Err(NoAnswer::Open(reason)) => {
                        attributed.open.push((attributed.modules.len(), reason));
                        None
                    }
                    Err(NoAnswer::Failed(error)) => return Err(error),
                };
                attributed.modules.push(set.unwrap_or(SetId::NONE));
            }
        }
        Ok(attributed)
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

/// The modules of the one of `definers` that defined `asked`.
fn one_of(asked: &Asked<'_>, definers: Vec<Defined>) -> Answer {
    let defined = asked.one_of(definers);
    defined.map(|defined| defined.set).ok_or(NoAnswer::Open(
        "objects of different modules may have defined it",
    ))
}

struct Owners<'a, 'm> {
    sources: &'a Sources<'a, 'm>,
    objects: Recent<'a, 'm>,
}

/// Modules of a candidate at a seam.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Candidate {
    /// One object's, or none, where no object is; `None` if they are not known.
    One(Option<SetId>),
    /// Those of some object, which is not known.
    Any,
}

impl<'a, 'm> Owners<'a, 'm> {
    /// The modules of `asked`, which is at `place`.
    fn owner(&mut self, asked: &Asked<'_>, place: &Place<'_, 'm>) -> Answer {
        // What has a size is in the piece that begins where it does, and not in one that ends there.
        let has_size = asked.symbol.size != 0;
        match place.within.or(place.begins.filter(|_| has_size)) {
            Some(piece) => self.in_piece(asked, piece),
            None if has_size => self.by_name(asked, "no object has anything there"),
            None => self.at_seam(asked, place),
        }
    }

    fn in_piece(&mut self, asked: &Asked<'_>, piece: &Piece<'m>) -> Answer {
        match piece.owner {
            Owner::Object(object) => Ok(self.objects.modules_of(object)?),
            Owner::Linker => Ok(Some(SetId::NONE)),
            Owner::Tool => self.by_name(asked, "its section is not in the map of vmlinux.o"),
            Owner::Unknown => self.by_name(asked, "the map does not tell what is there"),
            Owner::Pool(_) | Owner::Internal => {
                let definers = self.definers_of_constant(asked, piece)?;
                match (definers.is_empty(), piece.owner) {
                    (false, _) => one_of(asked, definers),
                    (true, Owner::Internal) if self.is_nobodys(asked) => Ok(Some(SetId::NONE)),
                    (true, _) => self.by_name(asked, "no object has such a constant"),
                }
            }
        }
    }

    /// A symbol without a size, between pieces.
    fn at_seam(&mut self, asked: &Asked<'_>, place: &Place<'_, 'm>) -> Answer {
        let candidates = place.ends.into_iter().chain(place.empty);
        let candidates = candidates.chain(place.begins);
        let by_linker = self.is_made_by_linker(asked.symbol);
        let mut sets = Vec::new();
        for candidate in candidates.clone() {
            sets.push(match candidate.owner {
                Owner::Object(object) => Candidate::One(self.objects.modules_of(object)?),
                Owner::Linker | Owner::Tool => Candidate::One(Some(SetId::NONE)),
                Owner::Pool(_) | Owner::Internal | Owner::Unknown => Candidate::Any,
            });
        }
        if let Some(&Candidate::One(same)) = sets.first() {
            let is_same = sets.iter().all(|set| *set == Candidate::One(same));
            if is_same && (same == Some(SetId::NONE) || !by_linker) {
                return Ok(same);
            }
        }
        if let Some(set) = self.at_beginning(asked, place)? {
            return Ok(set);
        }
        let all = asked.definitions();
        let mut definers = Vec::new();
        for (candidate, set) in candidates.zip(&sets) {
            if all == Some(asked.sure(&definers)) {
                break;
            }
            if let (Some(object), Candidate::One(_)) = (candidate.object(), set) {
                definers.extend(self.defined_in(object, candidate, asked.symbol)?);
            }
        }
        let is_open = all != Some(asked.sure(&definers));
        if let Some(piece) = place.begins.filter(|_| is_open) {
            definers.extend(self.definers_of_constant(asked, piece)?);
        }
        if definers.len() >= all.unwrap_or(1) {
            return one_of(asked, definers);
        }
        match by_linker {
            true => Ok(Some(SetId::NONE)),
            false if sets.is_empty() => self.by_name(asked, "no object has anything there"),
            false => self.by_name(asked, "none of the objects that meet there defines it"),
        }
    }

    /// The modules of the object that begins where `asked` is, if it defines all symbols there of that
    /// name, so that the others need not be read: labels are before what they name.
    fn at_beginning(
        &mut self,
        asked: &Asked<'_>,
        place: &Place<'_, 'm>,
    ) -> Result<Option<Option<SetId>>, NoAnswer> {
        let Some((all, piece)) = asked.definitions().zip(place.begins) else {
            return Ok(None);
        };
        match piece.object() {
            Some(object) => {
                let here = self.defined_in(object, piece, asked.symbol)?;
                let first = here.first().map(|defined| defined.set);
                Ok(first.filter(|_| asked.sure(&here) == all))
            }
            None => Ok(None),
        }
    }

    /// The modules of all objects that define a symbol of the name of `asked`, if these are the same for
    /// all that can be it. If not, the symbol is open for `reason`.
    fn by_name(&mut self, asked: &Asked<'_>, reason: &'static str) -> Answer {
        let open = || NoAnswer::Open(reason);
        let nature = asked.symbol.nature;
        let definers = self.called(asked).ok_or_else(open)?.iter();
        let definers = definers.filter(|definer| !nature.is_global || definer.nature.is_global);
        // Of one that is global the linker takes one; of local ones it keeps all.
        let best = definers.clone().map(|definer| definer.rank).max();
        let definers = definers.filter(|definer| !nature.is_global || Some(definer.rank) == best);
        let mut found = None;
        for definer in definers {
            let set = self.objects.modules_of(definer.object)?;
            if *found.get_or_insert(set) != set {
                return Err(open());
            }
        }
        found.ok_or_else(open)
    }

    /// Whether no object defines a symbol of the name of `asked`.
    fn is_nobodys(&self, asked: &Asked<'_>) -> bool {
        self.called(asked).is_some_and(<[_]>::is_empty)
    }

    /// The objects that define a symbol of the name of `asked`, if all objects are known.
    fn called(&self, asked: &Asked<'_>) -> Option<&'a [Definer<'m>]> {
        let sources = self.sources;
        let is_whole = sources.has_all_objects && sources.objects.are_files();
        let all = Some(sources.objects.all()).filter(|_| is_whole)?;
        sources.definitions.called(asked.symbol.name, all)
    }

    /// The symbols without a size that can be `symbol`, and are where it is, in `piece` of `object`.
    fn defined_in(
        &mut self,
        object: ObjectName<'m>,
        piece: &Piece<'m>,
        symbol: &Symbol<'_>,
    ) -> Result<Vec<Defined>, NoAnswer> {
        let offset = symbol.value.wrapping_sub(piece.start);
        let (set, place) = self.known_of(object)?;
        let definitions = self.definitions_of(object)?;
        let here = definitions.iter().filter(|definition| {
            definition.name == symbol.name
                && definition.section == piece.section
                && definition.offset == offset
                && definition.size == 0
                && symbol.nature.can_be(definition.nature)
        });
        let here = here.map(|definition| Defined {
            set,
            is_global: definition.nature.is_global,
            place,
        });
        Ok(here.collect())
    }

    /// The modules of `object`, and its place in the order of the link.
    fn known_of(
        &mut self,
        object: ObjectName<'m>,
    ) -> error::Result<(Option<SetId>, Option<usize>)> {
        let set = self.objects.modules_of(object)?;
        Ok((set, self.sources.objects.place(&object)))
    }

    /// Who has a constant of the name, size, nature and content of `asked`, of those whose constants were
    /// merged in `piece`.
    fn definers_of_constant(
        &mut self,
        asked: &Asked<'_>,
        piece: &Piece<'m>,
    ) -> Result<Vec<Defined>, NoAnswer> {
        let symbol = asked.symbol;
        let objects = match piece.owner {
            Owner::Pool(pool) => self.sources.layout.pool(pool),
            Owner::Internal => self.sources.objects.all(),
            _ => &[],
        };
        let mut definers = Vec::new();
        for &object in objects {
            for definition in self.definitions_of(object)?.iter() {
                let alike = definition.name == symbol.name
                    && definition.size == symbol.size
                    && symbol.nature.can_be(definition.nature);
                if let Some(content) = definition.constant.as_ref().filter(|_| alike) {
                    if self.has_content(symbol, content)? {
                        let (set, place) = self.known_of(object)?;
                        definers.push(Defined {
                            set,
                            is_global: definition.nature.is_global,
                            place,
                        });
                    }
                }
            }
        }
        Ok(definers)
    }

    fn definitions_of(&self, object: ObjectName<'m>) -> Result<Arc<[Definition]>, NoAnswer> {
        let sources = self.sources;
        let definitions = sources
            .objects
            .is_file(&object)
            .then(|| sources.definitions.of(object));
        definitions
            .and_then(error::Result::ok)
            .ok_or(NoAnswer::Open(
                "an object that may define it cannot be read",
            ))
    }

    fn has_content(&self, symbol: &Symbol<'_>, content: &[u8]) -> error::Result<bool> {
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

    /// Whether linkers define `symbol` by themselves: `__start_` and `__stop_` with the name of a section
    /// are where it begins and ends.
    fn is_made_by_linker(&self, symbol: &Symbol<'_>) -> bool {
        let starts = symbol.name.strip_prefix(b"__start_");
        let Some(section) = starts.or(symbol.name.strip_prefix(b"__stop_")) else {
            return false;
        };
        let section = self.sources.image.section_named(section);
        section.is_some_and(|section| {
            let size = if starts.is_some() { 0 } else { section.size };
            symbol.value == section.address.wrapping_add(size)
        })
    }
}
