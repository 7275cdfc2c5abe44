// SPDX-License-Identifier: GPL-2.0

//! A parsed link map: the address and the object file of each input section.
//!
//! The map counts the lines of an unknown form and keeps the first of them. The object files of the bytes at such
//! a line are not known.

use super::object_name::ObjectName;
use crate::common::hash::FastSet;

/// The bytes that one input section contributed to an output section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contribution<'m> {
    /// Address of the first byte. In the map of a relocatable link: offset of that byte in the output
    /// section.
    pub address: u64,
    /// The number of bytes; 0 for an empty input section.
    pub size: u64,
    /// The input section's name.
    pub section: &'m [u8],
    /// The object file of the input section.
    pub object: ObjectName<'m>,
}

impl Contribution<'_> {
    /// Address after the last byte.
    pub(crate) fn end(&self) -> u64 {
        self.address.saturating_add(self.size)
    }

    /// Return: true if LLD made these bytes by itself, or merged them from the constants of object files.
    pub(crate) fn is_internal(&self) -> bool {
        self.object.is(b"<internal>")
    }

    /// Return: true if the linker made these bytes.
    pub(crate) fn is_made_by_linker(&self) -> bool {
        self.is_internal() || self.object.is(b"linker stubs")
    }
}

/// An output section and its contributions. If a line of an unknown form may begin an output section, the
/// parser adds a section with an empty name and the address 0. Otherwise it would add the contributions after
/// the line to the previous output section.
#[derive(Debug, Default)]
pub(crate) struct OutputSection<'m> {
    pub name: &'m [u8],
    /// Address of the first byte.
    pub address: u64,
    /// Bytes.
    pub size: u64,
    /// The load address of the section, if the map prints a load address.
    pub load_address: Option<u64>,
    /// In the order of the map: by rising address.
    pub contributions: Vec<Contribution<'m>>,
    /// For each line of an unknown form, the number of contributions before the line.
    pub unknown: Vec<usize>,
}

impl<'m> OutputSection<'m> {
    /// A section without contributions.
    pub(super) fn new(name: &'m [u8], address: u64, size: u64, load_address: Option<u64>) -> Self {
        Self {
            name,
            address,
            size,
            load_address,
            ..Self::default()
        }
    }

    /// Return: true if the section is part of the running kernel. The map has no such flag. But a section
    /// that is not part of the running kernel has address 0, and load address 0 or none. The per-cpu section
    /// of x86_64 in Linux 6.12 has address 0, but a load address above 0.
    pub(crate) fn is_allocated(&self) -> bool {
        self.address != 0 || self.load_address.is_some_and(|address| address != 0)
    }
}

/// A symbol that the linker script defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScriptSymbol<'m> {
    /// The address of the symbol. For a symbol with a `target`, LLD's map instead has the location counter at
    /// the assignment.
    pub address: u64,
    pub name: &'m [u8],
    /// The symbol that the script makes this symbol equal to, if the expression is a single symbol.
    pub target: Option<&'m [u8]>,
}

/// A line of an unknown form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnknownLine<'m> {
    /// 1-based number in the map.
    pub number: usize,
    pub text: &'m [u8],
    /// The part of the line that the parser did not find.
    pub problem: &'static str,
}

/// The result of parsing one line of a map. The error is the part that the parser did not find.
pub(super) type Parsed = std::result::Result<(), &'static str>;

/// A whole map.
#[derive(Debug, Default)]
pub(crate) struct LinkMap<'m> {
    pub sections: Vec<OutputSection<'m>>,
    pub script_symbols: Vec<ScriptSymbol<'m>>,
    /// The object files in the order of the map, including object files with only empty contributions. An
    /// object file with several sections may be in the list several times.
    pub objects: Vec<ObjectName<'m>>,
    /// The object files on the command line of the link; with GNU ld, the archives, too. Members of archives
    /// are not on the command line.
    pub given: FastSet<ObjectName<'m>>,
    /// The first lines of unknown forms.
    pub unknown: Vec<UnknownLine<'m>>,
    /// The number of all lines of unknown forms.
    pub unknown_count: usize,
    /// True if the map does not tell which contributions are merged constants. LLD's map tells: contributions
    /// of merged constants are [internal](Contribution::is_internal).
    pub hides_merging: bool,
}

/// [`LinkMap::unknown`] has at most this many lines.
const MOST_UNKNOWN: usize = 1000;

impl<'m> LinkMap<'m> {
    /// Records line `number` as a line of an unknown form if `parsed` is an error.
    pub(super) fn note(&mut self, number: usize, text: &'m [u8], parsed: Parsed) {
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
    pub(super) fn add(&mut self, contribution: Contribution<'m>) -> Parsed {
        let section = self.sections.last_mut();
        let section = section.ok_or("an input section before the first output section")?;
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
