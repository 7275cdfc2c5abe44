// SPDX-License-Identifier: GPL-2.0

//! All tables of the core symbols together.

use super::{
    addresses::{Place, Places},
    ranges::ModuleTables,
    sizes::SizeTables,
    symbols::SymbolNames,
    tokens::Tokens,
};

/// All tables of the core symbols.
#[derive(Clone, Copy)]
pub struct Tables<'t, 'a, P, O> {
    pub names: &'t SymbolNames<'a>,
    pub tokens: &'t Tokens<'a>,
    pub places: &'t P,
    pub modules: &'t ModuleTables<'a>,
    /// `None` if sizes are not known.
    pub sizes: Option<&'t SizeTables<'a>>,
    /// See [`Objects`](super::braces::Objects).
    pub objects: O,
}

impl<P: Places, O> Tables<'_, '_, P, O> {
    /// The number of bytes from `place`, the place of symbol number `index`, to the next symbol at
    /// a higher address. No such symbol follows the last symbols of the image or of the per-cpu
    /// area. For these symbols, returns 0 if sizes are known, or else the number of bytes to the
    /// end of the section.
    pub(super) fn gap(&self, place: Place, index: u32) -> usize {
        let gap = self.places.gap(place, index);
        gap.unwrap_or_else(|| match self.sizes {
            Some(_) => 0,
            None => self.places.to_section_end(place),
        })
    }
}
