// SPDX-License-Identifier: GPL-2.0

//! Link maps: which object put what where.
//!
//! One parser a linker ([`gnu`], [`lld`]) and one result for both, [`LinkMap`]. The parsers are
//! strict: a line of a form that they do not know ends the link, because a line that is passed over
//! is a range that is credited to its neighbour.

mod gnu;
mod lld;
mod merged;
mod object;
mod text;

use std::path::Path;

use crate::error::{show, Error, Result};
use crate::lines::Lines;

pub(crate) use merged::kind;
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
    /// Whether the map says that the linker merged equal constants of several inputs here.
    pub merged: bool,
    /// Whether the map says so of another of its kind, from which constants may be here.
    pub alike: bool,
    /// Line of the map.
    pub line: usize,
}

impl Contribution<'_> {
    /// Address behind the last byte.
    pub(crate) fn end(&self) -> u64 {
        self.address.saturating_add(self.size)
    }

    /// Whether constants that were merged may be here, but the map does not say that they are.
    pub(crate) fn may_be_merged(&self) -> bool {
        self.alike || self.is_internal()
    }

    /// Whether LLD made this stretch, of nothing or of what it merged.
    pub(crate) fn is_internal(&self) -> bool {
        self.object.is(b"<internal>")
    }

    /// Whether the linker made this stretch.
    pub(crate) fn is_made_by_linker(&self) -> bool {
        self.is_internal() || self.object.is(b"linker stubs")
    }

    /// Whether what is at its address can be another object's too, as its constants or strings were
    /// merged with equal ones.
    pub(crate) fn is_mergeable(&self) -> bool {
        self.merged || merged::is_mergeable(self.section)
    }
}

/// An output section and what it was made of.
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
}

impl OutputSection<'_> {
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

/// A whole map.
#[derive(Debug, Default)]
pub(crate) struct LinkMap<'m> {
    pub sections: Vec<OutputSection<'m>>,
    pub script_symbols: Vec<ScriptSymbol<'m>>,
    /// The objects in the order in which the map has them, also those that contribute nothing. One
    /// that has several sections is there several times.
    pub objects: Vec<ObjectName<'m>>,
}

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

    /// Adds `contribution` to the last output section.
    fn add(&mut self, contribution: Contribution<'m>) -> std::result::Result<(), &'static str> {
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

/// The failure for a line that no parser knows.
fn unknown_line(path: &Path, number: usize, line: &[u8], problem: &str) -> Error {
    Error::at_line(
        path,
        number,
        format!("{problem}: '{}'", show(line)),
        "Remove the map and build again. If the line is right, this linker writes a form that is \
         not known yet: please report the line and the linker's version.",
    )
}
