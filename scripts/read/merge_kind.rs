// SPDX-License-Identifier: GPL-2.0

//! The sections in which a linker merges equal constants or strings.

use std::path::Path;

use super::elf::{ElfFile, Section};
use crate::common::error::Result;

/// The kind of the constants in a section. Linkers merge equal constants of two sections only if both
/// sections have constants of the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MergeKind {
    /// Bytes of one entry.
    entry_size: u64,
    is_strings: bool,
}

impl MergeKind {
    /// The kind of `section`; `None` if linkers do not merge its constants.
    pub(crate) fn of(section: &Section) -> Option<Self> {
        section.is_mergeable().then(|| Self {
            entry_size: section.entry_size,
            is_strings: section.is_strings(),
        })
    }
}

/// A section of an object file whose constants linkers merge.
#[derive(Debug)]
pub(crate) struct MergeableSection {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: MergeKind,
}

/// The mergeable sections of the object file `path`.
pub(super) fn mergeable_sections(path: &Path) -> Result<Vec<MergeableSection>> {
    let elf = ElfFile::open(path)?;
    let sections = elf.allocated().filter_map(|(name, section)| {
        let kind = MergeKind::of(section)?;
        let name = name.to_vec();
        Some(MergeableSection { name, kind })
    });
    Ok(sections.collect())
}
