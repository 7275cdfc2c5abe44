// SPDX-License-Identifier: GPL-2.0

//! The rows of a table: origins grouped by module, object file or directory.

use std::collections::{BTreeMap, BTreeSet};

use crate::sizes::class::ClassBytes;
use crate::sizes::contents::{ImageContents, Origin, OriginNumber};
use crate::sizes::request::By;

/// The names of rows that are no object file, directory or module. No path begins with a bracket.
pub(crate) const MERGED: &str = "(merged)";
pub(crate) const PADDING: &str = "(padding)";
pub(crate) const NO_SYMBOL: &str = "(no symbol)";
pub(crate) const NO_MODULE: &str = "(no module)";

/// The name of a row, which no other row has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// One module, or several in alphabetical order.
    Modules(Vec<String>),
    /// An object file, a directory, or a name in round brackets.
    Path(String),
}

/// A row of the table.
pub(crate) struct Row {
    pub(crate) key: Key,
    /// All modules of the bytes in the row, in alphabetical order.
    pub(crate) modules: BTreeSet<String>,
    pub(crate) bytes: ClassBytes,
}

impl Key {
    /// The key of the row that counts the bytes of `origin`.
    pub(crate) fn of(origin: &Origin, by: By) -> Self {
        let path = match (origin, by) {
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
        Self::Path(path)
    }

    /// The object file, the directory or the name in round brackets; `None` for a row of modules.
    pub(crate) fn path(&self) -> Option<&str> {
        match self {
            Self::Modules(_) => None,
            Self::Path(path) => Some(path),
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

/// The label of the row `key`. `modules` are all modules of the bytes in the row.
pub(crate) fn label(key: &Key, modules: &BTreeSet<String>, by: By) -> String {
    match key {
        Key::Modules(modules) => modules.join(" "),
        Key::Path(path) if by == By::Object => {
            let brackets = modules.iter().map(|module| format!(" [{module}]"));
            path.clone() + &brackets.collect::<String>()
        }
        Key::Path(path) => path.clone(),
    }
}

/// The directory of an object file, from the top of the build.
fn directory(object: &str) -> String {
    match object.rsplit_once('/') {
        Some((directory, _)) => format!("{directory}/"),
        None => "./".into(),
    }
}

/// For each origin, the key of the row that counts it. Indexed by [`OriginNumber`].
pub(crate) fn keys(contents: &ImageContents, by: By) -> Vec<Key> {
    let numbers = (0..contents.origins.len()).map(OriginNumber);
    numbers
        .map(|number| Key::of(contents.origins.get(number), by))
        .collect()
}

/// The rows of `contents`, the largest first.
pub(crate) fn rows(contents: &ImageContents, by: By) -> Vec<Row> {
    let keys = keys(contents, by);
    let mut rows = BTreeMap::<&Key, Row>::new();
    for byte_count in &contents.byte_counts {
        let Some(key) = keys.get(byte_count.origin.0) else {
            continue;
        };
        let row = rows.entry(key).or_insert_with(|| Row {
            key: key.clone(),
            modules: BTreeSet::new(),
            bytes: ClassBytes::default(),
        });
        let modules = contents.origins.get(byte_count.origin).modules().iter();
        for module in modules {
            if !row.modules.contains(module) {
                row.modules.insert(module.clone());
            }
        }
        row.bytes.add(byte_count.class, byte_count.bytes);
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    // The sort is stable: rows of equal size stay in the order of their keys.
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
