// SPDX-License-Identifier: GPL-2.0

//! Reads the object files that the linker may take for vmlinux, with their symbols and modules.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use object::elf::STT_FUNC;
use object::{Architecture, Object, SectionIndex};

use crate::archives;
use crate::elf::{self, Binding, Entry, Shape, Symbol};
use crate::modules::{BuiltIn, Owner};
use crate::names::{Name, Names};

/// The number of an object, in the order of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(usize);

/// A definition: a symbol of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Definition {
    pub object: ObjectId,
    index: usize,
}

/// The local symbols of one source file in an object.
pub struct Unit {
    /// The name in the mark of the source file. A mark is a symbol of type `STT_FILE`.
    pub file: Name,
    /// True if the object has the mark. Otherwise, GNU ld makes a mark with the object's name.
    pub marked: bool,
    pub locals: Vec<Definition>,
}

/// An object file.
pub struct ObjectFile {
    pub path: PathBuf,
    /// The modules of the object, sorted.
    pub modules: Vec<String>,
    symbols: Vec<Symbol>,
    merged: HashSet<SectionIndex>,
}

impl ObjectFile {
    /// Makes an object without symbols.
    pub fn new(path: PathBuf, modules: Vec<String>, merged: HashSet<SectionIndex>) -> Self {
        Self {
            path,
            modules,
            symbols: Vec::new(),
            merged,
        }
    }
}

/// All objects of a kernel.
#[derive(Default)]
pub struct Program {
    objects: Vec<ObjectFile>,
    pub units: Vec<Unit>,
    /// The definitions of each name.
    by_name: HashMap<Name, Vec<Definition>>,
    /// True if the linker removes bytes from code. Functions can then be smaller than in the objects.
    pub is_shortened: bool,
    /// The number of built-in modules.
    pub built_in: usize,
    /// The number of objects without a known module file.
    pub without_module_file: usize,
    /// The objects with unknown modules, each with the reason.
    pub unknown: Vec<(PathBuf, &'static str)>,
}

impl Program {
    /// Reads all objects of the kernel built in `build`.
    pub fn read(build: &Path, names: &mut Names) -> Result<Self> {
        let built_in = BuiltIn::read(build)?;
        let mut program = Self {
            built_in: built_in.len(),
            ..Self::default()
        };
        let members = archives::members(build)?;
        eprintln!("check: reading vmlinux and {} objects", members.len());
        for member in members {
            let owner = match member.made_by_link {
                true => Owner::Modules(Vec::new()),
                false => built_in.owner(build, &member.path)?,
            };
            program.without_module_file += usize::from(!matches!(owner, Owner::Modules(_)));
            let modules = match owner {
                Owner::Modules(modules) => modules,
                Owner::Library => Vec::new(),
                Owner::Unknown(why) => {
                    program.unknown.push((member.path.clone(), why));
                    Vec::new()
                }
            };
            program.read_object(build, member.path, modules, names)?;
        }
        Ok(program)
    }

    fn read_object(
        &mut self,
        build: &Path,
        path: PathBuf,
        modules: Vec<String>,
        names: &mut Names,
    ) -> Result<()> {
        let full = build.join(&path);
        let data = fs::read(&full).with_context(|| full.display().to_string())?;
        let file = object::File::parse(&*data)
            .with_context(|| format!("{}: not an ELF object", full.display()))?;
        self.is_shortened |= file.architecture() == Architecture::Riscv64;
        let entries = elf::entries(&file, names).with_context(|| full.display().to_string())?;
        let merged = elf::merged_sections(&file);
        let own_name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let own_name = names.add(own_name);
        self.add(ObjectFile::new(path, modules, merged), own_name, entries);
        Ok(())
    }

    /// Adds an object. GNU ld marks the symbols of the object with `own_name` if `entries` has no mark before them.
    pub fn add(&mut self, mut object: ObjectFile, own_name: Name, entries: Vec<Entry>) {
        let id = ObjectId(self.objects.len());
        let mut unit = Unit {
            file: own_name,
            marked: false,
            locals: Vec::new(),
        };
        for entry in entries {
            match entry {
                Entry::File(file) => {
                    let next = Unit {
                        file,
                        marked: true,
                        locals: Vec::new(),
                    };
                    let done = std::mem::replace(&mut unit, next);
                    self.units
                        .extend(Some(done).filter(|unit| !unit.locals.is_empty()));
                }
                Entry::Symbol(symbol) => {
                    let definition = Definition {
                        object: id,
                        index: object.symbols.len(),
                    };
                    if symbol.binding == Binding::Local {
                        unit.locals.push(definition);
                    }
                    self.by_name
                        .entry(symbol.shape.name)
                        .or_default()
                        .push(definition);
                    object.symbols.push(symbol);
                }
            }
        }
        self.units
            .extend(Some(unit).filter(|unit| !unit.locals.is_empty()));
        self.objects.push(object);
    }

    pub fn objects(&self) -> &[ObjectFile] {
        &self.objects
    }

    pub fn object(&self, id: ObjectId) -> &ObjectFile {
        &self.objects[id.0]
    }

    pub fn symbol(&self, definition: Definition) -> &Symbol {
        &self.object(definition.object).symbols[definition.index]
    }

    /// True if `definition` can have the shape `shape` in vmlinux.
    pub fn can_be(&self, definition: Definition, shape: Shape) -> bool {
        /// The largest ratio that the checker accepts: a call of 8 bytes can become 2 bytes.
        const MAX_RATIO: u64 = 4;
        let defined = self.symbol(definition).shape;
        let shortened = Shape {
            size: shape.size,
            ..defined
        };
        defined == shape
            || self.is_shortened
                && defined.kind == STT_FUNC
                && shortened == shape
                && (defined.size.div_ceil(MAX_RATIO)..defined.size).contains(&shape.size)
    }

    /// The definitions of `name`, in the order of the link.
    pub fn named(&self, name: Name) -> &[Definition] {
        self.by_name.get(&name).map_or(&[], Vec::as_slice)
    }

    /// The section of `definition`; `None` if it has no section, or if the linker merges the section's contents.
    pub fn piece(&self, definition: Definition) -> Option<(ObjectId, SectionIndex)> {
        let section = self.symbol(definition).section?;
        let merged = self.object(definition.object).merged.contains(&section);
        (!merged).then_some((definition.object, section))
    }
}
