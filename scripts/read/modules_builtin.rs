// SPDX-License-Identifier: GPL-2.0

//! The list of built-in modules.
//!
//! kbuild names a module file for almost every object file, even for code that cannot be a module. So the name of a
//! module file does not tell whether a module exists. The section `.modinfo` lists the modules that exist,
//! and kbuild makes `modules.builtin` from this section. In Linux 6.12, kbuild takes the section from
//! vmlinux.o, before it links vmlinux. In 7.2 and 7.3, it takes the section from the linked vmlinux. The
//! generator reads the section if the image has it, or else the file `modules.builtin`.

use std::collections::HashMap;
use std::path::Path;

use super::elf::ElfFile;
use super::input_file;
use crate::common::error::{show, Error, Result};
use crate::common::lines;
use crate::format::names;

const MODULES_BUILTIN: &str = "modules.builtin";

const MAKE_ANEW: &str = "Remove the file and build again; kbuild makes it.";

/// A built-in module: its index in [`BuiltinModules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ModuleId(u32);

/// The built-in modules in the order of `modules.builtin`.
#[derive(Debug, Default)]
pub(crate) struct BuiltinModules {
    by_path: HashMap<Vec<u8>, ModuleId>,
    /// The first module of each name.
    by_name: HashMap<Vec<u8>, ModuleId>,
    modules: Vec<Module>,
}

#[derive(Debug)]
struct Module {
    /// The module file that kbuild names: relative to the tree, without extension.
    path: Vec<u8>,
    /// The name that the module loader shows.
    name: Vec<u8>,
}

impl BuiltinModules {
    /// Reads the built-in modules of `image`, the file at the path `stem`.
    pub(super) fn of(image: &ElfFile, stem: &Path) -> Result<Self> {
        match image.section_named(b".modinfo") {
            Some(section) => Self::parse_modinfo(stem, &image.content(section, 0, u64::MAX)?),
            None => {
                let path = Path::new(MODULES_BUILTIN);
                Self::parse(path, &input_file::read(path)?)
            }
        }
    }

    /// Parses `text`, the section `.modinfo` of `stem`. Some of the strings in the section name a module
    /// file, or the module files of several modules that share an object file.
    ///
    /// ```text
    /// ext4.file=fs/ext4/ext4\0
    /// ```
    pub(crate) fn parse_modinfo(stem: &Path, text: &[u8]) -> Result<Self> {
        let mut modules = Self::default();
        let strings = text.split(|&byte| byte == 0);
        for string in strings {
            // Other strings are, for example, parameters and aliases.
            let Some(paths) = module_files(string) else {
                continue;
            };
            for path in paths.split(|&byte| byte == b' ') {
                let added = modules.add(path);
                added.map_err(|problem| Error::in_file(stem, problem, MAKE_ANEW))?;
            }
        }
        Ok(modules)
    }

    /// Parses `modules.builtin`; `file` is for messages.
    pub(crate) fn parse(file: &Path, text: &[u8]) -> Result<Self> {
        let mut modules = Self::default();
        for (number, line) in lines::numbered(text) {
            let line = line.trim_ascii();
            if !line.is_empty() {
                let added = modules.add_line(line);
                added.map_err(|problem| Error::at_line(file, number, problem, MAKE_ANEW))?;
            }
        }
        Ok(modules)
    }

    /// ```text
    /// kernel/fs/ext4/ext4.ko
    /// ```
    fn add_line(&mut self, line: &[u8]) -> std::result::Result<(), String> {
        let path = line
            .strip_prefix(b"kernel/")
            .and_then(|rest| rest.strip_suffix(b".ko"));
        self.add(path.ok_or_else(|| format!("'{}' is not of the form kernel/PATH.ko", show(line)))?)
    }

    /// Adds the module with the module file `path`. An error says why this fails.
    fn add(&mut self, path: &[u8]) -> std::result::Result<(), String> {
        // A module can be repeated: kbuild removes only repetitions that directly follow each other.
        if self.by_path.contains_key(path) {
            return Ok(());
        }
        let count = u32::try_from(self.modules.len());
        let id = ModuleId(count.map_err(|_| "too many modules")?);
        let name = module_name(path);
        self.by_name.entry(name.clone()).or_insert(id);
        self.by_path.insert(path.to_vec(), id);
        self.modules.push(Module {
            path: path.to_vec(),
            name,
        });
        Ok(())
    }

    /// The built-in modules among the module files in `files`, which spaces separate. Each module comes once,
    /// and the modules are sorted. kbuild names every module that an object file is part of, including
    /// loadable modules.
    pub(crate) fn of_files(&self, files: &[u8]) -> Vec<ModuleId> {
        let files = files.split(|&byte| byte == b' ');
        let modules = files.filter_map(|file| self.by_path.get(file).copied());
        let mut modules: Vec<_> = modules.collect();
        modules.sort_unstable();
        modules.dedup();
        modules
    }

    /// The name of a module, as the module loader shows it.
    pub(crate) fn name(&self, ModuleId(index): ModuleId) -> &[u8] {
        let index = usize::try_from(index).ok();
        // `add` makes an id together with its module, so the default is never taken.
        let module = index.and_then(|index| self.modules.get(index));
        module.map_or(b"", |module| &module.name)
    }

    /// The first module with the name of `module`. It stands for all modules of that name, because a line of
    /// /proc/kallmodsyms shows a name once. An error says why no line can show the name.
    pub(crate) fn shown(&self, module: ModuleId) -> std::result::Result<ModuleId, String> {
        let name = self.name(module);
        let first_of_name = self.by_name.get(name).copied();
        let most = names::MAX_NAME_LEN;
        first_of_name
            .filter(|_| names::is_name(name))
            .ok_or_else(|| {
                format!(
                "'{}' cannot be a module name: 1 to {most} letters, digits, '_', '.' or '+' are",
                show(name)
            )
            })
    }

    /// Every module with the path of its module file, in the order of `modules.builtin`.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ModuleId, &[u8])> {
        self.modules
            .iter()
            .zip(0..)
            .map(|(module, id)| (ModuleId(id), module.path.as_slice()))
    }
}

/// The module files that a string of the section `.modinfo` names; `None` if the string names no module file.
fn module_files(string: &[u8]) -> Option<&[u8]> {
    let (key, value) = string.split_at(lines::find(string, b'=')?);
    value.strip_prefix(b"=").filter(|_| key.ends_with(b".file"))
}

/// The last component of a path, with the replacements that kbuild makes for `KBUILD_MODNAME`.
fn module_name(path: &[u8]) -> Vec<u8> {
    let last = match path.iter().rposition(|&byte| byte == b'/') {
        Some(slash) => path.split_at(slash + 1).1,
        None => path,
    };
    let replaced = last.iter().map(|&byte| match byte {
        b'-' | b',' => b'_',
        _ => byte,
    });
    replaced.collect()
}
