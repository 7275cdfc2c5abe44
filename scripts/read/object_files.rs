// SPDX-License-Identifier: GPL-2.0

//! The facts about each object file of the link: the modules that its build command names, its
//! mergeable sections, and its place in the order of the link.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::cmd_file::{self, ModuleFiles};
use super::link_maps::LinkMaps;
use super::map::ObjectName;
use super::merge_kind::{mergeable_sections, MergeableSection};
use super::modules_builtin::{BuiltinModules, ModuleId};
use super::vmlinux_o;
use crate::common::error::{show, Result};
use crate::common::hash::{FastMap, FastSet};
use crate::common::jobs::Jobs;

/// The facts about one object file.
pub(crate) struct ObjectFile<'m> {
    pub(crate) name: ObjectName<'m>,
    /// The built-in modules that its command names, or the reason why the modules are not known.
    pub(crate) modules: std::result::Result<Vec<ModuleId>, String>,
    /// The mergeable sections of the object file, or the reason why the object file cannot be read. Empty if
    /// the map of vmlinux does not name the object file, or shows which constants the linker merged.
    pub(crate) mergeable: std::result::Result<Vec<MergeableSection>, String>,
    /// Index in the order of the link; `None` if the maps do not tell.
    pub(crate) link_index: Option<usize>,
    /// True if the object file is a file of its own, false if its bytes are in an archive.
    pub(crate) is_file: bool,
    /// True for an object file outside of kbuild's archives, which have all object files of modules. Such an
    /// object file is on the command line of the link, like the tables of kallsyms, or is from the compiler's
    /// library.
    pub(crate) is_outside_archives: bool,
}

/// Jobs that read the facts about each object file in `maps`, in the order of the link.
pub(super) fn jobs<'b, 'm>(
    maps: &LinkMaps<'m>,
    builtin: &'b BuiltinModules,
) -> Jobs<
    ObjectName<'m>,
    impl Fn(&mut Vec<u8>, ObjectName<'m>) -> Result<ObjectFile<'m>> + use<'b, 'm>,
> {
    let mut link_indexes = FastMap::default();
    for (index, object) in maps.in_link_order().enumerate() {
        link_indexes.entry(*object).or_insert(index);
    }
    let mut seen = FastSet::default();
    let all = maps.objects().copied();
    let distinct = all.filter(|object| !vmlinux_o::is_vmlinux_o(object) && seen.insert(*object));
    let mut distinct: Vec<_> = distinct.collect();
    // Object files whose place in the link is not known come last.
    distinct.sort_by_cached_key(|object| {
        let index = link_indexes.get(object).copied();
        (index.is_none(), index)
    });
    let given = maps.given().copied().collect::<FastSet<_>>();
    let archives: FastSet<_> = distinct.iter().filter_map(ObjectName::archive).collect();
    let archives = archives.into_iter();
    let fat: FastSet<_> = archives
        .filter(|archive| has_bytes_of_members(archive))
        .collect();
    let merged: FastSet<_> = maps.objects_of_hidden_merging().copied().collect();
    Jobs::new(
        distinct,
        move |buffer: &mut Vec<u8>, name: ObjectName<'m>| {
            let path = path_of(&name);
            let fat = name.archive().filter(|archive| fat.contains(archive));
            let modules = match fat {
                None => modules_by_command(&path, builtin, buffer),
                Some(archive) => Err(format!(
                    "it is in {}, which is not a thin archive",
                    show(archive)
                )),
            };
            let mergeable = match merged.contains(&name) {
                true => mergeable_sections(&path).map_err(|error| error.place_and_problem()),
                false => Ok(Vec::new()),
            };
            Ok(ObjectFile {
                name,
                modules,
                mergeable,
                link_index: link_indexes.get(&name).copied(),
                is_file: fat.is_none(),
                is_outside_archives: given.contains(&name) || path.is_absolute(),
            })
        },
    )
}

/// Return: true if `archive` has the bytes of its members. A thin archive has only their paths.
fn has_bytes_of_members(archive: &[u8]) -> bool {
    let mut magic = [0; 8];
    let file = File::open(Path::new(OsStr::from_bytes(archive)));
    file.is_ok_and(|mut file| file.read_exact(&mut magic).is_ok() && magic == *b"!<arch>\n")
}

/// Finds the modules of the object file `path`. These are the modules that its command names. If the command
/// names no module, but makes `path` of other object files, all of these must have the same modules, which
/// are then the modules of `path`. `buffer` is scratch space. An error says why the modules are not known.
fn modules_by_command(
    path: &Path,
    builtin: &BuiltinModules,
    buffer: &mut Vec<u8>,
) -> std::result::Result<Vec<ModuleId>, String> {
    // `path`, and the object files that it is made of, in the order in which the loop finds them.
    let mut objects = vec![path.to_owned()];
    let mut next = 0;
    let mut found = None;
    while let Some(object) = objects.get(next).cloned() {
        next += 1;
        let modules = match cmd_file::read(&object, buffer)? {
            ModuleFiles::Named(files) => builtin.of_files(&files),
            ModuleFiles::Shared => Vec::new(),
            ModuleFiles::MadeOf(parts) if parts.is_empty() => return Err(unnamed(&object)),
            ModuleFiles::MadeOf(parts) => {
                let new = parts.into_iter().filter(|part| !objects.contains(part));
                objects.extend(new.collect::<Vec<_>>());
                continue;
            }
        };
        if *found.get_or_insert_with(|| modules.clone()) != modules {
            return Err("it was made of objects of different modules".to_owned());
        }
    }
    // Without a result, the commands form a circle: each object file is made of another in the circle.
    found.ok_or_else(|| unnamed(path))
}

fn unnamed(object: &Path) -> String {
    format!(
        "neither KBUILD_MODFILE nor RUST_MODFILE is in {}",
        cmd_file::path_for(object).display()
    )
}

fn path_of(object: &ObjectName<'_>) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(&object.path()))
}
