// SPDX-License-Identifier: GPL-2.0

//! The sizes of the kernel's symbols, from vmlinux's own symbol table.

use std::collections::{HashMap, VecDeque};

use crate::elf::Entry;
use crate::names::Names;

/// The sizes of vmlinux's symbols by address and name; of several of one name, the larger first.
pub struct Sizes(HashMap<(u64, Vec<u8>), VecDeque<u64>>);

impl Sizes {
    pub fn new(linked: &[Entry], names: &Names) -> Self {
        let mut sizes: HashMap<_, VecDeque<u64>> = HashMap::new();
        for entry in linked {
            if let Entry::Symbol(symbol) = entry {
                let name = names.text(symbol.shape.name).to_vec();
                let sizes = sizes.entry((symbol.value, name)).or_default();
                sizes.push_back(symbol.shape.size);
            }
        }
        for sizes in sizes.values_mut() {
            sizes.make_contiguous().sort_by_key(|&size| u64::MAX - size);
        }
        Self(sizes)
    }

    /// The size of the next symbol of this name at `address`; 0 if there is none.
    pub fn next(&mut self, address: u64, name: &[u8]) -> u64 {
        let sizes = self.0.get_mut(&(address, name.to_vec()));
        sizes.and_then(VecDeque::pop_front).unwrap_or(0)
    }
}
