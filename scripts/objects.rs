// SPDX-License-Identifier: GPL-2.0

//! From objects to modules: which built-in modules an object file is part of.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::builtin::{BuiltinModules, ModuleId};
use crate::cmdfile::{self, ModuleFiles};
use crate::elf::{Elf, Section};
use crate::error::{show, Error, Result};
use crate::format::names::MAX_LIST_LEN;
use crate::hash::{FastMap, FastSet};
use crate::jobs::Jobs;
use crate::map::ObjectName;
use crate::maps::Maps;
use crate::vmlinux_o;

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
    by_name: FastMap<ObjectName<'m>, Object>,
    /// The objects in link order; at the end are those whose place in it is not known.
    order: Vec<ObjectName<'m>>,
    /// The objects whose modules are not known, in link order, and why they are not.
    unknown: Vec<(ObjectName<'m>, String)>,
    /// Those that are no files, but in an archive.
    in_archives: FastSet<ObjectName<'m>>,
    /// Each sorted by name. The first is empty.
    sets: Vec<Vec<ModuleId>>,
    by_set: HashMap<Vec<ModuleId>, SetId>,
}

/// What is known of an object.
#[derive(Debug)]
struct Object {
    /// `None` if it is not known.
    set: Option<SetId>,
    /// Its modules by file, of which the set has one of each name.
    modules: Vec<ModuleId>,
    /// `None` if it is not known.
    merging: Option<Vec<Merging>>,
    /// The higher, the later in the link; `None` if it is not known.
    place: Option<usize>,
}

/// A section in which a linker merges equal constants, or strings.
#[derive(Debug)]
struct Merging {
    name: Vec<u8>,
    kind: MergeKind,
}

/// What constants of different objects must have in common for a linker to merge them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MergeKind {
    /// Bytes.
    entry_size: u64,
    is_strings: bool,
}

impl MergeKind {
    /// That of `section`, if its constants are merged.
    pub(crate) fn of(section: &Section) -> Option<Self> {
        section.is_mergeable().then(|| Self {
            entry_size: section.entry_size,
            is_strings: section.is_strings(),
        })
    }
}

/// What a linker merges in a section of an object.
pub(crate) enum Merges {
    Kind(MergeKind),
    Nothing,
    /// The object cannot be read.
    NotKnown,
}

/// What was read of one object.
pub(crate) struct Found<'m> {
    object: ObjectName<'m>,
    /// By file, or the reason why they are not known.
    modules: std::result::Result<Vec<ModuleId>, String>,
    merging: Option<Vec<Merging>>,
    place: Option<usize>,
    is_file: bool,
}

/// Jobs that read what is known of each object in `maps`, in link order.
pub(crate) fn jobs<'a, 'm>(
    maps: &'a Maps<'m>,
    builtin: &'m BuiltinModules,
) -> Jobs<ObjectName<'m>, impl Fn(&mut Vec<u8>, ObjectName<'m>) -> Result<Found<'m>> + use<'m>> {
    let mut places = FastMap::default();
    for (place, object) in maps.in_link_order().enumerate() {
        places.entry(*object).or_insert(place);
    }
    let mut seen = FastSet::default();
    let all = maps.objects().copied();
    let distinct = all.filter(|object| !vmlinux_o::is_it(object) && seen.insert(*object));
    let mut distinct: Vec<_> = distinct.collect();
    distinct.sort_by_cached_key(|object| places.get(object).copied().unwrap_or(usize::MAX));
    let given = maps.given().copied().collect::<FastSet<_>>();
    let archives: FastSet<_> = distinct.iter().filter_map(ObjectName::archive).collect();
    let fat = archives
        .into_iter()
        .filter(|archive| has_files_in_it(archive));
    let fat: FastSet<_> = fat.collect();
    let merged: FastSet<_> = maps.objects_of_hidden_merging().copied().collect();
    Jobs::new(
        distinct,
        move |buffer: &mut Vec<u8>, object: ObjectName<'m>| {
            let fat = object.archive().filter(|archive| fat.contains(archive));
            let mut modules = match fat {
                None => read(&object, builtin, buffer),
                Some(archive) => Err(format!(
                    "it is in {}, which is not a thin archive",
                    show(archive)
                )),
            };
            let mut merging = Some(Vec::new());
            let is_outside = is_no_part_of_a_module(&object, &given);
            if modules.is_err() && is_outside {
                modules = Ok(Vec::new());
            }
            if merged.contains(&object) {
                match merging_of(&path_of(&object)) {
                    Ok(sections) => merging = Some(sections),
                    // A member of a library is no file.
                    Err(_) if is_outside => {}
                    Err(error) => (modules, merging) = (Err(error.problem()), None),
                }
            }
            Ok(Found {
                object,
                modules,
                merging,
                place: places.get(&object).copied(),
                is_file: fat.is_none(),
            })
        },
    )
}

/// Whether the members of `archive` are in it, and not files beside it.
fn has_files_in_it(archive: &[u8]) -> bool {
    let mut magic = [0; 8];
    let file = File::open(Path::new(OsStr::from_bytes(archive)));
    file.is_ok_and(|mut file| file.read_exact(&mut magic).is_ok() && magic == *b"!<arch>\n")
}

/// The sections of the file `path` in which a linker merges constants.
fn merging_of(path: &Path) -> Result<Vec<Merging>> {
    let elf = Elf::open(path)?;
    let sections = elf.allocated().filter_map(|(name, section)| {
        let kind = MergeKind::of(section)?;
        let name = name.to_vec();
        Some(Merging { name, kind })
    });
    Ok(sections.collect())
}

/// Reads the modules of `object` by way of `buffer`: those that its command names, or else those of the
/// objects that it was made of, which must all be of the same. A failure is the reason.
fn read(
    object: &ObjectName<'_>,
    builtin: &BuiltinModules,
    buffer: &mut Vec<u8>,
) -> std::result::Result<Vec<ModuleId>, String> {
    let path = path_of(object);
    // Each once, in the order in which they are found.
    let mut objects = vec![path.clone()];
    let mut next = 0;
    let mut found = None;
    while let Some(object) = objects.get(next).cloned() {
        next += 1;
        let modules = match cmdfile::read(&object, buffer)? {
            ModuleFiles::Named(files) => builtin.of_files(&files),
            ModuleFiles::Shared => Vec::new(),
            ModuleFiles::Of(parts) if parts.is_empty() => return Err(unnamed(&object)),
            ModuleFiles::Of(parts) => {
                let new = parts.into_iter().filter(|part| !objects.contains(part));
                objects.extend(new.collect::<Vec<_>>());
                continue;
            }
        };
        if *found.get_or_insert_with(|| modules.clone()) != modules {
            return Err("it was made of objects of different modules".to_owned());
        }
    }
    // If not, they are said to be made of each other.
    found.ok_or_else(|| unnamed(&path))
}

fn unnamed(object: &Path) -> String {
    format!(
        "neither KBUILD_MODFILE nor RUST_MODFILE is in {}",
        cmdfile::path_for(object).display()
    )
}

/// Whether an object of which no command tells the module is in none anyway. All objects of modules are
/// members of kbuild's archives. Files that the link is `given` by themselves are made by it, as the
/// tables of kallsyms are; and files from outside the build directory are of the compiler's library.
fn is_no_part_of_a_module(object: &ObjectName<'_>, given: &FastSet<ObjectName<'_>>) -> bool {
    given.contains(object) || path_of(object).is_absolute()
}

fn path_of(object: &ObjectName<'_>) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(&object.path()))
}

impl<'m> Objects<'m> {
    /// What the [`jobs`] found.
    pub(crate) fn new(
        builtin: &'m BuiltinModules,
        objects: impl IntoIterator<Item = Found<'m>>,
    ) -> Self {
        let mut all = Self {
            builtin,
            by_name: FastMap::default(),
            order: Vec::new(),
            unknown: Vec::new(),
            in_archives: FastSet::default(),
            sets: vec![Vec::new()],
            by_set: HashMap::from([(Vec::new(), SetId::NONE)]),
        };
        for found in objects {
            if !found.is_file {
                all.in_archives.insert(found.object);
            }
            let modules = found.modules.and_then(|modules| {
                let set = all.intern(&modules)?;
                Ok((set, modules))
            });
            let (set, modules) = match modules {
                Ok((set, modules)) => (Some(set), modules),
                Err(reason) => {
                    all.unknown.push((found.object, reason));
                    (None, Vec::new())
                }
            };
            let object = Object {
                set,
                modules,
                merging: found.merging,
                place: found.place,
            };
            all.by_name.insert(found.object, object);
            all.order.push(found.object);
        }
        all
    }

    /// Whether `object` can be read.
    pub(crate) fn is_file(&self, object: &ObjectName<'m>) -> bool {
        !self.in_archives.contains(object)
    }

    /// Whether all can be read.
    pub(crate) fn are_files(&self) -> bool {
        self.in_archives.is_empty()
    }

    /// All objects.
    pub(crate) fn all(&self) -> &[ObjectName<'m>] {
        &self.order
    }

    /// Where `object` is in the order of the link, among others; `None` if it is not known.
    pub(crate) fn place(&self, object: &ObjectName<'m>) -> Option<usize> {
        self.by_name.get(object)?.place
    }

    /// The objects whose modules are not known, in link order, and why they are not.
    pub(crate) fn unknown(&self) -> &[(ObjectName<'m>, String)] {
        &self.unknown
    }

    /// What a linker merges in the section `section` of `object`.
    pub(crate) fn merge_kind(&self, object: &ObjectName<'m>, section: &[u8]) -> Merges {
        let object = self.by_name.get(object);
        let Some(merging) = object.and_then(|object| object.merging.as_ref()) else {
            return Merges::NotKnown;
        };
        let section = merging.iter().find(|merging| merging.name == section);
        section.map_or(Merges::Nothing, |merging| Merges::Kind(merging.kind))
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

    /// The objects of each module, in link order.
    pub(crate) fn members(&self) -> HashMap<ModuleId, Vec<ObjectName<'m>>> {
        let mut members: HashMap<ModuleId, Vec<ObjectName<'m>>> = HashMap::new();
        for &name in &self.order {
            let object = self.by_name.get(&name);
            for &module in object.map_or(&[][..], |object| &object.modules) {
                members.entry(module).or_default().push(name);
            }
        }
        members
    }

    /// The set that the listing shows of `modules`: each name once, by name. A failure is the reason why
    /// it cannot be shown.
    fn intern(&mut self, modules: &[ModuleId]) -> std::result::Result<SetId, String> {
        let shown = modules.iter().map(|&module| self.builtin.shown(module));
        let mut set = shown.collect::<std::result::Result<Vec<_>, _>>()?;
        set.sort_unstable_by_key(|&module| self.builtin.name(module));
        set.dedup();
        if set.len() > MAX_LIST_LEN {
            return Err(format!(
                "it is in {} modules, and a list holds {MAX_LIST_LEN}",
                set.len()
            ));
        }
        if let Some(&id) = self.by_set.get(&set) {
            return Ok(id);
        }
        // There are fewer sets than objects, and those are bounded by the map's lines.
        let id = SetId(self.sets.len() as u32);
        self.sets.push(set.clone());
        self.by_set.insert(set, id);
        Ok(id)
    }
}

/// [`Objects`] and what was asked for last.
pub(crate) struct Recent<'a, 'm> {
    objects: &'a Objects<'m>,
    last: Option<(ObjectName<'m>, Option<SetId>)>,
}

impl<'m> Recent<'_, 'm> {
    /// The modules of `object`, if they are known.
    pub(crate) fn modules_of(&mut self, object: ObjectName<'m>) -> Result<Option<SetId>> {
        if let Some((_, set)) = self
            .last
            .filter(|(last, _)| last.is_same_place(&object) || *last == object)
        {
            return Ok(set);
        }
        let known = self.objects.by_name.get(&object);
        let set = known.ok_or_else(|| missing(&object))?.set;
        self.last = Some((object, set));
        Ok(set)
    }
}

/// The maps have told of all objects.
fn missing(object: &ObjectName<'_>) -> Error {
    Error::new(
        format!("'{}' was not read with the maps", show(&object.path())),
        "This is a defect of this program. Turn CONFIG_KALLMODSYMS off, and please report it.",
    )
}
