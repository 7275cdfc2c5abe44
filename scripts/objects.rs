// SPDX-License-Identifier: GPL-2.0

//! From objects to modules: which built-in modules an object file is part of.

use std::collections::HashMap;
use std::path::Path;

use crate::builtin::{BuiltinModules, ModuleId};
use crate::cmdfile::{self, ModuleFiles};
use crate::error::{show, Error, Result};
use crate::hash::FastMap;
use crate::layout;
use crate::map::ObjectName;

/// A set of modules that some object is part of: its place in [`Objects`]. Equal sets have equal
/// ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SetId(u32);

impl SetId {
    /// The empty set: in no module.
    pub(crate) const NONE: Self = Self(0);
}

/// What is known of the objects met so far.
#[derive(Debug)]
pub(crate) struct Objects<'m> {
    builtin: &'m BuiltinModules,
    by_name: FastMap<ObjectName<'m>, SetId>,
    /// What was asked for last, which is often asked for again.
    last: Option<(ObjectName<'m>, SetId)>,
    /// The objects in the order in which they were met, which is link order.
    order: Vec<ObjectName<'m>>,
    /// Each sorted by name. The first is empty.
    sets: Vec<Vec<ModuleId>>,
    by_set: HashMap<Vec<ModuleId>, SetId>,
    /// Scratch space for `.cmd` files.
    buffer: Vec<u8>,
}

impl<'m> Objects<'m> {
    pub(crate) fn new(builtin: &'m BuiltinModules) -> Self {
        Self {
            builtin,
            by_name: FastMap::default(),
            last: None,
            order: Vec::new(),
            sets: vec![Vec::new()],
            by_set: HashMap::from([(Vec::new(), SetId::NONE)]),
            buffer: Vec::new(),
        }
    }

    /// Reads the `.cmd` files of `objects`, which are in link order.
    pub(crate) fn add_all<'o>(
        &mut self,
        objects: impl Iterator<Item = &'o ObjectName<'m>>,
    ) -> Result<()>
    where
        'm: 'o,
    {
        for object in objects.filter(|object| !layout::is_vmlinux_o(object)) {
            self.modules_of(*object)?;
        }
        Ok(())
    }

    /// The modules of `object`. Reads its `.cmd` file the first time.
    pub(crate) fn modules_of(&mut self, object: ObjectName<'m>) -> Result<SetId> {
        if let Some((_, set)) = self.last.filter(|(last, _)| *last == object) {
            return Ok(set);
        }
        if let Some(&set) = self.by_name.get(&object) {
            self.last = Some((object, set));
            return Ok(set);
        }
        let set = if has_no_cmd_file(&object) {
            SetId::NONE
        } else {
            self.read(object)?
        };
        self.by_name.insert(object, set);
        self.order.push(object);
        Ok(set)
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

    fn read(&mut self, object: ObjectName<'m>) -> Result<SetId> {
        let path = object.path();
        let path = path_of(&path)?;
        let ModuleFiles::Named(files) = cmdfile::read(path, &mut self.buffer)? else {
            return match has_no_module(&object) {
                true => Ok(SetId::NONE),
                false => Err(Error::in_file(
                    &cmdfile::path_for(path),
                    "the command has neither KBUILD_MODFILE nor RUST_MODFILE, so the object's module is not known",
                    "Build the object by kbuild's rules (obj-y, obj-m, lib-y), which pass it.",
                )),
            };
        };
        // kbuild lists every module that the object is part of, also those that are not built in.
        let files = files
            .split(|&byte| byte == b' ')
            .filter(|file| !file.is_empty());
        let set = files
            .filter_map(|file| self.builtin.by_path(file))
            .collect();
        Ok(self.intern(set))
    }

    fn intern(&mut self, mut set: Vec<ModuleId>) -> SetId {
        set.sort_unstable_by_key(|&module| (self.builtin.name(module), module));
        set.dedup();
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
