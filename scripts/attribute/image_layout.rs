// SPDX-License-Identifier: GPL-2.0

//! The layout of the image: its pieces and their object files.
//!
//! If vmlinux is linked from its object files, the map of vmlinux names the object file of each piece. If
//! vmlinux is linked from vmlinux.o (on x86_64 with IBT, in 7.3 also with `KLP_BUILD`), the map of vmlinux
//! names vmlinux.o for most pieces. The map of vmlinux.o then divides each section of vmlinux.o: the link of
//! vmlinux copies a section byte for byte, unless it merges the constants in the section.

use std::path::Path;

use super::constant_pools::ConstantPools;
use super::object_modules::{Merging, ObjectModules};
use super::piece::{Origin, Piece, PoolId};
use super::vmlinux_o_sections::{VmlinuxOSection, VmlinuxOSections};
use crate::common::error::{Error, Result};
use crate::read::link_maps::LinkMaps;
use crate::read::map::{Contribution, LinkMap, ObjectName, OutputSection};
use crate::read::vmlinux_o;

/// The layout of the image.
#[derive(Debug, Default)]
pub(crate) struct ImageLayout<'m> {
    /// The pieces that have bytes, by rising address. No two of them overlap.
    pub(crate) pieces: Vec<Piece<'m>>,
    /// The pieces of empty input sections, by rising address. A symbol without a size can be in an empty
    /// input section.
    pub(super) empty: Vec<Piece<'m>>,
    pools: ConstantPools<'m>,
}

/// The place in the image of an output section of a map.
#[derive(Clone, Copy)]
struct Frame {
    /// Index of the image's output section.
    output: usize,
    /// The address that the addresses of contributions count from.
    base: u64,
    /// See [`Piece::may_be_merged`].
    may_be_merged: bool,
}

impl<'m> ImageLayout<'m> {
    /// Lays out the image that `maps` describe, before the merging of constants is settled.
    pub(super) fn of_maps(maps: &LinkMaps<'m>) -> Result<Self> {
        Self::new(&maps.vmlinux, maps.vmlinux_o.as_ref())
    }

    /// Lays out the image of `map`, with the map of vmlinux.o if vmlinux is linked from vmlinux.o. The
    /// merging of constants depends on the object files, so [`settle_merging`](Self::settle_merging) handles
    /// it later.
    pub(crate) fn new(map: &LinkMap<'m>, map_of_vmlinux_o: Option<&LinkMap<'m>>) -> Result<Self> {
        let sections = map_of_vmlinux_o
            .map(|of_vmlinux_o| VmlinuxOSections::read(of_vmlinux_o, map.hides_merging));
        let mut of_vmlinux_o = sections.transpose()?;
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
                let of_vmlinux_o = of_vmlinux_o.as_mut();
                match of_vmlinux_o.filter(|_| vmlinux_o::is_vmlinux_o(&contribution.object)) {
                    Some(sections) => {
                        layout.add_section(contribution, sections.next_for(contribution), frame);
                    }
                    None => layout.add(frame.piece(contribution)),
                }
            }
        }
        layout.pieces.sort_by_key(|piece| piece.start);
        layout.empty.sort_by_key(|piece| piece.start);
        Ok(layout)
    }

    /// Adds the pieces of the contribution `outer`, which is the section `section` of vmlinux.o. `section` is
    /// `None` if the map of vmlinux.o does not have it.
    fn add_section(
        &mut self,
        outer: &Contribution<'m>,
        section: Option<VmlinuxOSection<'_, 'm>>,
        frame: Frame,
    ) {
        let whole = |origin| Piece {
            origin,
            may_be_merged: false,
            ..frame.piece(outer)
        };
        let Some(VmlinuxOSection { section, kind }) = section else {
            return self.add(whole(Origin::OutsideMap));
        };
        if let Some(kind) = kind {
            let mut origin = Origin::LldInternal;
            for contribution in &section.contributions {
                if !contribution.is_made_by_linker() {
                    let object = contribution.object;
                    origin = Origin::Pool(self.pools.add(frame.output, kind, object));
                }
            }
            return self.add(whole(origin));
        }
        if outer.size != section.size {
            return self.add(whole(Origin::Unknown));
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

    /// Adds a piece of unknown origin for each line of an unknown form in `section`. The piece reaches from
    /// the contribution before the line to the contribution after the line.
    fn add_unknown(&mut self, section: &OutputSection<'m>, frame: Frame) {
        let section_start = section.address;
        let section_end = section_start.saturating_add(section.size);
        let mut places = section.unknown.clone();
        places.dedup();
        for place in places {
            let before = place
                .checked_sub(1)
                .and_then(|before| section.contributions.get(before));
            let after = section.contributions.get(place);
            let start = before.map_or(section_start, Contribution::end);
            let end = after.map_or(section_end, |after| after.address);
            if start < end {
                self.pieces.push(Piece {
                    start: frame.base.wrapping_add(start),
                    end: frame.base.wrapping_add(end),
                    section: section.name,
                    origin: Origin::Unknown,
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

    /// Decides the origin of each piece that may be merged. A piece whose constants the linker merged, by the
    /// flags in the object file, belongs to a pool. If the object file cannot be read, the origin is unknown.
    /// `path` is the path of the map, for messages.
    pub(crate) fn settle_merging(
        &mut self,
        objects: &ObjectModules<'m>,
        path: &Path,
    ) -> Result<()> {
        let pieces = self.pieces.iter_mut().chain(&mut self.empty);
        let mut merged = Vec::new();
        for piece in pieces.filter(|piece| piece.may_be_merged) {
            let Some(object) = piece.object() else {
                continue;
            };
            match objects.merging(&object, piece.section) {
                Merging::Kind(kind) => merged.push((piece, kind, object)),
                Merging::None => {}
                Merging::NotKnown => piece.origin = Origin::Unknown,
            }
        }
        merged.sort_by_key(|(piece, ..)| piece.start);
        for (piece, kind, object) in merged {
            piece.origin = Origin::Pool(self.pools.add(piece.output, kind, object));
        }
        self.drop_merged_away();
        self.check_disjoint(path)
    }

    /// Drops the pieces whose constants were all merged into other pieces. GNU ld's map shows such a piece
    /// with size 0, or with its size before the merging. The next piece then begins at the same address, or
    /// after some padding. So this function ends a piece of a pool or of unknown origin where the next piece
    /// begins, and drops it if nothing is left.
    fn drop_merged_away(&mut self) {
        let may_be_pool =
            |piece: &Piece<'_>| matches!(piece.origin, Origin::Pool(_) | Origin::Unknown);
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

    /// The object files of a pool.
    pub(super) fn pool(&self, pool: PoolId) -> &[ObjectName<'m>] {
        self.pools.objects(pool)
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
}

impl Frame {
    fn piece<'m>(&self, contribution: &Contribution<'m>) -> Piece<'m> {
        let origin = match contribution.is_made_by_linker() {
            _ if contribution.is_internal() => Origin::LldInternal,
            true => Origin::Linker,
            false => Origin::Object(contribution.object),
        };
        Piece {
            start: self.base.wrapping_add(contribution.address),
            end: self.base.wrapping_add(contribution.end()),
            section: contribution.section,
            origin,
            output: self.output,
            may_be_merged: self.may_be_merged,
        }
    }
}
