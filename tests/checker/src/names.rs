// SPDX-License-Identifier: GPL-2.0

//! Stores each name once, and numbers the names. Half a million names need little memory, and numbers compare
//! fast.

use std::collections::HashMap;
use std::rc::Rc;

/// The number of a name in [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(u32);

/// All names, each stored once.
#[derive(Default)]
pub struct Names {
    numbers: HashMap<Rc<[u8]>, Name>,
    texts: Vec<Rc<[u8]>>,
}

impl Names {
    /// The number of `text`. Adds `text` if it is new.
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

    /// The number of `text`; `None` if `text` was not added.
    pub fn find(&self, text: &[u8]) -> Option<Name> {
        self.numbers.get(text).copied()
    }

    /// The text of `name`. `name` must be from this table.
    pub fn text(&self, name: Name) -> &[u8] {
        &self.texts[name.0 as usize]
    }
}
