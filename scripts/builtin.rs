// SPDX-License-Identifier: GPL-2.0

//! Which modules are built in.
//!
//! kbuild gives every object a module file name, also objects of code that can never be a module,
//! so the name alone tells nothing. Those that are really modules are in section `.modinfo` of their
//! objects. kbuild makes `modules.builtin` of it: from vmlinux.o, before it links vmlinux (Linux
//! 6.12), or from vmlinux, which keeps the section then (7.2 on). So it is read where it is still there.

use std::collections::HashMap;
use std::path::Path;

use crate::elf::Elf;
use crate::error::{show, Error, Result};
use crate::format::names;
use crate::lines;
use crate::output;

const MODULES_BUILTIN: &str = "modules.builtin";

const MAKE_ANEW: &str = "Remove the file and build again; kbuild makes it.";

/// A built-in module: its place in [`BuiltinModules`].
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
    /// As kbuild's module file names have it: relative to the tree, without extension.
    path: Vec<u8>,
    /// As the module loader has it.
    name: Vec<u8>,
}

impl BuiltinModules {
    /// The modules of `image`, which was read from `stem`.
    pub(crate) fn of(image: &Elf, stem: &Path) -> Result<Self> {
        match image.section_named(b".modinfo") {
            Some(section) => Self::parse_modinfo(stem, &image.content(section, 0, u64::MAX)?),
            None => {
                let path = Path::new(MODULES_BUILTIN);
                Self::parse(path, &output::read(path)?)
            }
        }
    }

    /// Parses section `.modinfo` of `stem`: strings of which some name the module's file, or the
    /// files of modules that share an object.
    ///
    /// ```text
    /// ext4.file=fs/ext4/ext4\0
    /// ```
    pub(crate) fn parse_modinfo(stem: &Path, text: &[u8]) -> Result<Self> {
        let mut modules = Self::default();
        let strings = text.split(|&byte| byte == 0);
        for string in strings {
            let (key, value) = string.split_at(lines::find(string, b'=').unwrap_or(0));
            let Some(paths) = value.strip_prefix(b"=").filter(|_| key.ends_with(b".file")) else {
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

    /// Adds the module whose file is `path`. A failure is the problem.
    fn add(&mut self, path: &[u8]) -> std::result::Result<(), String> {
        // A module may stand there again, after others: kbuild drops neighbours only.
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

    /// The modules of module `files`, which are separated by spaces, each once and sorted. kbuild lists
    /// every module that an object is part of; those that are not built in are left out.
    pub(crate) fn of_files(&self, files: &[u8]) -> Vec<ModuleId> {
        let files = files.split(|&byte| byte == b' ');
        let modules = files.filter_map(|file| self.by_path.get(file).copied());
        let mut modules: Vec<_> = modules.collect();
        modules.sort_unstable();
        modules.dedup();
        modules
    }

    /// The name of a module, as the module loader would show it.
    pub(crate) fn name(&self, ModuleId(id): ModuleId) -> &[u8] {
        self.modules
            .get(id as usize)
            .map_or(b"", |module| &module.name)
    }

    /// The module that stands for all of its name, of which the listing shows one; a failure is the
    /// reason why the listing cannot show the name.
    pub(crate) fn shown(&self, module: ModuleId) -> std::result::Result<ModuleId, String> {
        let name = self.name(module);
        if names::is_name(name) {
            return Ok(self.by_name.get(name).copied().unwrap_or(module));
        }
        let most = names::MAX_NAME_LEN;
        Err(format!(
            "'{}' cannot be a module name: 1 to {most} letters, digits, '_', '.' or '+' are",
            show(name)
        ))
    }

    /// Every module with its path, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ModuleId, &[u8])> {
        self.modules
            .iter()
            .zip(0..)
            .map(|(module, id)| (ModuleId(id), module.path.as_slice()))
    }
}

/// The last part of a path, with the replacements that kbuild makes for `KBUILD_MODNAME`.
fn module_name(path: &[u8]) -> Vec<u8> {
    let last = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    last.iter()
        .map(|&byte| {
            if matches!(byte, b'-' | b',') {
                b'_'
            } else {
                byte
            }
        })
        .collect()
}
