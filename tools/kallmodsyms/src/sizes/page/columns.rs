// SPDX-License-Identifier: GPL-2.0

//! The data of a page: a JSON object with an array, called a column, for each property of groups and of leaves.
//!
//! A kernel can have 300,000 symbols. If each symbol were an object, most bytes would be field names, symbol
//! names and quotes. Columns have no field names. A symbol name in a column leaves out the beginning that it
//! shares with the name before it.

use std::borrow::Cow;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::sizes::class::Class;
use crate::sizes::page::tree::{Leaf, Level, Tree};

/// The ASCII character for a name that shares no character with the name before it. The next character of
/// ASCII means one shared character, and so on up to `~`. `<` is not among these characters.
const NOTHING_SHARED: u8 = b'?';

/// The most characters that a name can share with the name before it.
const MOST_SHARED: u8 = b'~' - NOTHING_SHARED;

/// All data.
#[derive(Serialize)]
struct Data<'t> {
    /// The names of the kernels' files: of one, or of the old and the new one.
    sources: &'t [Cow<'t, str>],
    classes: [&'static str; Class::ALL.len()],
    groups: Groups<'t>,
    leaves: Leaves<'t>,
}

/// The columns of groups. The parent of each group except the first comes before the group.
#[derive(Default, Serialize)]
struct Groups<'t> {
    /// For each group, the number of its parent; 0 for the first group, which has no parent.
    parents: Vec<usize>,
    /// For each group, the letter of its level.
    levels: String,
    names: Vec<&'t str>,
    /// For each group, the number of its leaves. Its leaves follow those of the group before it.
    counts: Vec<usize>,
}

/// The columns of leaves, group by group.
#[derive(Default, Serialize)]
struct Leaves<'t> {
    /// For each leaf, a letter for the number of characters that its name shares with the name before it.
    shared: String,
    /// For each leaf, the characters of its name that follow the shared ones.
    names: Vec<&'t str>,
    /// For each leaf, a digit: the index of its class in [`Data::classes`]. Empty in a difference.
    classes: String,
    /// For each leaf, its bytes. Empty in a difference.
    sizes: Vec<u64>,
    /// For each leaf, its bytes in the old and in the new kernel; -1 if that kernel has no such symbol. Empty
    /// if the page shows one kernel.
    old: Vec<i128>,
    new: Vec<i128>,
}

/// The data as JSON text without any `<`.
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
    // Only strings can have a `<`, and a JSON string can also write it as an escape.
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
        // Share only characters of one byte: the page's script counts characters, not bytes.
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
