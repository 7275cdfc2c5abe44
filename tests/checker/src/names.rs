// SPDX-License-Identifier: GPL-2.0

//! Names as numbers: half a million names in little memory, and quick to compare.

use std::collections::HashMap;
use std::rc::Rc;

/// A name in [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(u32);

/// Every name that was read, once.
#[derive(Default)]
pub struct Names {
    numbers: HashMap<Rc<[u8]>, Name>,
    texts: Vec<Rc<[u8]>>,
}

impl Names {
    /// The number of `text`, a new one if it is new.
    pub fn add(&mut self, text: &[u8]) -> Name {
        if let Some(&name) = self.numbers.get(text) {
            return name;
        }
        let name = Name(u32::try_from(self.texts.len()).expect("fewer than 2^32 names"));
        let text: Rc<[u8]> = text.into();
        self.numbers.insert(text.clone(), name);
        self.texts.push(text);
        name
    }

    /// The number of `text` if it was read before.
    pub fn find(&self, text: &[u8]) -> Option<Name> {
        self.numbers.get(text).copied()
    }

    /// The text of `name`, which came from this.
    pub fn text(&self, name: Name) -> &[u8] {
        &self.texts[name.0 as usize]
    }
}
