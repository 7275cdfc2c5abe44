// SPDX-License-Identifier: GPL-2.0

//! What single objects define, as far as addresses do not tell: symbols without a size and named
//! constants. Both are few in an object, so what was read of one is kept. Where the maps leave a symbol
//! open, all objects are searched for its name.

use std::collections::hash_map::{Entry as MapEntry, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::elf::{Elf, Nature, Section, Symbol};
use crate::error::Result;
use crate::hash::FastMap;
use crate::map::ObjectName;

/// A symbol that an object defines.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: Vec<u8>,
    /// The section's name.
    pub(crate) section: Vec<u8>,
    /// Offset in the section.
    pub(crate) offset: u64,
    /// Bytes; 0 for all but constants.
    pub(crate) size: u64,
    pub(crate) nature: Nature,
    /// In a section whose equal entries the linker merges: the bytes that make it equal to others.
    pub(crate) constant: Option<Vec<u8>>,
}

/// The definitions of the objects asked for so far, by any thread.
#[derive(Default)]
pub(crate) struct Definitions<'m> {
    objects: Mutex<FastMap<ObjectName<'m>, Arc<[Definition]>>>,
    /// What all objects define; `None` if one of them cannot be read.
    everywhere: OnceLock<Option<ByName<'m>>>,
}

type ByName<'m> = HashMap<Vec<u8>, Vec<Definer<'m>>>;

/// An object that defines a symbol of some name.
#[derive(Clone, Copy)]
pub(crate) struct Definer<'m> {
    pub(crate) object: ObjectName<'m>,
    pub(crate) nature: Nature,
    /// Of several global definitions of a name the linker takes the one of the highest rank.
    pub(crate) rank: Rank,
}

/// What goes before what: a definition in a section before a COMMON symbol, the larger of these before
/// the smaller, and both before a weak definition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Weak,
    /// Bytes.
    Common(u64),
    InSection,
}

impl Rank {
    fn of(symbol: &Symbol<'_>) -> Self {
        match (symbol.nature.is_weak, symbol.is_common()) {
            (_, true) => Self::Common(symbol.size),
            (true, false) => Self::Weak,
            (false, false) => Self::InSection,
        }
    }
}

impl<'m> Definitions<'m> {
    /// The symbols without a size and the constants of `object`, in the order of its symbol table.
    pub(crate) fn of(&self, object: ObjectName<'m>) -> Result<Arc<[Definition]>> {
        if let Some(definitions) = self.known().get(&object) {
            return Ok(Arc::clone(definitions));
        }
        // Not locked while it is read: at worst two threads read the same.
        let definitions: Arc<[Definition]> = read(&object)?.into();
        self.known().insert(object, Arc::clone(&definitions));
        Ok(definitions)
    }

    fn known(&self) -> MutexGuard<'_, FastMap<ObjectName<'m>, Arc<[Definition]>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which of `all` objects define a symbol called `name`; `None` if one of the objects cannot be read.
    /// They are all read with the first call.
    pub(crate) fn called(&self, name: &[u8], all: &[ObjectName<'m>]) -> Option<&[Definer<'m>]> {
        let everywhere = self.everywhere.get_or_init(|| by_name(all).ok());
        let definers = everywhere.as_ref()?.get(name);
        Some(definers.map_or(&[], Vec::as_slice))
    }
}

fn by_name<'m>(objects: &[ObjectName<'m>]) -> Result<ByName<'m>> {
    let mut by_name = ByName::new();
    for &object in objects {
        let symbols = open(&object)?.symbols()?;
        for entry in &symbols.entries {
            if let Some(symbol) = symbols.named(entry) {
                let definers = by_name.entry(symbol.name.to_vec()).or_default();
                definers.push(Definer {
                    object,
                    nature: symbol.nature,
                    rank: Rank::of(&symbol),
                });
            }
        }
    }
    Ok(by_name)
}

fn open(object: &ObjectName<'_>) -> Result<Elf> {
    Elf::open(Path::new(OsStr::from_bytes(&object.path())))
}

fn read(object: &ObjectName<'_>) -> Result<Vec<Definition>> {
    let elf = open(object)?;
    let mut definitions = Vec::new();
    let symbols = elf.symbols()?;
    // Each section is read once: one object has the strings of all exported names.
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
                Some(constant(section, content, &symbol))
            }
            None => None,
        };
        definitions.push(Definition {
            name: symbol.name.to_vec(),
            section: elf.section_name(symbol.section).to_vec(),
            offset: symbol.value,
            size: symbol.size,
            nature: symbol.nature,
            constant,
        });
    }
    Ok(definitions)
}

/// The bytes of a constant: as many as the symbol has, or, if it has no size, those of one entry.
fn constant(section: &Section, content: &[u8], symbol: &Symbol<'_>) -> Vec<u8> {
    let start = usize::try_from(symbol.value).ok();
    let rest = start.and_then(|start| content.get(start..));
    let rest = rest.unwrap_or_default();
    let width = usize::try_from(section.entry_size.max(1)).unwrap_or(usize::MAX);
    let is_end = |character: &[u8]| character.iter().all(|&byte| byte == 0);
    let len = match symbol.size {
        0 if section.is_strings() => {
            let end = rest.chunks(width).position(is_end);
            end.map_or(rest.len(), |end| (end + 1).saturating_mul(width))
        }
        0 => width,
        size => usize::try_from(size).unwrap_or(usize::MAX),
    };
    rest.get(..len).unwrap_or(rest).to_vec()
}
