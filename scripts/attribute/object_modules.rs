// SPDX-License-Identifier: GPL-2.0

//! The built-in modules that each object file is part of.

use std::collections::HashMap;

use super::module_sets::{ModuleSets, SetId};
use crate::common::error::{show, Error, Result};
use crate::common::hash::{FastMap, FastSet};
use crate::format::object_paths::is_path_byte;
use crate::read::map::ObjectName;
use crate::read::merge_kind::{MergeKind, MergeableSection};
use crate::read::modules_builtin::{BuiltinModules, ModuleId};
use crate::read::object_files::ObjectFile;

/// The object files of the maps, and the modules of each.
#[derive(Debug)]
pub(crate) struct ObjectModules<'m> {
    pub(crate) sets: ModuleSets<'m>,
    by_name: FastMap<ObjectName<'m>, Object<'m>>,
    /// The object files in the order of the link; object files whose place in the link is not known come
    /// last.
    in_link_order: Vec<ObjectName<'m>>,
    /// The object files whose modules are not known, in the order of the link, each with the reason.
    unknown: Vec<(ObjectName<'m>, String)>,
    /// The object files that cannot be read by path, because an archive has their bytes.
    in_archives: FastSet<ObjectName<'m>>,
}

#[derive(Debug)]
struct Object<'m> {
    /// The modules by name, each name once; `None` if the modules are not known.
    set: Option<SetId>,
    /// The modules by module file. Two of them can have the same name.
    modules: &'m [ModuleId],
    /// The sections with constants that linkers merge; `None` if the object file cannot be read.
    mergeable: Option<&'m [MergeableSection]>,
    index: ObjectIndex,
    /// Index in the order of the link; `None` if the place in the link is not known.
    link_index: Option<usize>,
}

/// An object file: its index in [`ObjectModules::all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectIndex(pub(crate) u32);

/// The merging of constants in a section of an object file.
pub(super) enum Merging {
    /// The linker merges constants of this kind.
    Kind(MergeKind),
    None,
    /// The object file cannot be read.
    NotKnown,
}

impl<'m> ObjectModules<'m> {
    /// Decides the modules of each of `files`.
    pub(crate) fn new(builtin: &'m BuiltinModules, files: &'m [ObjectFile<'m>]) -> Self {
        let mut all = Self {
            sets: ModuleSets::new(builtin),
            by_name: FastMap::default(),
            in_link_order: Vec::with_capacity(files.len()),
            unknown: Vec::new(),
            in_archives: FastSet::default(),
        };
        for (file, index) in files.iter().zip(0..) {
            if !file.is_file {
                all.in_archives.insert(file.name);
            }
            let modules = modules_of(file).and_then(|modules| {
                let set = all.sets.intern(modules)?;
                Ok((set, modules))
            });
            let (set, modules) = match modules {
                Ok((set, modules)) => (Some(set), modules),
                Err(reason) => {
                    all.unknown.push((file.name, reason));
                    (None, &[][..])
                }
            };
            let object = Object {
                set,
                modules,
                mergeable: mergeable_of(file).ok(),
                index: ObjectIndex(index),
                link_index: file.link_index,
            };
            all.by_name.insert(file.name, object);
            all.in_link_order.push(file.name);
        }
        all
    }

    /// Return: true if `object` is a file of its own, as far as the maps tell.
    pub(super) fn is_file(&self, object: &ObjectName<'m>) -> bool {
        !self.in_archives.contains(object)
    }

    /// Return: true if all object files are files of their own, as far as the maps tell.
    pub(super) fn are_files(&self) -> bool {
        self.in_archives.is_empty()
    }

    /// The object file of an index.
    pub(crate) fn name(&self, ObjectIndex(index): ObjectIndex) -> Option<&ObjectName<'m>> {
        self.in_link_order.get(index as usize)
    }

    /// Return: true if the tables can store the path of `object`: a name, or a directory, a slash and a name,
    /// all of bytes that [`is_path_byte`] accepts.
    pub(super) fn has_path(&self, object: ObjectIndex) -> bool {
        let name = self.name(object);
        name.is_some_and(|name| {
            let path = name.path();
            let parts = path.rsplitn(2, |&byte| byte == b'/');
            path.iter().all(|&byte| is_path_byte(byte))
                && parts.into_iter().all(|part| !part.is_empty())
        })
    }

    /// All object files.
    pub(super) fn all(&self) -> &[ObjectName<'m>] {
        &self.in_link_order
    }

    /// The index of `object` in the order of the link; `None` if the place in the link is not known.
    pub(super) fn link_index(&self, object: &ObjectName<'m>) -> Option<usize> {
        self.by_name.get(object)?.link_index
    }

    /// The object files whose modules are not known, in the order of the link, and the reasons.
    pub(super) fn unknown(&self) -> &[(ObjectName<'m>, String)] {
        &self.unknown
    }

    /// The merging of constants in the section `section` of `object`.
    pub(super) fn merging(&self, object: &ObjectName<'m>, section: &[u8]) -> Merging {
        let object = self.by_name.get(object);
        let Some(mergeable) = object.and_then(|object| object.mergeable) else {
            return Merging::NotKnown;
        };
        let mut mergeable = mergeable.iter();
        match mergeable.find(|mergeable| mergeable.name == section) {
            Some(mergeable) => Merging::Kind(mergeable.kind),
            None => Merging::None,
        }
    }

    /// A lookup that remembers its last answer, because neighbouring pieces often have one object file.
    pub(crate) fn lookup(&self) -> ModuleLookup<'_, 'm> {
        ModuleLookup {
            objects: self,
            last: None,
        }
    }

    /// The object files of each module, in the order of the link.
    pub(crate) fn members(&self) -> HashMap<ModuleId, Vec<ObjectName<'m>>> {
        let mut members: HashMap<ModuleId, Vec<ObjectName<'m>>> = HashMap::new();
        for name in &self.in_link_order {
            let modules = self.by_name.get(name).map(|object| object.modules);
            for &module in modules.into_iter().flatten() {
                members.entry(module).or_default().push(*name);
            }
        }
        members
    }
}

/// The modules of an object file, or the reason why they are not known.
///
/// All object files of modules are members of kbuild's archives. So an object file outside of these archives
/// is in no module, unless its command names a module. The modules of an object file without known mergeable
/// sections are not known.
fn modules_of<'m>(file: &'m ObjectFile<'_>) -> std::result::Result<&'m [ModuleId], String> {
    mergeable_of(file)?;
    match &file.modules {
        Ok(modules) => Ok(modules),
        Err(_) if file.is_outside_archives => Ok(&[]),
        Err(reason) => Err(reason.clone()),
    }
}

/// The mergeable sections of an object file, or the reason why they are not known. An object file outside of
/// kbuild's archives that cannot be read, such as a member of the compiler's library, counts as an object
/// file without mergeable sections.
fn mergeable_of<'m>(
    file: &'m ObjectFile<'_>,
) -> std::result::Result<&'m [MergeableSection], String> {
    match &file.mergeable {
        Ok(sections) => Ok(sections),
        Err(_) if file.is_outside_archives => Ok(&[]),
        Err(reason) => Err(reason.clone()),
    }
}

/// A lookup of the modules of object files that remembers its last answer.
pub(crate) struct ModuleLookup<'a, 'm> {
    objects: &'a ObjectModules<'m>,
    last: Option<(ObjectName<'m>, (Option<SetId>, ObjectIndex))>,
}

impl<'m> ModuleLookup<'_, 'm> {
    /// The modules of `object`; `None` if they are not known.
    pub(crate) fn modules_of(&mut self, object: ObjectName<'m>) -> Result<Option<SetId>> {
        Ok(self.of(object)?.0)
    }

    /// The modules of `object`, which are `None` if they are not known, and the index of `object`.
    pub(super) fn of(&mut self, object: ObjectName<'m>) -> Result<(Option<SetId>, ObjectIndex)> {
        if let Some((_, known)) = self
            .last
            .filter(|(last, _)| last.is_same_place(&object) || *last == object)
        {
            return Ok(known);
        }
        let known = self.objects.by_name.get(&object);
        let known = known.ok_or_else(|| missing(&object))?;
        let known = (known.set, known.index);
        self.last = Some((object, known));
        Ok(known)
    }
}

/// The error for an object file without an entry. Every object file of the maps has an entry.
fn missing(object: &ObjectName<'_>) -> Error {
    let path = show(&object.path());
    Error::defect(format!("'{path}' was not read with the maps"))
}
