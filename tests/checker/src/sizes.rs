// SPDX-License-Identifier: GPL-2.0

//! Reads the sizes of the kernel's symbols from vmlinux's symbol table.

use std::collections::{HashMap, VecDeque};

use crate::elf::Entry;
use crate::names::Names;

/// The sizes of vmlinux's symbols, by address and name. The largest size of an address and name comes first.
pub struct Sizes(HashMap<(u64, Vec<u8>), VecDeque<u64>>);

impl Sizes {
    pub fn new(linked: &[Entry], names: &Names) -> Self {
        let symbols = linked.iter().filter_map(|entry| match entry {
            Entry::Symbol(symbol) => Some(symbol),
            Entry::File(_) => None,
        });
        symbols
            .map(|symbol| {
                let name = names.text(symbol.shape.name).to_vec();
                ((symbol.value, name), symbol.shape.size)
            })
            .collect()
    }

    /// Removes and returns the largest remaining size for `name` at `address`; 0 if no size remains.
    pub fn next(&mut self, address: u64, name: &[u8]) -> u64 {
        let sizes = self.0.get_mut(&(address, name.to_vec()));
        sizes.and_then(VecDeque::pop_front).unwrap_or(0)
    }
}

impl FromIterator<((u64, Vec<u8>), u64)> for Sizes {
    /// Collects the address, the name and the size of each symbol.
    fn from_iter<I: IntoIterator<Item = ((u64, Vec<u8>), u64)>>(symbols: I) -> Self {
        let mut sizes: HashMap<_, VecDeque<u64>> = HashMap::new();
        for (symbol, size) in symbols {
            sizes.entry(symbol).or_default().push_back(size);
        }
        for sizes in sizes.values_mut() {
            sizes.make_contiguous().sort_by_key(|&size| u64::MAX - size);
        }
        Self(sizes)
    }
}
