// SPDX-License-Identifier: GPL-2.0

//! From objects to modules: which built-in modules an object file is part of.

use std::collections::HashMap;
use std::path::Path;

use crate::builtin::{BuiltinModules, ModuleId};
use crate::cmdfile::{self, ModuleFiles};
use crate::error::{show, Error, Result};
use crate::hash::{FastMap, FastSet};
use crate::jobs::Jobs;
use crate::layout;
use crate::map::ObjectName;
use crate::maps::Maps;

/// A set of modules that some object is part of: its place in [`Objects`]. Equal sets have equal
/// ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SetId(u32);

impl SetId {
    /// The empty set: in no module.
    pub(crate) const NONE: Self = Self(0);
}

/// What is known of the objects in the maps.
#[derive(Debug)]
pub(crate) struct Objects<'m> {
    builtin: &'m BuiltinModules,
    by_name: FastMap<ObjectName<'m>, SetId>,
    /// The objects in link order.
    order: Vec<ObjectName<'m>>,
    /// Each sorted by name. The first is empty.
    sets: Vec<Vec<ModuleId>>,
    by_set: HashMap<Vec<ModuleId>, SetId>,
}

/// An object and its modules, which are sorted by name.
type Known<'m> = (ObjectName<'m>, Vec<ModuleId>);

/// Jobs that read the modules of each object in `maps`, in link order.
pub(crate) fn jobs<'m>(
    maps: &Maps<'m>,
    builtin: &'m BuiltinModules,
) -> Jobs<ObjectName<'m>, impl Fn(&mut Vec<u8>, ObjectName<'m>) -> Result<Known<'m>>> {
    let mut seen = FastSet::default();
    let all = maps.objects().copied();
    let distinct = all.filter(|object| !layout::is_vmlinux_o(object) && seen.insert(*object));
    Jobs::new(
        distinct.collect(),
        |buffer: &mut Vec<u8>, object: ObjectName<'m>| {
            Ok((object, read(&object, builtin, buffer)?))
        },
    )
}

/// Reads the modules of `object` from its `.cmd` file by way of `buffer`. They are sorted by name.
fn read(
    object: &ObjectName<'_>,
    builtin: &BuiltinModules,
    buffer: &mut Vec<u8>,
) -> Result<Vec<ModuleId>> {
    if has_no_cmd_file(object) {
        return Ok(Vec::new());
    }
    let path = object.path();
    let path = path_of(&path)?;
    let files = module_files(path, has_no_module(object), buffer)?;
    // kbuild lists every module that the object is part of, also those that are not built in.
    let files = files
        .split(|&byte| byte == b' ')
        .filter(|file| !file.is_empty());
    let mut modules: Vec<_> = files.filter_map(|file| builtin.by_path(file)).collect();
    modules.sort_unstable_by_key(|&module| (builtin.name(module), module));
    modules.dedup();
    Ok(modules)
}

/// The module files of the object `path`, separated by spaces: those that its command names, or else
/// of all objects that it was made of, each of which must have some. An object that may be in no module
/// need have none.
fn module_files(path: &Path, none_is_right: bool, buffer: &mut Vec<u8>) -> Result<Vec<u8>> {
    let (mut files, mut named) = (Vec::new(), none_is_right);
    let mut objects = vec![path.to_path_buf()];
    // Each once, in the order in which they are found.
    let mut next = 0;
    while let Some(object) = objects.get(next).cloned() {
        next += 1;
        match cmdfile::read(&object, buffer)? {
            ModuleFiles::Named(more) => {
                named = true;
                files.extend(more);
                files.push(b' ');
            }
            ModuleFiles::Of(_) if none_is_right => {}
            ModuleFiles::Of(parts) if parts.is_empty() => return Err(unnamed(&object)),
            ModuleFiles::Of(parts) => {
                let new = parts.into_iter().filter(|part| !objects.contains(part));
                objects.extend(new.collect::<Vec<_>>());
            }
        }
    }
    match named {
        true => Ok(files),
        // They are said to be made of each other.
        false => Err(unnamed(path)),
    }
}

fn unnamed(object: &Path) -> Error {
    Error::in_file(
        &cmdfile::path_for(object),
        "the command has neither KBUILD_MODFILE nor RUST_MODFILE, so the object's module is not known",
        "Build the object by kbuild's rules (obj-y, obj-m, lib-y), which pass it.",
    )
}

impl<'m> Objects<'m> {
    /// What the [`jobs`] found.
    pub(crate) fn new(
        builtin: &'m BuiltinModules,
        objects: impl IntoIterator<Item = Known<'m>>,
    ) -> Self {
        let mut all = Self {
            builtin,
            by_name: FastMap::default(),
            order: Vec::new(),
            sets: vec![Vec::new()],
            by_set: HashMap::from([(Vec::new(), SetId::NONE)]),
        };
        for (object, modules) in objects {
            let set = all.intern(modules);
            all.by_name.insert(object, set);
            all.order.push(object);
        }
        all
    }

    /// For questions that often are about the same object as the one before.
    pub(crate) fn recent(&self) -> Recent<'_, 'm> {
        Recent {
            objects: self,
            last: None,
        }
    }

    /// The modules of a set, in the order in which they are shown.
    pub(crate) fn set(&self, SetId(id): SetId) -> &[ModuleId] {
        self.sets.get(id as usize).map_or(&[], Vec::as_slice)
    }

    /// The modules of a set as the listing shows them: `[a] [b]`.
    pub(crate) fn names(&self, set: SetId) -> Vec<u8> {
        let names: Vec<Vec<u8>> = self
            .set(set)
            .iter()
            .map(|&module| [b"[", self.builtin.name(module), b"]"].concat())
            .collect();
        match names.is_empty() {
            true => b"in no module".to_vec(),
            false => names.join(&b' '),
        }
    }

    /// The objects of each module, in the order in which they were met.
    pub(crate) fn members(&self) -> HashMap<ModuleId, Vec<ObjectName<'m>>> {
        let mut members: HashMap<ModuleId, Vec<ObjectName<'m>>> = HashMap::new();
        for &object in &self.order {
            let set = self.by_name.get(&object).copied().unwrap_or(SetId::NONE);
            for &module in self.set(set) {
                members.entry(module).or_default().push(object);
            }
        }
        members
    }

    fn intern(&mut self, set: Vec<ModuleId>) -> SetId {
        if set.is_empty() {
            return SetId::NONE;
        }
        if let Some(&id) = self.by_set.get(&set) {
            return id;
        }
        // There are fewer sets than objects, and those are bounded by the map's lines.
        let id = SetId(self.sets.len() as u32);
        self.sets.push(set.clone());
        self.by_set.insert(set, id);
        id
    }
}

/// [`Objects`] and what was asked for last.
pub(crate) struct Recent<'a, 'm> {
    objects: &'a Objects<'m>,
    last: Option<(ObjectName<'m>, SetId)>,
}

impl<'m> Recent<'_, 'm> {
    /// The modules of `object`.
    pub(crate) fn modules_of(&mut self, object: ObjectName<'m>) -> Result<SetId> {
        if let Some((_, set)) = self
            .last
            .filter(|(last, _)| last.is_same_place(&object) || *last == object)
        {
            return Ok(set);
        }
        let set = self.objects.by_name.get(&object).copied();
        let set = set.ok_or_else(|| unknown(&object))?;
        self.last = Some((object, set));
        Ok(set)
    }
}

fn unknown(object: &ObjectName<'_>) -> Error {
    Error::new(
        format!(
            "'{}' in the link map is no object file",
            show(&object.path())
        ),
        "Remove the map and build again. If that does not help, please report it.",
    )
}

/// Objects without a `.cmd` file that could name a module. The link of vmlinux makes some for itself
/// in the top directory: the kallsyms tables and the BTF data of a pass, whose names begin with a
/// dot. Members of libraries from outside the tree, such as the compiler's, have an absolute path.
/// No module has code in them.
fn has_no_cmd_file(object: &ObjectName<'_>) -> bool {
    let path = object.path();
    path.starts_with(b".") && !path.contains(&b'/')
        || path.starts_with(b"/")
            && path_of(&path).is_ok_and(|path| !cmdfile::path_for(path).exists())
}

/// Objects that kbuild makes by rules of their own, which do not pass a module file name: the
/// crates of the kernel's Rust support. They are linked once and shared by all Rust code, so they
/// are in no module.
fn has_no_module(object: &ObjectName<'_>) -> bool {
    object.starts_with(b"rust/")
}

fn path_of(object: &[u8]) -> Result<&Path> {
    use std::os::unix::ffi::OsStrExt;

    if object.is_empty() || object.contains(&0) {
        return Err(Error::new(
            format!("'{}' in the link map is no object file name", show(object)),
            "Remove the map and build again.",
        ));
    }
    Ok(Path::new(std::ffi::OsStr::from_bytes(object)))
}
