// SPDX-License-Identifier: GPL-2.0

//! The pieces of the image at each address of a walk by rising address.

use super::image_layout::ImageLayout;
use super::piece::Piece;

/// The pieces at an address.
pub(crate) struct Place<'a, 'm> {
    /// The piece that contains the address and starts below it.
    pub(crate) within: Option<&'a Piece<'m>>,
    /// The piece that ends at the address.
    pub(crate) ends: Option<&'a Piece<'m>>,
    /// The empty pieces at the address.
    pub(crate) empty: &'a [Piece<'m>],
    /// The piece that starts at the address.
    pub(crate) begins: Option<&'a Piece<'m>>,
}

/// A walk over the image by rising address.
pub(crate) struct PlaceWalk<'a, 'm> {
    layout: &'a ImageLayout<'m>,
    /// Index of the first piece that starts above the address of the last call of [`at`](Self::at).
    next_piece: usize,
    /// Index of the first empty piece at or above the address of the last call of [`at`](Self::at).
    next_empty: usize,
}

impl<'a, 'm> PlaceWalk<'a, 'm> {
    /// A walk over `layout` from the address `first` on.
    pub(crate) fn new(layout: &'a ImageLayout<'m>, first: u64) -> Self {
        let below = |pieces: &[Piece<'_>]| pieces.partition_point(|piece| piece.start < first);
        Self {
            layout,
            next_piece: below(&layout.pieces),
            next_empty: below(&layout.empty),
        }
    }

    /// The pieces at `address`, which is not below the address of the last call.
    pub(crate) fn at(&mut self, address: u64) -> Place<'a, 'm> {
        let (pieces, empty) = (&self.layout.pieces, &self.layout.empty);
        let starts_by = |piece: &Piece<'_>| piece.start <= address;
        while pieces.get(self.next_piece).is_some_and(starts_by) {
            self.next_piece += 1;
        }
        let starts_before = |piece: &Piece<'_>| piece.start < address;
        while empty.get(self.next_empty).is_some_and(starts_before) {
            self.next_empty += 1;
        }
        let (_, empty) = empty.split_at(self.next_empty);
        let at_address = empty.iter().take_while(|piece| piece.start == address);
        let (empty, _) = empty.split_at(at_address.count());
        let nth_last = |n: usize| {
            let index = self.next_piece.checked_sub(n);
            index.and_then(|index| pieces.get(index))
        };
        let last = nth_last(1);
        let begins = last.filter(|piece| piece.start == address);
        let before = if begins.is_some() { nth_last(2) } else { last };
        Place {
            within: before.filter(|piece| address < piece.end),
            ends: before.filter(|piece| piece.end == address),
            empty,
            begins,
        }
    }
}
