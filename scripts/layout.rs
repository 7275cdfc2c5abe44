// SPDX-License-Identifier: GPL-2.0

//! The layout of vmlinux: which object each stretch of the image came from.
//!
//! Where the kernel is linked from its objects, the map of the link says it all. Where it is linked
//! from vmlinux.o (x86_64 with IBT), that map has one object only, and the map of the link that
//! made vmlinux.o has to be laid over it: a section of vmlinux.o is, byte for byte, a stretch of
//! the image.

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

use crate::error::{show, Error, Result};
use crate::hash::{FastMap, FastSet};
use crate::map::{self, Contribution, LinkMap, ObjectName, OutputSection};

/// A stretch of the image that came from one input section of one object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'m> {
    /// Address of the first byte.
    pub(crate) start: u64,
    /// Address behind the last byte.
    pub(crate) end: u64,
    /// The input section.
    pub(crate) section: &'m [u8],
    /// Whose it is.
    pub(crate) owner: Owner<'m>,
    /// Which output section of the map it is in.
    pub(crate) output: usize,
}

/// Whose a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner<'m> {
    /// An object's.
    Object(ObjectName<'m>),
    /// That of all objects which have the constants in it, merged by the linker.
    Constants,
    /// That of all objects which have the constants in it, if there are any; if not, the object's, or
    /// nobody's.
    MaybeConstants(Option<ObjectName<'m>>),
    /// Nobody's: the linker made it.
    Linker,
    /// Of vmlinux.o, but not in its map: objtool added it after the link. It has no symbols.
    Tool,
}

/// The whole image.
#[derive(Debug, Default)]
pub(crate) struct Layout<'m> {
    /// In rising order of address, without overlaps, none empty.
    pub(crate) pieces: Vec<Piece<'m>>,
    /// Empty input sections, in rising order of address: symbols without a size can be in them.
    empty: Vec<Piece<'m>>,
    /// The objects whose constants the linker merged, in link order, by [`Piece::merged_with`].
    contributors: FastMap<Merged<'m>, Contributors<'m>>,
}

/// The objects whose constants the linker merged with each other.
#[derive(Debug, Default)]
struct Contributors<'m> {
    /// In link order, with repetitions.
    all: Vec<ObjectName<'m>>,
    /// Each once. Few are asked for: most merged constants are strings, which have no symbols.
    distinct: OnceLock<Vec<ObjectName<'m>>>,
}

/// What the linker merges with each other: an output section's, by kind.
type Merged<'m> = (usize, &'m [u8]);

impl<'m> Layout<'m> {
    /// Lays out the image of `map`, which was read from `path`, with the map of vmlinux.o where it
    /// is needed.
    pub(crate) fn new(
        path: &Path,
        map: &LinkMap<'m>,
        vmlinux_o: Option<&LinkMap<'m>>,
    ) -> Result<Self> {
        let mut inner = vmlinux_o.map(Inner::new);
        let inputs = vmlinux_o.unwrap_or(map);
        let mut layout = Self::default();
        for (output, section) in map
            .sections
            .iter()
            .enumerate()
            .filter(|(_, section)| section.is_allocated())
        {
            for contribution in &section.contributions {
                let within = inner
                    .as_mut()
                    .filter(|_| is_vmlinux_o(&contribution.object));
                match within.map(|inner| inner.section(contribution)) {
                    Some(Some(section)) => {
                        layout.add_section(contribution, section, inputs, output);
                    }
                    Some(None) => layout.add(Piece {
                        owner: Owner::Tool,
                        ..piece(contribution, output)
                    }),
                    None => layout.add_contribution(contribution, inputs, output),
                }
            }
        }
        layout.pieces.sort_by_key(|piece| piece.start);
        layout.empty.sort_by_key(|piece| piece.start);
        layout.drop_merged_away();
        layout.check_disjoint(path)?;
        Ok(layout)
    }

    /// Adds what vmlinux.o's own map says of a section of vmlinux.o, where `outer` says that it is.
    fn add_section(
        &mut self,
        outer: &Contribution<'m>,
        section: &OutputSection<'m>,
        inputs: &LinkMap<'m>,
        output: usize,
    ) {
        if outer.is_mergeable() || outer.size != section.size {
            let piece = Piece {
                owner: Owner::Constants,
                ..piece(outer, output)
            };
            let objects = section.contributions.iter().map(|part| part.object);
            self.contributors
                .entry(piece.merged_with())
                .or_default()
                .all
                .extend(objects);
            self.add(piece);
            return;
        }
        for part in &section.contributions {
            let address = outer.address.wrapping_add(part.address);
            self.add_contribution(&Contribution { address, ..*part }, inputs, output);
        }
    }

    /// Adds a contribution of an object to the image. `inputs` is the map with the most objects.
    fn add_contribution(
        &mut self,
        contribution: &Contribution<'m>,
        inputs: &LinkMap<'m>,
        output: usize,
    ) {
        let mut piece = piece(contribution, output);
        if contribution.is_mergeable() {
            piece.owner = Owner::Constants;
        } else if contribution.may_be_merged() {
            let object = Some(contribution.object).filter(|_| !contribution.is_made_by_linker());
            piece.owner = Owner::MaybeConstants(object);
        } else if contribution.is_made_by_linker() {
            piece.owner = Owner::Linker;
        }
        if contribution.is_mergeable() || contribution.may_be_merged() {
            let contributors = self.contributors.entry(piece.merged_with());
            let contributors = &mut contributors.or_default().all;
            match contribution.is_internal() {
                // LLD does not say whose constants it merged.
                true => contributors.extend(&inputs.objects),
                false => contributors.push(contribution.object),
            }
        }
        self.add(piece);
    }

    /// The objects whose constants are in `piece`, in link order.
    pub(crate) fn contributors(&self, piece: &Piece<'m>) -> &[ObjectName<'m>] {
        let Some(contributors) = self.contributors.get(&piece.merged_with()) else {
            return &[];
        };
        contributors.distinct.get_or_init(|| {
            let mut seen = FastSet::default();
            let all = contributors.all.iter().copied();
            all.filter(|object| seen.insert(*object)).collect()
        })
    }

    fn add(&mut self, piece: Piece<'m>) {
        match piece.start == piece.end {
            true => self.empty.push(piece),
            false => self.pieces.push(piece),
        }
    }

    /// Drops what is left in GNU ld's map of a section whose constants were all merged into one
    /// before it: it keeps its size, but what follows begins at its address.
    fn drop_merged_away(&mut self) {
        let mut next_start = u64::MAX;
        for piece in self.pieces.iter_mut().rev() {
            if piece.owner == Owner::Constants {
                piece.end = piece.end.min(next_start);
            }
            next_start = piece.start;
        }
        self.pieces.retain(|piece| piece.start < piece.end);
    }

    fn check_disjoint(&self, path: &Path) -> Result<()> {
        let mut pairs = self.pieces.iter().zip(self.pieces.iter().skip(1));
        match pairs.find(|(this, next)| next.start < this.end) {
            None => Ok(()),
            Some((this, next)) => Err(Error::in_file(
                path,
                format!("{this} and {next} overlap"),
                "The maps are not of one link. Remove vmlinux.o, vmlinux and their maps and build again.",
            )),
        }
    }

    /// For a walk over the image in rising order of address, from `first` on.
    pub(crate) fn places(&self, first: u64) -> Places<'_, 'm> {
        let below = |pieces: &[Piece<'_>]| pieces.partition_point(|piece| piece.start < first);
        Places {
            layout: self,
            next_piece: below(&self.pieces),
            next_empty: below(&self.empty),
        }
    }
}

/// What there is at an address.
pub(crate) struct Place<'a, 'm> {
    /// The piece that the address is in, but not at the start of.
    pub(crate) within: Option<&'a Piece<'m>>,
    /// The piece that ends at the address.
    pub(crate) ends: Option<&'a Piece<'m>>,
    /// The empty pieces at the address.
    pub(crate) empty: &'a [Piece<'m>],
    /// The piece that starts at the address.
    pub(crate) begins: Option<&'a Piece<'m>>,
}

/// See [`Layout::places`].
pub(crate) struct Places<'a, 'm> {
    layout: &'a Layout<'m>,
    /// Index of the first piece that starts above the last address.
    next_piece: usize,
    /// Index of the first empty piece at or above the last address.
    next_empty: usize,
}

impl<'a, 'm> Places<'a, 'm> {
    /// What there is at `address`, which is not below the one of the last call.
    pub(crate) fn at(&mut self, address: u64) -> Place<'a, 'm> {
        let pieces = &self.layout.pieces;
        while pieces
            .get(self.next_piece)
            .is_some_and(|piece| piece.start <= address)
        {
            self.next_piece += 1;
        }
        let empty = &self.layout.empty;
        while empty
            .get(self.next_empty)
            .is_some_and(|piece| piece.start < address)
        {
            self.next_empty += 1;
        }
        let empty = empty.get(self.next_empty..).unwrap_or_default();
        let here = empty
            .iter()
            .take_while(|piece| piece.start == address)
            .count();
        let nth_last = |n: usize| {
            self.next_piece
                .checked_sub(n)
                .and_then(|index| pieces.get(index))
        };
        let last = nth_last(1);
        let begins = last.filter(|piece| piece.start == address);
        let before = if begins.is_some() { nth_last(2) } else { last };
        Place {
            within: before.filter(|piece| address < piece.end),
            ends: before.filter(|piece| piece.end == address),
            empty: empty.get(..here).unwrap_or_default(),
            begins,
        }
    }
}

impl<'m> Piece<'m> {
    /// The object, if it is one's.
    pub(crate) fn object(&self) -> Option<ObjectName<'m>> {
        match self.owner {
            Owner::Object(object) => Some(object),
            Owner::MaybeConstants(object) => object,
            Owner::Constants | Owner::Linker | Owner::Tool => None,
        }
    }

    /// The object's path, or words in place of one, for messages and comments.
    pub(crate) fn object_path(&self) -> Cow<'m, [u8]> {
        let path = self.object().map(|object| object.path());
        path.unwrap_or(Cow::Borrowed(b"several objects"))
    }

    /// With what the linker merges the piece.
    fn merged_with(&self) -> Merged<'m> {
        (self.output, map::kind(self.section))
    }
}

impl std::fmt::Display for Piece<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (section, object) = (show(self.section), show(&self.object_path()));
        write!(
            f,
            "{section} of {object} at {:#x}..{:#x}",
            self.start, self.end
        )
    }
}

/// Whether `object` is the one that is made of all others.
pub(crate) fn is_vmlinux_o(object: &ObjectName<'_>) -> bool {
    object.is(b"vmlinux.o")
}

/// Whether `map` is of a link from vmlinux.o.
pub(crate) fn needs_vmlinux_o(map: &LinkMap<'_>) -> bool {
    map.objects.iter().any(is_vmlinux_o)
}

fn piece<'m>(contribution: &Contribution<'m>, output: usize) -> Piece<'m> {
    Piece {
        start: contribution.address,
        end: contribution.end(),
        section: contribution.section,
        owner: Owner::Object(contribution.object),
        output,
    }
}

/// The sections of vmlinux.o by name, each with how many of them the outer map has used.
struct Inner<'a, 'm> {
    sections: FastMap<&'m [u8], (usize, Vec<&'a OutputSection<'m>>)>,
}

impl<'a, 'm> Inner<'a, 'm> {
    fn new(map: &'a LinkMap<'m>) -> Self {
        let mut sections: FastMap<_, (usize, Vec<_>)> = FastMap::default();
        for section in &map.sections {
            sections.entry(section.name).or_default().1.push(section);
        }
        Self { sections }
    }

    /// The section of vmlinux.o that `outer` is: of several of one name, the next.
    fn section(&mut self, outer: &Contribution<'m>) -> Option<&'a OutputSection<'m>> {
        let (used, sections) = self.sections.get_mut(outer.section)?;
        let index = std::mem::replace(used, *used + 1);
        sections.get(index).copied()
    }
}
