// SPDX-License-Identifier: GPL-2.0

//! The layout of vmlinux: which object each stretch of the image came from.
//!
//! If the kernel is linked from its objects, the map of the link names the object of each stretch. If
//! it is linked from vmlinux.o (as on x86_64 with IBT), that map has one object only. The map of
//! vmlinux.o is then laid over it: a section of vmlinux.o is, byte for byte, a stretch of the image.

use std::borrow::Cow;
use std::path::Path;

use crate::error::{show, Error, Result};
use crate::hash::{FastMap, FastSet};
use crate::map::{Contribution, LinkMap, ObjectName, OutputSection};
use crate::objects::{MergeKind, Merges, Objects};
use crate::vmlinux_o::{self, Part, Parts};

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
    /// Whether its object tells if the linker merges the constants in it, and the map does not.
    may_be_merged: bool,
}

/// Whose a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner<'m> {
    /// An object's.
    Object(ObjectName<'m>),
    /// That of all objects of a pool which have the constants in it.
    Pool(PoolId),
    /// That of all objects which have the constants in it, if there are any; if not, nobody's. LLD has
    /// the constants that it merged in such pieces.
    Internal,
    /// Nobody's: the linker made it.
    Linker,
    /// Of vmlinux.o, but not in its map: objtool added it after the link, or COMMON symbols are there.
    Tool,
    /// The map does not tell.
    Unknown,
}

/// Objects whose equal constants the linker merges: their place in [`Layout::pool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PoolId(usize);

/// The whole image.
#[derive(Debug, Default)]
pub(crate) struct Layout<'m> {
    /// In rising order of address, without overlaps, none empty.
    pub(crate) pieces: Vec<Piece<'m>>,
    /// Empty input sections, in rising order of address: symbols without a size can be in them.
    empty: Vec<Piece<'m>>,
    pools: Pools<'m>,
}

/// Who has constants that the linker merges with each other.
#[derive(Debug, Default)]
struct Pools<'m> {
    /// Those of one kind in one output section.
    by_kind: FastMap<(usize, MergeKind), PoolId>,
    /// Each object once.
    objects: Vec<Vec<ObjectName<'m>>>,
    members: FastSet<(usize, ObjectName<'m>)>,
}

impl<'m> Pools<'m> {
    /// The pool of the constants of `kind` in an output section, with `object` in it.
    fn with(&mut self, output: usize, kind: MergeKind, object: ObjectName<'m>) -> PoolId {
        let next = PoolId(self.objects.len());
        let pool = *self.by_kind.entry((output, kind)).or_insert(next);
        if pool == next {
            self.objects.push(Vec::new());
        }
        if self.members.insert((pool.0, object)) {
            if let Some(objects) = self.objects.get_mut(pool.0) {
                objects.push(object);
            }
        }
        pool
    }
}

/// Where the contributions of a section of a map are in the image.
#[derive(Clone, Copy)]
struct Frame {
    output: usize,
    /// What their addresses count from.
    base: u64,
    /// See [`Piece::may_be_merged`].
    may_be_merged: bool,
}

impl<'m> Layout<'m> {
    /// Lays out the image of `map`, with the map of vmlinux.o where it is needed. What depends on the
    /// objects is left to [`settle`](Self::settle).
    pub(crate) fn new(map: &LinkMap<'m>, vmlinux_o: Option<&LinkMap<'m>>) -> Result<Self> {
        let inner = vmlinux_o.map(|inner| Parts::new(inner, map.hides_merging));
        let mut inner = inner.transpose()?;
        let mut layout = Self::default();
        let sections = map.sections.iter().enumerate();
        for (output, section) in sections.filter(|(_, section)| section.is_allocated()) {
            let frame = Frame {
                output,
                base: 0,
                may_be_merged: map.hides_merging,
            };
            layout.add_unknown(section, frame);
            for contribution in &section.contributions {
                let inner = inner.as_mut();
                match inner.filter(|_| vmlinux_o::is_it(&contribution.object)) {
                    Some(inner) => layout.add_part(contribution, inner.part(contribution), frame),
                    None => layout.add(frame.piece(contribution)),
                }
            }
        }
        layout.pieces.sort_by_key(|piece| piece.start);
        layout.empty.sort_by_key(|piece| piece.start);
        Ok(layout)
    }

    /// Adds what vmlinux.o's own map says of `part` of vmlinux.o, where `outer` says that it is.
    fn add_part(&mut self, outer: &Contribution<'m>, part: Option<Part<'_, 'm>>, frame: Frame) {
        let whole = |owner| Piece {
            owner,
            may_be_merged: false,
            ..frame.piece(outer)
        };
        let Some(Part { section, kind }) = part else {
            return self.add(whole(Owner::Tool));
        };
        if let Some(kind) = kind {
            let mut owner = Owner::Internal;
            for contribution in &section.contributions {
                if !contribution.is_made_by_linker() {
                    let object = contribution.object;
                    owner = Owner::Pool(self.pools.with(frame.output, kind, object));
                }
            }
            return self.add(whole(owner));
        }
        if outer.size != section.size {
            return self.add(whole(Owner::Unknown));
        }
        let frame = Frame {
            base: outer.address,
            may_be_merged: false,
            ..frame
        };
        self.add_unknown(section, frame);
        for contribution in &section.contributions {
            self.add(frame.piece(contribution));
        }
    }

    /// Adds what is between those neighbours in `section` between which the map has lines of an unknown
    /// form.
    fn add_unknown(&mut self, section: &OutputSection<'m>, frame: Frame) {
        let first = section.address;
        let mut places = section.unknown.clone();
        places.dedup();
        for place in places {
            let before = place
                .checked_sub(1)
                .and_then(|before| section.contributions.get(before));
            let start = before.map_or(first, Contribution::end);
            let behind = section.contributions.get(place);
            let end = first.saturating_add(section.size);
            let end = behind.map_or(end, |behind| behind.address);
            if start < end {
                self.pieces.push(Piece {
                    start: frame.base.wrapping_add(start),
                    end: frame.base.wrapping_add(end),
                    section: section.name,
                    owner: Owner::Unknown,
                    output: frame.output,
                    may_be_merged: false,
                });
            }
        }
    }

    fn add(&mut self, piece: Piece<'m>) {
        match piece.start == piece.end {
            true => self.empty.push(piece),
            false => self.pieces.push(piece),
        }
    }

    /// Takes what `objects` say: the pieces in which the linker merged constants become those of a pool.
    /// `path` is that of the map, for messages.
    pub(crate) fn settle(&mut self, objects: &Objects<'m>, path: &Path) -> Result<()> {
        let pieces = self.pieces.iter_mut().chain(&mut self.empty);
        let mut merged = Vec::new();
        for piece in pieces.filter(|piece| piece.may_be_merged) {
            let Some(object) = piece.object() else {
                continue;
            };
            match objects.merge_kind(&object, piece.section) {
                Merges::Kind(kind) => merged.push((piece, kind, object)),
                Merges::Nothing => {}
                Merges::NotKnown => piece.owner = Owner::Unknown,
            }
        }
        merged.sort_by_key(|(piece, ..)| piece.start);
        for (piece, kind, object) in merged {
            piece.owner = Owner::Pool(self.pools.with(piece.output, kind, object));
        }
        self.drop_merged_away();
        self.check_disjoint(path)
    }

    /// Drops what is left in GNU ld's map of a section whose constants were all merged into others: it
    /// has the size that it had, or none, but what follows begins at its address or behind some padding.
    fn drop_merged_away(&mut self) {
        let may_be_pool =
            |piece: &Piece<'_>| matches!(piece.owner, Owner::Pool(_) | Owner::Unknown);
        let mut next_start = u64::MAX;
        for piece in self.pieces.iter_mut().rev() {
            if may_be_pool(piece) {
                piece.end = piece.end.min(next_start);
            }
            next_start = piece.start;
        }
        self.pieces.retain(|piece| piece.start < piece.end);
        self.empty.retain(|piece| !may_be_pool(piece));
    }

    /// The objects of a pool.
    pub(crate) fn pool(&self, PoolId(pool): PoolId) -> &[ObjectName<'m>] {
        self.pools.objects.get(pool).map_or(&[], Vec::as_slice)
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
            _ => None,
        }
    }

    /// The object's path, or words in place of one, for messages and comments.
    pub(crate) fn object_path(&self) -> Cow<'m, [u8]> {
        let path = self.object().map(|object| object.path());
        path.unwrap_or(Cow::Borrowed(b"several objects"))
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

impl Frame {
    fn piece<'m>(&self, contribution: &Contribution<'m>) -> Piece<'m> {
        let owner = match contribution.is_made_by_linker() {
            _ if contribution.is_internal() => Owner::Internal,
            true => Owner::Linker,
            false => Owner::Object(contribution.object),
        };
        Piece {
            start: self.base.wrapping_add(contribution.address),
            end: self.base.wrapping_add(contribution.end()),
            section: contribution.section,
            owner,
            output: self.output,
            may_be_merged: self.may_be_merged,
        }
    }
}
