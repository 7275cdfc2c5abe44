// SPDX-License-Identifier: GPL-2.0

//! The data of a page: a JSON object with a column for each property of groups and of leaves.
//!
//! A kernel has up to 300,000 symbols, most of whose bytes would be names and quotes. Columns have no names
//! of fields, and a name has only what differs from the beginning of the name before it.

use std::borrow::Cow;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::sizes::class::Class;
use crate::sizes::page::tree::{Leaf, Level, Tree};

/// The letter for a name that shares nothing with the name before it. The letter after it means one
/// shared character, and so on. No letter is `<`.
const NOTHING_SHARED: u8 = b'?';

/// The last letter is `~`.
const MOST_SHARED: u8 = b'~' - NOTHING_SHARED;

/// All data.
#[derive(Serialize)]
struct Data<'t> {
    /// The files that the data are from: one, or the old and the new one.
    sources: &'t [Cow<'t, str>],
    classes: [&'static str; Class::ALL.len()],
    groups: Groups<'t>,
    leaves: Leaves<'t>,
}

/// Groups, each behind the group around it.
#[derive(Default, Serialize)]
struct Groups<'t> {
    /// The number of the group around it.
    parents: Vec<usize>,
    /// A letter for each.
    levels: String,
    names: Vec<&'t str>,
    /// The number of its leaves, which follow the leaves of the group before it.
    counts: Vec<usize>,
}

/// Leaves, group by group.
#[derive(Default, Serialize)]
struct Leaves<'t> {
    /// A letter for each: the number of characters at the beginning of the name before it.
    shared: String,
    /// The other characters.
    names: Vec<&'t str>,
    /// A digit for each, which counts `classes`. Empty in a difference.
    classes: String,
    /// Bytes. Empty in a difference.
    sizes: Vec<u64>,
    /// Bytes in both kernels; -1 where a kernel has no such symbol. Empty without a difference.
    old: Vec<i128>,
    new: Vec<i128>,
}

/// The data as text of JSON that has no `<`.
pub(crate) fn json(tree: &Tree, sources: &[Cow<'_, str>]) -> Result<String> {
    let mut groups = Groups::default();
    let mut leaves = Leaves::default();
    let mut before = "";
    for group in &tree.groups {
        groups.parents.push(group.parent);
        groups.levels.push(letter(group.level));
        groups.names.push(&group.name);
        groups.counts.push(group.leaves.len());
        for leaf in &group.leaves {
            leaves.push(leaf, before, tree.is_difference);
            before = &leaf.name;
        }
    }
    let data = Data {
        sources,
        classes: Class::ALL.map(Class::name),
        groups,
        leaves,
    };
    let json = serde_json::to_string(&data).map_err(|error| {
        Error::new(
            format!("the data of the page: {error}"),
            "Use --json in its place.",
        )
    })?;
    // Only strings can have it, and there it can be written in two ways.
    Ok(json.replace('<', "\\u003c"))
}

fn letter(level: Level) -> char {
    match level {
        Level::Directory => 'd',
        Level::Module => 'm',
        Level::Object => 'o',
        Level::Other => 'n',
    }
}

impl<'t> Leaves<'t> {
    /// Adds a leaf behind the leaf named `before`.
    fn push(&mut self, leaf: &'t Leaf, before: &str, is_difference: bool) {
        let pairs = leaf.name.bytes().zip(before.bytes());
        // Only characters of one byte, as a script counts characters.
        let shared = pairs.take_while(|(one, other)| one == other && one.is_ascii());
        let shared = shared.take(MOST_SHARED.into()).count();
        self.shared.push(char::from(NOTHING_SHARED + shared as u8));
        self.names.push(leaf.name.get(shared..).unwrap_or_default());
        if is_difference {
            let number = |bytes: Option<u64>| bytes.map_or(-1, i128::from);
            self.old.push(number(leaf.bytes.old));
            self.new.push(number(leaf.bytes.new));
        } else {
            let class = leaf.class.map_or(0, |class| class as u8);
            self.classes.push(char::from(b'0' + class));
            self.sizes.push(leaf.bytes.new.unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizes::diff::Bytes;

    fn columns(names: &[&str]) -> (String, Vec<String>) {
        let leaf = |name: &&str| Leaf {
            name: (*name).to_owned(),
            class: Some(Class::Btf),
            bytes: Bytes::default(),
        };
        let all: Vec<Leaf> = names.iter().map(leaf).collect();
        let mut leaves = Leaves::default();
        let before = [""].into_iter().chain(names.iter().copied());
        for (leaf, before) in all.iter().zip(before) {
            leaves.push(leaf, before, false);
        }
        assert!(leaves.classes.bytes().all(|digit| digit == b'9'));
        let names = leaves.names.into_iter().map(str::to_owned);
        (leaves.shared, names.collect())
    }

    #[test]
    fn names_have_what_differs_from_the_name_before() {
        let (shared, names) = columns(&["ext4_a", "ext4_ab", "ext4_ab", "f"]);
        assert_eq!(shared, "?EF?");
        assert_eq!(names, ["ext4_a", "b", "", "f"]);
    }

    #[test]
    fn characters_are_shared_only_where_each_is_one_byte() {
        let long = "x".repeat(100);
        let (shared, names) = columns(&["aé1", "aé2", &long, &long]);
        assert_eq!(shared, "?@?~");
        assert_eq!(names[1], "é2");
        assert_eq!(names[3].len(), 100 - 63);
    }
}
