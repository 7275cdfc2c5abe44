// SPDX-License-Identifier: GPL-2.0

//! Computes the address that each section of an object file has in vmlinux.
//!
//! The linker keeps a section of an object in one piece, unless it merges the contents. So all symbols
//! of the section move by one distance, and one symbol with a known definition shows that distance.
//!
//! A linker for RISC-V removes bytes from a section: it shortens calls, and removes padding. In
//! vmlinux for RISC-V, a symbol is between the nearest known symbols before and after it in its section. The
//! distance to each of these symbols is not larger than in the object.

use std::collections::{BTreeMap, HashMap};

use object::SectionIndex;

use crate::program::{Definition, ObjectId, Program};

type Piece = (ObjectId, SectionIndex);

/// The known addresses of pieces. A piece is a section of an object that the linker does not split.
pub enum Bases {
    /// The address of each piece in vmlinux.
    Whole(HashMap<Piece, u64>),
    /// For pieces that the linker shortens: the addresses in vmlinux, by offset in the piece.
    Shortened(HashMap<Piece, BTreeMap<u64, u64>>),
}

impl Bases {
    /// Computes the addresses from known definitions and their addresses in vmlinux. If the definitions of a
    /// piece disagree, the most frequent distance decides. In a shortened piece, the median distance decides.
    pub fn new(program: &Program, known: impl Iterator<Item = (Definition, u64)>) -> Self {
        let mut places: HashMap<Piece, Vec<(u64, u64)>> = HashMap::new();
        for (definition, address) in known {
            if let Some(piece) = program.piece(definition) {
                let place = (program.symbol(definition).value, address);
                places.entry(piece).or_default().push(place);
            }
        }
        let places = places.into_iter();
        match program.is_shortened {
            false => Self::Whole(
                places
                    .filter_map(|(piece, places)| Some((piece, winner(&places)?)))
                    .collect(),
            ),
            true => Self::Shortened(
                places
                    .map(|(piece, places)| (piece, near_each_other(places)))
                    .collect(),
            ),
        }
    }

    /// True if `definition` can be at `address`. `None` if it is in no piece, or no address of the piece is known.
    pub fn agree(&self, program: &Program, definition: Definition, address: u64) -> Option<bool> {
        let piece = program.piece(definition)?;
        let offset = program.symbol(definition).value;
        match self {
            Self::Whole(bases) => Some(bases.get(&piece)?.wrapping_add(offset) == address),
            Self::Shortened(places) => Some(is_between(places.get(&piece)?, offset, address)),
        }
    }
}

/// True if the byte at `offset` can be at `address`: no distance to the nearest known places before
/// and after it is larger than in the object.
fn is_between(places: &BTreeMap<u64, u64>, offset: u64, address: u64) -> bool {
    let is_in_order =
        |lower: (u64, u64), upper: (u64, u64)| upper.1.wrapping_sub(lower.1) <= upper.0 - lower.0;
    let here = (offset, address);
    let before = places.range(..=offset).next_back();
    let after = places.range(offset..).next();
    before.is_none_or(|(&offset, &at)| is_in_order((offset, at), here))
        && after.is_none_or(|(&offset, &at)| is_in_order(here, (offset, at)))
}

fn base(&(offset, address): &(u64, u64)) -> u64 {
    address.wrapping_sub(offset)
}

/// The most frequent distance by which `places` moved.
fn winner(places: &[(u64, u64)]) -> Option<u64> {
    let mut votes: HashMap<u64, usize> = HashMap::new();
    for place in places {
        *votes.entry(base(place)).or_default() += 1;
    }
    let most = votes.into_iter().max_by_key(|&(base, count)| (count, base));
    most.map(|(base, _)| base)
}

/// The places that can be in one piece. The reference is the place with the median distance.
fn near_each_other(mut places: Vec<(u64, u64)>) -> BTreeMap<u64, u64> {
    places.sort_unstable_by_key(base);
    let middle = places.get(places.len() / 2).map_or(0, base);
    let last = places.iter().map(|&(offset, _)| offset).max().unwrap_or(0);
    let is_near = |place: &(u64, u64)| {
        let apart = base(place).wrapping_sub(middle);
        apart.min(apart.wrapping_neg()) <= last
    };
    places.retain(is_near);
    places.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{is_between, near_each_other};

    #[test]
    fn a_far_place_is_left_out() {
        // Shorter calls moved two places, by 4 and by 8 bytes. The place at 0x9000 is far away.
        let places = vec![(0, 0x1000), (0x20, 0x101c), (0x40, 0x9000), (0x60, 0x1058)];
        let near = near_each_other(places);
        assert_eq!(near.keys().copied().collect::<Vec<_>>(), [0, 0x20, 0x60]);
    }

    #[test]
    fn a_shortened_piece_keeps_its_order() {
        let places = [(0x20, 0x101c), (0x60, 0x1058)].into();
        for (offset, address, can_be) in [
            (0x40, 0x103c, true),
            (0x40, 0x1038, true),
            // One byte too far from the symbol before; one byte too far from the symbol after.
            (0x40, 0x103d, false),
            (0x40, 0x1037, false),
            (0x20, 0x101c, true),
            (0x20, 0x101b, false),
            (0, 0x1000, true),
            (0, 0x0ffb, false),
            (0x80, 0x1058, true),
            (0x80, 0x1079, false),
        ] {
            assert_eq!(
                is_between(&places, offset, address),
                can_be,
                "{offset:x} {address:x}"
            );
        }
    }
}
