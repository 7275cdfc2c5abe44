// SPDX-License-Identifier: GPL-2.0

//! The rows of a table: origins grouped by module, object file or directory.

use std::collections::{BTreeMap, BTreeSet};

use crate::sizes::class::ClassBytes;
use crate::sizes::contents::{Contents, Origin, OriginNumber};
use crate::sizes::request::By;

/// The names of rows without an object file. No path begins with a bracket.
pub(crate) const MERGED: &str = "(merged)";
pub(crate) const PADDING: &str = "(padding)";
pub(crate) const NO_SYMBOL: &str = "(no symbol)";
pub(crate) const NO_MODULE: &str = "(no module)";

/// The part of a row that tells it from all other rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// Modules in alphabetical order.
    Modules(Vec<String>),
    /// An object file, a directory, or a name in round brackets.
    Place(String),
}

/// A row.
pub(crate) struct Row {
    pub(crate) key: Key,
    /// Each module that one of its bytes belongs to, in alphabetical order.
    pub(crate) modules: BTreeSet<String>,
    pub(crate) bytes: ClassBytes,
}

impl Key {
    /// The key of the row for an origin.
    pub(crate) fn of(origin: &Origin, by: By) -> Self {
        let place = match (origin, by) {
            (Origin::Object { modules, .. } | Origin::Symbol { modules }, By::Module)
                if !modules.is_empty() =>
            {
                return Self::Modules(modules.clone());
            }
            (Origin::Object { path, .. }, By::Object) => path.clone(),
            (Origin::Object { path, .. }, By::Module | By::Path) => directory(path),
            (Origin::Symbol { .. }, _) => NO_MODULE.into(),
            (Origin::Merged, _) => MERGED.into(),
            (Origin::Padding, _) => PADDING.into(),
            (Origin::NoSymbol, _) => NO_SYMBOL.into(),
        };
        Self::Place(place)
    }

    /// The object file or the directory.
    pub(crate) fn place(&self) -> Option<&str> {
        match self {
            Self::Modules(_) => None,
            Self::Place(place) => Some(place),
        }
    }
}

impl Row {
    /// The row as people read it: `ext4`, `fsl_dpaa2_eth fsl_dpaa2_switch`, `fs/` or
    /// `fs/ext4/super.o [ext4]`.
    pub(crate) fn label(&self, by: By) -> String {
        label(&self.key, &self.modules, by)
    }
}

/// The label of a row with these modules.
pub(crate) fn label(key: &Key, modules: &BTreeSet<String>, by: By) -> String {
    match key {
        Key::Modules(modules) => modules.join(" "),
        Key::Place(place) if by == By::Object => {
            let brackets = modules.iter().map(|module| format!(" [{module}]"));
            place.clone() + &brackets.collect::<String>()
        }
        Key::Place(place) => place.clone(),
    }
}

/// The directory of an object file, from the top of the build.
fn directory(object: &str) -> String {
    match object.rsplit_once('/') {
        Some((directory, _)) => format!("{directory}/"),
        None => "./".into(),
    }
}

/// For each origin, the key of its row. The index is the number of the origin.
pub(crate) fn keys(contents: &Contents, by: By) -> Vec<Key> {
    let numbers = (0..contents.origins.len()).map(OriginNumber);
    numbers
        .map(|number| Key::of(contents.origins.get(number), by))
        .collect()
}

/// The rows of `contents`, the largest first.
pub(crate) fn rows(contents: &Contents, by: By) -> Vec<Row> {
    let keys = keys(contents, by);
    let mut rows = BTreeMap::<&Key, Row>::new();
    for portion in &contents.portions {
        let Some(key) = keys.get(portion.origin.0) else {
            continue;
        };
        let row = rows.entry(key).or_insert_with(|| Row {
            key: key.clone(),
            modules: BTreeSet::new(),
            bytes: ClassBytes::default(),
        });
        let modules = contents.origins.get(portion.origin).modules().iter();
        for module in modules {
            if !row.modules.contains(module) {
                row.modules.insert(module.clone());
            }
        }
        row.bytes.add(portion.class, portion.bytes);
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    // Sorting is stable: rows of one size stay in the order of their keys.
    rows.sort_by_key(|row| std::cmp::Reverse(row.bytes.total()));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_by_module_object_and_path() {
        let object = |path: &str, modules: &[&str]| Origin::Object {
            path: path.into(),
            modules: modules.iter().map(|&module| module.into()).collect(),
        };
        for (origin, by, expected) in [
            (object("fs/a/b.o", &["a", "b"]), By::Module, "a b"),
            (object("fs/a/b.o", &["a"]), By::Object, "fs/a/b.o [a]"),
            (object("fs/a/b.o", &["a"]), By::Path, "fs/a/"),
            (object("fs/exec.o", &[]), By::Module, "fs/"),
            (object("kallsyms.o", &[]), By::Path, "./"),
            (Origin::Merged, By::Module, "(merged)"),
            (Origin::Padding, By::Object, "(padding)"),
            (
                Origin::Symbol { modules: vec![] },
                By::Module,
                "(no module)",
            ),
        ] {
            let key = Key::of(&origin, by);
            let modules = origin.modules().iter().cloned().collect();
            assert_eq!(label(&key, &modules, by), expected);
        }
    }
}
