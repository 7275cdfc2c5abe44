// SPDX-License-Identifier: GPL-2.0

//! Link maps: which object put what where.
//!
//! One parser a linker ([`gnu`], [`lld`]) and one result for both, [`LinkMap`]. No line is passed over:
//! where the form of one is not known, it is not known whose the bytes there are, and nobody gets them.

mod gnu;
mod lld;
mod object;
mod text;

use std::path::Path;

use crate::error::{Error, Result};
use crate::hash::FastSet;
use crate::lines::Lines;

pub(crate) use object::ObjectName;

/// A stretch of an output section that came from one input section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contribution<'m> {
    /// Address of the first byte; in a map of a relocatable link, offset in the output section.
    pub address: u64,
    /// Bytes; 0 for an empty input section.
    pub size: u64,
    /// The input section's name.
    pub section: &'m [u8],
    /// The object file that it came from.
    pub object: ObjectName<'m>,
}

impl Contribution<'_> {
    /// Address behind the last byte.
    pub(crate) fn end(&self) -> u64 {
        self.address.saturating_add(self.size)
    }

    /// Whether LLD made this stretch, of nothing or of constants that it merged.
    pub(crate) fn is_internal(&self) -> bool {
        self.object.is(b"<internal>")
    }

    /// Whether the linker made this stretch.
    pub(crate) fn is_made_by_linker(&self) -> bool {
        self.is_internal() || self.object.is(b"linker stubs")
    }
}

/// An output section and what it was made of. The one of a line of an unknown form has no name and is
/// nowhere, so that what follows is in no other one.
#[derive(Debug, Default)]
pub(crate) struct OutputSection<'m> {
    pub name: &'m [u8],
    /// Address of the first byte.
    pub address: u64,
    /// Bytes.
    pub size: u64,
    /// Address that it is loaded at, where the map gives one.
    pub load_address: Option<u64>,
    /// In the order of the map, which is that of rising addresses.
    pub contributions: Vec<Contribution<'m>>,
    /// Where lines of an unknown form are: how many contributions are before each.
    pub unknown: Vec<usize>,
}

impl<'m> OutputSection<'m> {
    /// A section to which nothing was added yet.
    fn new(name: &'m [u8], address: u64, size: u64, load_address: Option<u64>) -> Self {
        Self {
            name,
            address,
            size,
            load_address,
            ..Self::default()
        }
    }

    /// Whether the section is part of the running kernel. The map does not say so, but only
    /// sections that are not have both their addresses at 0 (x86_64's per-cpu section has a load
    /// address above 0).
    pub(crate) fn is_allocated(&self) -> bool {
        self.address != 0 || self.load_address.is_some_and(|address| address != 0)
    }
}

/// A symbol that the linker script defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScriptSymbol<'m> {
    /// Its address, but in LLD's map of a symbol with a `target`, which says there where the script is.
    pub address: u64,
    pub name: &'m [u8],
    /// The symbol that it is made equal to, where the script just says so.
    pub target: Option<&'m [u8]>,
}

/// A line of an unknown form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnknownLine<'m> {
    /// Which line of the map it is.
    pub number: usize,
    pub text: &'m [u8],
    /// What is not known of it.
    pub problem: &'static str,
}

/// What the line of a map turned out to be: as expected, or else what is not known of it.
type Parsed = std::result::Result<(), &'static str>;

/// A whole map.
#[derive(Debug, Default)]
pub(crate) struct LinkMap<'m> {
    pub sections: Vec<OutputSection<'m>>,
    pub script_symbols: Vec<ScriptSymbol<'m>>,
    /// The objects in the order in which the map has them, also those that contribute nothing. One
    /// that has several sections is there several times.
    pub objects: Vec<ObjectName<'m>>,
    /// The files that the link was given by themselves, and not as members of an archive.
    pub given: FastSet<ObjectName<'m>>,
    /// The first lines of unknown forms.
    pub unknown: Vec<UnknownLine<'m>>,
    /// How many of these there are.
    pub unknown_count: usize,
    /// Whether the map leaves open where constants are that the linker merged. LLD's does not: it has
    /// them in stretches that are [internal](Contribution::is_internal).
    pub hides_merging: bool,
}

/// So many lines of unknown forms are kept to be told of.
const MOST_UNKNOWN: usize = 1000;

impl<'m> LinkMap<'m> {
    /// Parses the map `text` of either linker; `path` is for messages.
    pub(crate) fn parse(path: &Path, text: &'m [u8]) -> Result<Self> {
        let first_line = Lines(text).next().unwrap_or_default();
        let map = if lld::is_header(first_line) {
            lld::parse(path, text)?
        } else {
            gnu::parse(path, text)?
        };
        if map.sections.is_empty() {
            return Err(Error::in_file(
                path,
                "no section found: this is not a link map of GNU ld or LLD, or it is cut short",
                "Remove it and build again; the link of vmlinux makes it.",
            ));
        }
        Ok(map)
    }

    /// Notes what became of line `number`.
    fn note(&mut self, number: usize, text: &'m [u8], parsed: Parsed) {
        let Err(problem) = parsed else {
            return;
        };
        self.unknown_count += 1;
        if self.unknown.len() < MOST_UNKNOWN {
            self.unknown.push(UnknownLine {
                number,
                text,
                problem,
            });
        }
        if let Some(section) = self.sections.last_mut() {
            section.unknown.push(section.contributions.len());
        }
    }

    /// Adds `contribution` to the last output section.
    fn add(&mut self, contribution: Contribution<'m>) -> Parsed {
        let section = self
            .sections
            .last_mut()
            .ok_or("an input section before the first output section")?;
        section.contributions.push(contribution);
        if !contribution.is_made_by_linker() && self.objects.last() != Some(&contribution.object) {
            self.objects.push(contribution.object);
        }
        Ok(())
    }

    /// The address of the script symbol `name`.
    pub(crate) fn script_symbol(&self, name: &[u8]) -> Option<u64> {
        self.script_symbols
            .iter()
            .find(|symbol| symbol.name == name)
            .map(|symbol| symbol.address)
    }
}
