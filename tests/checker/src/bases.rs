// SPDX-License-Identifier: GPL-2.0

//! Where the linker put the sections of the objects.
//!
//! The linker keeps each section of an object in one piece, unless it merges contents. So all
//! symbols of such a piece have moved by one distance, and a symbol whose definition is known tells
//! about the others.

use std::collections::HashMap;

use object::SectionIndex;

use crate::program::{Definition, ObjectId, Program};

/// The distance of each piece for which a symbol is known: its address in vmlinux.
pub struct Bases(HashMap<(ObjectId, SectionIndex), u64>);

impl Bases {
    /// Learns from definitions and their addresses in vmlinux; where they disagree, the most win.
    pub fn new(program: &Program, known: impl Iterator<Item = (Definition, u64)>) -> Self {
        let mut votes: HashMap<_, HashMap<u64, usize>> = HashMap::new();
        for (definition, address) in known {
            if let Some(piece) = program.piece(definition) {
                let base = address.wrapping_sub(program.symbol(definition).value);
                *votes.entry(piece).or_default().entry(base).or_default() += 1;
            }
        }
        let winner = |bases: HashMap<u64, usize>| {
            let most = bases.into_iter().max_by_key(|&(base, count)| (count, base));
            most.map(|(base, _)| base)
        };
        let bases = votes.into_iter();
        Self(
            bases
                .filter_map(|(piece, bases)| Some((piece, winner(bases)?)))
                .collect(),
        )
    }

    /// Whether `definition` can be at `address`; `None` if nothing is known about its piece.
    pub fn agree(&self, program: &Program, definition: Definition, address: u64) -> Option<bool> {
        let base = self.0.get(&program.piece(definition)?)?;
        Some(base.wrapping_add(program.symbol(definition).value) == address)
    }
}
