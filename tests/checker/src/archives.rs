// SPDX-License-Identifier: GPL-2.0

//! Finds the object files that the linker may take for vmlinux.
//!
//! `vmlinux.a` is a thin archive of the objects that are always linked. In Linux 7.3, and in 6.12 if the
//! kernel has modules, `vmlinux.a` also has the objects of `lib/lib.a` and of most other libraries. From
//! the remaining libraries, the linker takes only the needed objects. The command for `vmlinux.o` names
//! these libraries. The last link adds a few objects of its own.

use std::collections::HashSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{bail, Context, Result};
use object::read::archive::ArchiveFile;

/// An object file of the kernel.
pub struct Member {
    /// The path relative to the build directory.
    pub path: PathBuf,
    /// True if the last link adds the object: the exports, the version or the tables of kallsyms.
    pub made_by_link: bool,
}

/// The objects in the order in which the linker reads them, without duplicates.
pub fn members(build: &Path) -> Result<Vec<Member>> {
    let mut archives = vec![PathBuf::from("vmlinux.a")];
    archives.extend(libraries(build)?);

    let mut seen = HashSet::new();
    let mut members = Vec::new();
    for archive in &archives {
        for path in thin_members(build, archive)? {
            if seen.insert(path.clone()) {
                members.push(Member {
                    path,
                    made_by_link: false,
                });
            }
        }
    }
    members.extend(link_members(build)?.into_iter().map(|path| Member {
        path,
        made_by_link: true,
    }));
    Ok(members)
}

/// The archives between `--start-group` and `--end-group` of the command that links vmlinux.o:
///
/// ```text
/// savedcmd_vmlinux.o := ld -m elf_x86_64 ... --start-group lib/lib.a x/lib.a --end-group ; ...
/// ```
fn libraries(build: &Path) -> Result<Vec<PathBuf>> {
    let path = build.join(".vmlinux.o.cmd");
    let text = fs::read_to_string(&path)
        .with_context(|| format!("{}: kbuild leaves it with vmlinux.o", path.display()))?;
    let command = text.lines().next().unwrap_or_default();
    let Some((_, group)) = command.split_once("--start-group") else {
        bail!("{}: no --start-group in the command", path.display());
    };
    let group = group.split("--end-group").next().unwrap_or_default();
    Ok(group.split_whitespace().map(PathBuf::from).collect())
}

/// The paths of the members of a thin archive. The archive has these paths relative to its own directory.
fn thin_members(build: &Path, archive: &Path) -> Result<Vec<PathBuf>> {
    let path = build.join(archive);
    let data = fs::read(&path).with_context(|| path.display().to_string())?;
    let context = || path.display().to_string();
    let file = ArchiveFile::parse(&*data).with_context(context)?;
    if !file.is_thin() {
        bail!(
            "{}: not a thin archive, although kbuild makes thin archives",
            path.display()
        );
    }
    let directory = archive.parent().unwrap_or(Path::new(""));
    file.members()
        .map(|member| {
            let member = member.with_context(context)?;
            let name = std::str::from_utf8(member.name()).with_context(context)?;
            Ok(normal(&directory.join(name)))
        })
        .collect()
}

/// `path` without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// The objects with [`made_by_link`](Member::made_by_link) that exist in the build.
fn link_members(build: &Path) -> Result<Vec<PathBuf>> {
    let mut members: Vec<PathBuf> = [".vmlinux.export.o", "init/version-timestamp.o"]
        .map(PathBuf::from)
        .into_iter()
        .filter(|path| build.join(path).exists())
        .collect();
    // Each pass of the link leaves an object with tables. All of these objects define the same symbols.
    let tables = fs::read_dir(build)
        .with_context(|| build.display().to_string())?
        .filter_map(Result::ok)
        .map(|entry| PathBuf::from(entry.file_name()))
        .filter(|path| path.to_string_lossy().ends_with(".kallsyms.o"))
        .max();
    members.extend(tables);
    Ok(members)
}
