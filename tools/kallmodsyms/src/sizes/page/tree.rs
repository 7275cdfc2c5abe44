// SPDX-License-Identifier: GPL-2.0

//! The tree of a page: symbols in object files, and object files in directories and modules. A module is in a
//! directory and can contain directories: in `fs/a/[a]x/one.o`, the module `[a]` is in the directory `fs/a/` and
//! contains the directory `x/`.
//!
//! The modules of an object file are a set, such as `[a]` or `[a] [b]`. A set of modules stands in the deepest
//! directory that has all object files of exactly this set, so each set is one group. If an object file has
//! bytes in no symbol, they are one leaf for each class, such as text and data. So the leaves add up to the image.

use std::collections::{BTreeMap, HashMap};

use crate::sizes::class::Class;
use crate::sizes::contents::{ImageContents, Origin, OriginNumber};
use crate::sizes::diff::{lasting_name, Bytes};
use crate::sizes::rows::{MERGED, NO_MODULE, NO_SYMBOL, PADDING};

/// The kind of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Directory,
    Module,
    Object,
    /// Bytes in no single object file, or whose object file is not known: a name in round brackets.
    Other,
}

/// A step of a path: the level and the name of a group, such as `fs/`, `[ext4]` or `super.o`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step(Level, String);

/// The groups around a leaf, from the top.
type Path = Vec<Step>;

/// A directory, a module, an object file or a group of [`Level::Other`]. The first group is the whole kernel.
pub(crate) struct Group {
    /// The number of the group around this group, which is lower than the number of this group. 0 in the
    /// first group, which has no group around it.
    pub(crate) parent: usize,
    pub(crate) level: Level,
    pub(crate) name: String,
    pub(crate) leaves: Vec<Leaf>,
}

/// A symbol, or the bytes of a group that no symbol has.
pub(crate) struct Leaf {
    pub(crate) name: String,
    /// `None` in a tree of differences, which counts the bytes of all classes together.
    pub(crate) class: Option<Class>,
    /// In the tree of one kernel, `new` has the bytes of that kernel.
    pub(crate) bytes: Bytes,
}

/// The tree of a page.
pub(crate) struct Tree {
    /// Each group except the first comes later in this list than its parent.
    pub(crate) groups: Vec<Group>,
    pub(crate) is_difference: bool,
}

impl Tree {
    /// The tree of a kernel.
    pub(crate) fn of(contents: &ImageContents) -> Self {
        let homes = Homes::of([contents]);
        let mut by_path = BTreeMap::<Path, Vec<Leaf>>::new();
        each_leaf(contents, &homes, |path, name, class, bytes| {
            let leaf = Leaf {
                name: name.to_owned(),
                class: Some(class),
                bytes: Bytes {
                    old: None,
                    new: Some(bytes),
                },
            };
            by_path.entry(path.clone()).or_default().push(leaf);
        });
        Self::from_leaves(by_path, false)
    }

    /// The tree of the differences of two kernels. Symbols with the same name in one object file are counted
    /// together. Numbers that the compiler puts into names are ignored.
    pub(crate) fn of_difference(old: &ImageContents, new: &ImageContents) -> Self {
        let homes = Homes::of([old, new]);
        let mut by_path = BTreeMap::<Path, BTreeMap<String, Bytes>>::new();
        let mut count = |contents, side: fn(&mut Bytes) -> &mut Option<u64>| {
            each_leaf(contents, &homes, |path, name, _, bytes| {
                let leaves = by_path.entry(path.clone()).or_default();
                let leaf = leaves.entry(lasting_name(name)).or_default();
                *side(leaf).get_or_insert(0) += bytes;
            });
        };
        count(old, |bytes| &mut bytes.old);
        count(new, |bytes| &mut bytes.new);
        let leaf = |(name, bytes)| Leaf {
            name,
            class: None,
            bytes,
        };
        let by_path = by_path.into_iter();
        let by_path = by_path.map(|(path, leaves)| (path, leaves.into_iter().map(leaf).collect()));
        Self::from_leaves(by_path, true)
    }

    /// Makes the tree of `by_path`, which is sorted by path.
    fn from_leaves(
        by_path: impl IntoIterator<Item = (Path, Vec<Leaf>)>,
        is_difference: bool,
    ) -> Self {
        let mut groups = vec![Group {
            parent: 0,
            level: Level::Directory,
            name: String::new(),
            leaves: Vec::new(),
        }];
        // The path of the last leaves, with the number of each group.
        let mut around = Vec::<(Step, usize)>::new();
        for (path, mut leaves) in by_path {
            let known = around.iter().zip(&path);
            let known = known.take_while(|((step, _), other)| step == *other);
            around.truncate(known.count());
            for step in path.iter().skip(around.len()) {
                let parent = around.last().map_or(0, |(_, number)| *number);
                around.push((step.clone(), groups.len()));
                groups.push(Group {
                    parent,
                    level: step.0,
                    name: step.1.clone(),
                    leaves: Vec::new(),
                });
            }
            // Sorted names share long beginnings, which `columns` leaves out.
            leaves.sort_by(|one, other| one.name.cmp(&other.name));
            if let Some(group) = groups.last_mut() {
                group.leaves = leaves;
            }
        }
        Self {
            groups,
            is_difference,
        }
    }
}

/// Calls `with` for each leaf, with the path, the name, the class and the bytes of the leaf.
///
/// A symbol can extend over other object files, for example if sizes are distances to the next symbol. Symbols
/// can thus add up to more bytes than their object file has of their class. A symbol then gets only the
/// remaining bytes, so the leaves still add up to the image.
fn each_leaf(
    contents: &ImageContents,
    homes: &Homes<'_>,
    mut with: impl FnMut(&Path, &str, Class, u64),
) {
    let numbers = (0..contents.origins.len()).map(OriginNumber);
    let origins = numbers.map(|number| contents.origins.get(number));
    let paths: Vec<Path> = origins.map(|origin| homes.path(origin)).collect();
    let mut remaining = BTreeMap::<(usize, Class), u64>::new();
    for byte_count in &contents.byte_counts {
        *remaining
            .entry((byte_count.origin.0, byte_count.class))
            .or_default() += byte_count.bytes;
    }
    for symbol in &contents.symbols {
        let Some(remaining) = remaining.get_mut(&(symbol.origin.0, symbol.class)) else {
            continue;
        };
        let bytes = symbol.bytes.min(*remaining);
        *remaining -= bytes;
        if let Some(path) = paths.get(symbol.origin.0).filter(|_| bytes > 0) {
            with(path, &symbol.name, symbol.class, bytes);
        }
    }
    for ((origin, class), bytes) in remaining {
        if let Some(path) = paths.get(origin).filter(|_| bytes > 0) {
            with(path, NO_SYMBOL, class, bytes);
        }
    }
}

/// For each set of modules that an object file is in, the deepest directory that has all object files of
/// exactly this set.
struct Homes<'c>(HashMap<&'c [String], Vec<&'c str>>);

impl<'c> Homes<'c> {
    fn of(kernels: impl IntoIterator<Item = &'c ImageContents>) -> Self {
        let mut homes = HashMap::<&[String], Vec<&str>>::new();
        for contents in kernels {
            for origin in (0..contents.origins.len()).map(OriginNumber) {
                let Origin::Object { path, modules } = contents.origins.get(origin) else {
                    continue;
                };
                let directories = split(path).0;
                let home = homes.entry(modules).or_insert_with(|| directories.clone());
                let common = home.iter().zip(&directories);
                let common = common.take_while(|(one, other)| one == other).count();
                home.truncate(common);
            }
        }
        Self(homes)
    }

    /// The groups around the leaves of an origin.
    fn path(&self, origin: &Origin) -> Path {
        let path_of_other = |name: &str| vec![Step(Level::Other, name.to_owned())];
        let (path, modules) = match origin {
            Origin::Object { path, modules } => (path, modules),
            Origin::Symbol { modules } if modules.is_empty() => {
                return path_of_other(NO_MODULE);
            }
            Origin::Symbol { modules } => return vec![module(modules)],
            Origin::Merged => return path_of_other(MERGED),
            Origin::Padding => return path_of_other(PADDING),
            Origin::NoSymbol => return path_of_other(NO_SYMBOL),
        };
        let (directories, object) = split(path);
        let directories = directories.iter();
        let mut steps: Path = directories
            .map(|name| Step(Level::Directory, format!("{name}/")))
            .collect();
        if !modules.is_empty() {
            let home = self.0.get(modules.as_slice()).map_or(0, Vec::len);
            steps.insert(home.min(steps.len()), module(modules));
        }
        steps.push(Step(Level::Object, object.to_owned()));
        steps
    }
}

/// The group of a module, or of modules that share object files: `[ext4]` or `[a] [b]`.
fn module(modules: &[String]) -> Step {
    let names: Vec<String> = modules.iter().map(|name| format!("[{name}]")).collect();
    Step(Level::Module, names.join(" "))
}

/// The directories in the path of an object file, and the file name.
fn split(path: &str) -> (Vec<&str>, &str) {
    let (directories, object) = path.rsplit_once('/').unwrap_or(("", path));
    let directories = directories.split('/');
    let directories = directories.filter(|name| !name.is_empty() && *name != ".");
    (directories.collect(), object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizes::contents::{ByteCount, Origins, SymbolBytes};

    fn object(path: &str, modules: &[&str]) -> Origin {
        Origin::Object {
            path: path.into(),
            modules: modules.iter().map(|&module| module.into()).collect(),
        }
    }

    /// A kernel with 10 bytes of text in each origin.
    fn contents(all: Vec<Origin>) -> ImageContents {
        let mut origins = Origins::default();
        let numbers = all.into_iter().map(|origin| origins.number(origin));
        let byte_counts = numbers.map(|origin| ByteCount {
            origin,
            class: Class::Text,
            bytes: 10,
        });
        ImageContents {
            byte_counts: byte_counts.collect(),
            origins,
            symbols: Vec::new(),
        }
    }

    fn add(contents: &mut ImageContents, origin: usize, class: Class, name: &str, bytes: u64) {
        contents.symbols.push(SymbolBytes {
            origin: OriginNumber(origin),
            class,
            name: name.into(),
            bytes,
        });
    }

    /// Each group with the groups around it, as `fs/[ext4]super.o`.
    fn paths(tree: &Tree) -> Vec<String> {
        let mut paths = Vec::<String>::new();
        for group in &tree.groups {
            let around = paths.get(group.parent).cloned().unwrap_or_default();
            paths.push(around + &group.name);
        }
        paths
    }

    #[test]
    fn a_module_is_one_group_in_the_directory_of_all_its_objects() {
        let tree = Tree::of(&contents(vec![
            object("fs/a/x/one.o", &["a"]),
            object("fs/a/y/two.o", &["a"]),
            object("fs/a/y/both.o", &["a", "b"]),
            object("fs/exec.o", &[]),
            Origin::Padding,
        ]));
        let expected = [
            "",
            "fs/",
            "fs/a/",
            "fs/a/y/",
            "fs/a/y/[a] [b]",
            "fs/a/y/[a] [b]both.o",
            "fs/a/[a]",
            "fs/a/[a]x/",
            "fs/a/[a]x/one.o",
            "fs/a/[a]y/",
            "fs/a/[a]y/two.o",
            "fs/exec.o",
            "(padding)",
        ];
        assert_eq!(paths(&tree), expected);
    }

    #[test]
    fn leaves_add_up_to_the_byte_counts() {
        let mut contents = contents(vec![object("a.o", &[])]);
        add(&mut contents, 0, Class::Text, "b", 4);
        add(&mut contents, 0, Class::Text, "a", 3);
        let leaves = |contents: &ImageContents| {
            let tree = Tree::of(contents);
            let leaves = tree.groups.last().unwrap().leaves.iter();
            leaves
                .map(|leaf| (leaf.name.clone(), leaf.bytes.new.unwrap()))
                .collect::<Vec<_>>()
        };
        let named = |name: &str, bytes| (name.to_owned(), bytes);
        let expected = [named(NO_SYMBOL, 3), named("a", 3), named("b", 4)];
        assert_eq!(leaves(&contents), expected);
        add(&mut contents, 0, Class::Text, "large", 9);
        let expected = [named("a", 3), named("b", 4), named("large", 3)];
        assert_eq!(leaves(&contents), expected);
    }

    #[test]
    fn a_difference_pairs_symbols_by_their_lasting_names() {
        let mut old = contents(vec![object("a.o", &[])]);
        let mut new = contents(vec![object("a.o", &[]), object("b.o", &[])]);
        add(&mut old, 0, Class::Text, "key.7", 2);
        add(&mut old, 0, Class::Text, "gone", 8);
        add(&mut new, 0, Class::Text, "key.12", 10);
        let tree = Tree::of_difference(&old, &new);
        let leaves = tree.groups.iter().flat_map(|group| &group.leaves);
        let leaves = leaves.map(|leaf| (leaf.name.as_str(), leaf.bytes.old, leaf.bytes.new));
        assert_eq!(
            leaves.collect::<Vec<_>>(),
            [
                ("gone", Some(8), None),
                ("key", Some(2), Some(10)),
                (NO_SYMBOL, None, Some(10)),
            ]
        );
    }
}
