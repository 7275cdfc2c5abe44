// SPDX-License-Identifier: GPL-2.0

//! The definitions that an address alone does not assign to an object file: symbols without a size, and named
//! constants that linkers merge.
//!
//! An object file has few of these definitions, so they stay in memory once they are read. If the maps do not
//! tell the object file of a symbol, the generator searches the symbol tables of all object files for the
//! name of the symbol.

use std::collections::hash_map::{Entry as MapEntry, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::common::error::{show, Error, Result};
use crate::common::hash::FastMap;
use crate::read::elf::{ElfFile, Linkage, Section, Symbol};
use crate::read::map::ObjectName;
use crate::read::merge_kind::MergeKind;

/// The definition of a symbol in an object file: a symbol without a size, or a constant.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: Vec<u8>,
    /// The name of the section; empty for COMMON symbols, which are in no section.
    pub(super) section: Vec<u8>,
    /// Offset in the section.
    pub(super) offset: u64,
    /// The number of bytes; 0 for symbols other than constants.
    pub(super) size: u64,
    pub(super) linkage: Linkage,
    /// The constant; `None` if the section is not a section whose equal entries linkers merge.
    pub(super) constant: Option<Constant>,
}

/// A constant in a section whose equal entries linkers merge.
#[derive(Debug)]
pub(super) struct Constant {
    pub(super) kind: MergeKind,
    pub(super) bytes: Vec<u8>,
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

/// The precedence of a global definition. A definition in a section takes precedence over COMMON symbols, a
/// COMMON symbol over smaller COMMON symbols, and all of these over weak definitions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precedence {
    Weak,
    /// The size in bytes.
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
        // This thread does not hold the lock while it reads the file. At worst, both threads read it.
        let definitions: Arc<[Definition]> = read(&object)?.into();
        self.known().insert(object, Arc::clone(&definitions));
        Ok(definitions)
    }

    /// Locks the definitions that were read so far. A poisoned lock does no harm: a thread that panics with
    /// the lock held still leaves the map intact.
    fn known(&self) -> MutexGuard<'_, FastMap<ObjectName<'m>, Arc<[Definition]>>> {
        self.by_object
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The object files among `all` that define a symbol called `name`; `None` if one of `all` cannot be
    /// read. The first call reads the symbol tables of all of them.
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
    // Read each section once, as it can have many symbols: one object file has all exported names as strings.
    let mut contents = FastMap::default();
    for entry in &symbols.entries {
        let section = elf.section(entry.section);
        let constants = section.and_then(|section| Some((section, MergeKind::of(section)?)));
        if entry.size != 0 && constants.is_none() {
            continue;
        }
        let Some(symbol) = symbols.named(entry) else {
            continue;
        };
        let constant = match constants {
            Some((section, kind)) => {
                let content = match contents.entry(symbol.section) {
                    MapEntry::Occupied(known) => known.into_mut(),
                    MapEntry::Vacant(new) => new.insert(elf.content(section, 0, section.size)?),
                };
                let bytes = constant(section, content, &symbol);
                let bytes = bytes.ok_or_else(|| outside_of_section(object, &symbol))?;
                Some(Constant { kind, bytes })
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

/// The bytes of a constant: the size of `symbol` is their number. If `symbol` has no size, the constant is
/// one entry of the section. `None` if `symbol` begins or ends beyond the end of the section.
fn constant(section: &Section, content: &[u8], symbol: &Symbol<'_>) -> Option<Vec<u8>> {
    let from_symbol = content.get(usize::try_from(symbol.value).ok()?..)?;
    if symbol.size != 0 {
        let constant = from_symbol.get(..usize::try_from(symbol.size).ok()?)?;
        return Some(constant.to_vec());
    }
    // An entry ends at the end of the section at the latest. A label at the end of the section has no bytes.
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
