// SPDX-License-Identifier: GPL-2.0

//! The symbols of single object files that addresses do not tell apart: symbols without a size, and named
//! constants.
//!
//! An object file has few such symbols, so they stay in memory once read. If the maps do not tell the
//! object file of a symbol, the generator searches the symbol tables of all object files for its name.

use std::collections::hash_map::{Entry as MapEntry, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::common::error::{show, Error, Result};
use crate::common::hash::FastMap;
use crate::read::elf::{ElfFile, Linkage, Section, Symbol};
use crate::read::map::ObjectName;

/// A symbol without a size, or a constant, that an object file defines.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: Vec<u8>,
    /// The name of the section; empty for COMMON symbols, which have none.
    pub(super) section: Vec<u8>,
    /// Offset in the section.
    pub(super) offset: u64,
    /// The number of bytes; 0 for symbols other than constants.
    pub(super) size: u64,
    pub(super) linkage: Linkage,
    /// The bytes of the constant, in a section whose equal entries the linker merges.
    pub(super) constant: Option<Vec<u8>>,
}

/// The definitions in the object files that were read so far, by any thread.
#[derive(Default)]
pub(super) struct ObjectSymbols<'m> {
    by_object: Mutex<FastMap<ObjectName<'m>, Arc<[Definition]>>>,
    /// The symbols of all object files; `None` if one of the files cannot be read.
    by_name: OnceLock<Option<ByName<'m>>>,
}

type ByName<'m> = HashMap<Vec<u8>, Vec<DefiningObject<'m>>>;

/// An object file that defines a symbol of a given name.
#[derive(Clone, Copy)]
pub(super) struct DefiningObject<'m> {
    pub(super) object: ObjectName<'m>,
    pub(super) linkage: Linkage,
    /// Of several global definitions of a name, the linker takes the definition with the highest
    /// precedence.
    pub(super) precedence: Precedence,
}

/// The precedence of a global definition: a definition in a section goes before a COMMON symbol, a larger
/// COMMON symbol before a smaller one, and both before a weak definition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precedence {
    Weak,
    /// Bytes.
    Common(u64),
    InSection,
}

impl Precedence {
    fn of(symbol: &Symbol<'_>) -> Self {
        match (symbol.linkage.is_weak, symbol.is_common()) {
            (_, true) => Self::Common(symbol.size),
            (true, false) => Self::Weak,
            (false, false) => Self::InSection,
        }
    }
}

impl<'m> ObjectSymbols<'m> {
    /// The symbols without a size and the constants of `object`, in the order of its symbol table.
    pub(super) fn of(&self, object: ObjectName<'m>) -> Result<Arc<[Definition]>> {
        if let Some(definitions) = self.known().get(&object) {
            return Ok(Arc::clone(definitions));
        }
        // The lock is free while the file is read. At worst two threads read the same file.
        let definitions: Arc<[Definition]> = read(&object)?.into();
        self.known().insert(object, Arc::clone(&definitions));
        Ok(definitions)
    }

    /// A thread that panics while it holds the lock leaves a whole map: it inserts or not.
    fn known(&self) -> MutexGuard<'_, FastMap<ObjectName<'m>, Arc<[Definition]>>> {
        self.by_object
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The object files among `all` that define a symbol called `name`; `None` if one of the files cannot
    /// be read. The first call reads all of them.
    pub(super) fn named(
        &self,
        name: &[u8],
        all: &[ObjectName<'m>],
    ) -> Option<&[DefiningObject<'m>]> {
        // The caller reports the symbol as unattributed if a file cannot be read.
        let by_name = self.by_name.get_or_init(|| by_name(all).ok()).as_ref()?;
        match by_name.get(name) {
            Some(defining) => Some(defining),
            None => Some(&[]),
        }
    }
}

fn by_name<'m>(objects: &[ObjectName<'m>]) -> Result<ByName<'m>> {
    let mut by_name = ByName::new();
    for &object in objects {
        let symbols = open(&object)?.symbols()?;
        let named = symbols
            .entries
            .iter()
            .filter_map(|entry| symbols.named(entry));
        for symbol in named {
            let defining = by_name.entry(symbol.name.to_vec()).or_default();
            defining.push(DefiningObject {
                object,
                linkage: symbol.linkage,
                precedence: Precedence::of(&symbol),
            });
        }
    }
    Ok(by_name)
}

fn open(object: &ObjectName<'_>) -> Result<ElfFile> {
    ElfFile::open(Path::new(OsStr::from_bytes(&object.path())))
}

fn read(object: &ObjectName<'_>) -> Result<Vec<Definition>> {
    let elf = open(object)?;
    let mut definitions = Vec::new();
    let symbols = elf.symbols()?;
    // Each section is read once: one object file has the strings of all exported names.
    let mut contents = FastMap::default();
    for entry in &symbols.entries {
        let section = elf.section(entry.section);
        let constants = section.filter(|section| section.is_mergeable());
        if entry.size != 0 && constants.is_none() {
            continue;
        }
        let Some(symbol) = symbols.named(entry) else {
            continue;
        };
        let constant = match constants {
            Some(section) => {
                let content = match contents.entry(symbol.section) {
                    MapEntry::Occupied(known) => known.into_mut(),
                    MapEntry::Vacant(new) => new.insert(elf.content(section, 0, section.size)?),
                };
                let constant = constant(section, content, &symbol);
                Some(constant.ok_or_else(|| outside_of_section(object, &symbol))?)
            }
            None => None,
        };
        let section = match symbol.is_common() {
            true => [].as_slice(),
            false => elf
                .section_name(symbol.section)
                .ok_or_else(|| outside_of_section(object, &symbol))?,
        };
        definitions.push(Definition {
            name: symbol.name.to_vec(),
            section: section.to_vec(),
            offset: symbol.value,
            size: symbol.size,
            linkage: symbol.linkage,
            constant,
        });
    }
    Ok(definitions)
}

/// The bytes of a constant: as many as the symbol has, or the bytes of one entry if it has no size. `None`
/// if it begins or ends beyond the end of its section.
fn constant(section: &Section, content: &[u8], symbol: &Symbol<'_>) -> Option<Vec<u8>> {
    let from_symbol = content.get(usize::try_from(symbol.value).ok()?..)?;
    if symbol.size != 0 {
        let constant = from_symbol.get(..usize::try_from(symbol.size).ok()?)?;
        return Some(constant.to_vec());
    }
    // The last entry ends with the section, and a label at the end of the section has no bytes.
    let most = content.len().max(1);
    let width = usize::try_from(section.entry_size).map_or(most, |width| width.clamp(1, most));
    let is_end = |character: &[u8]| character.iter().all(|&byte| byte == 0);
    let length = match section.is_strings() {
        true => {
            let end = from_symbol.chunks(width).position(is_end);
            end.map_or(from_symbol.len(), |end| (end + 1) * width)
        }
        false => width,
    };
    let (constant, _) = from_symbol.split_at(length.min(from_symbol.len()));
    Some(constant.to_vec())
}

fn outside_of_section(object: &ObjectName<'_>, symbol: &Symbol<'_>) -> Error {
    let path = object.path();
    Error::in_file(
        Path::new(OsStr::from_bytes(&path)),
        format!("{} is not in its section as a whole", show(symbol.name)),
        "Remove the file and build again.",
    )
}
