// SPDX-License-Identifier: GPL-2.0

//! The sections of vmlinux.o, from the map of vmlinux.o and from the section headers in vmlinux.o.

use std::path::Path;

use crate::common::error::{show, Error, Result};
use crate::common::hash::FastMap;
use crate::read::elf::{ElfFile, Section};
use crate::read::map::{Contribution, LinkMap, OutputSection};
use crate::read::merge_kind::MergeKind;
use crate::read::vmlinux_o;

/// A section of vmlinux.o.
#[derive(Clone, Copy)]
pub(super) struct VmlinuxOSection<'a, 'm> {
    pub(super) section: &'a OutputSection<'m>,
    /// The kind of the constants in the section, if the link of the image merged them and the map of the
    /// image does not show the merging. `None` for other sections.
    pub(super) kind: Option<MergeKind>,
}

/// The sections of one name.
#[derive(Default)]
struct SameName<'a, 'm> {
    sections: Vec<VmlinuxOSection<'a, 'm>>,
    /// The number of these sections that [`VmlinuxOSections::next_for`] has returned.
    used: usize,
}

/// The sections of vmlinux.o by name.
pub(super) struct VmlinuxOSections<'a, 'm> {
    by_name: FastMap<&'m [u8], SameName<'a, 'm>>,
}

impl<'a, 'm> VmlinuxOSections<'a, 'm> {
    /// Reads the sections in `map`, the map of vmlinux.o. `hides_merging` tells whether the map of the image
    /// hides the merging of constants. If so, the section headers of vmlinux.o tell which sections have
    /// merged constants.
    pub(super) fn read(map: &'a LinkMap<'m>, hides_merging: bool) -> Result<Self> {
        let mut by_name: FastMap<_, SameName<'_, '_>> = FastMap::default();
        for section in &map.sections {
            let same_name = by_name.entry(section.name).or_default();
            same_name.sections.push(VmlinuxOSection {
                section,
                kind: None,
            });
        }
        for (name, header) in ElfFile::open(Path::new(vmlinux_o::PATH))?.allocated() {
            // The map does not have the sections that objtool added after the link.
            let Some(SameName { sections, .. }) = by_name.get_mut(name) else {
                continue;
            };
            // objtool does not change the size of code. Sections of one name cannot be told apart.
            if let ([only], true) = (&sections[..], header.is_code()) {
                check_code(only.section, header)?;
            }
            if let Some(kind) = MergeKind::of(header).filter(|_| hides_merging) {
                let same_size = sections.iter_mut();
                for section in same_size.filter(|same| same.section.size == header.size) {
                    section.kind = Some(kind);
                }
            }
        }
        Ok(Self { by_name })
    }

    /// The section of vmlinux.o that became `contribution`. Contributions of one name come from the sections
    /// of that name in order. `None` if the map of vmlinux.o has no further section of the name.
    pub(super) fn next_for(
        &mut self,
        contribution: &Contribution<'m>,
    ) -> Option<VmlinuxOSection<'a, 'm>> {
        let same_name = self.by_name.get_mut(contribution.section)?;
        let section = same_name.sections.get(same_name.used).copied();
        same_name.used += 1;
        section
    }
}

/// Checks that a section of code has the same size in the map and in vmlinux.o.
fn check_code(mapped: &OutputSection<'_>, section: &Section) -> Result<()> {
    match mapped.size == section.size {
        true => Ok(()),
        false => Err(Error::in_file(
            Path::new(vmlinux_o::MAP),
            format!(
                "section {} has {:#x} bytes, and in vmlinux.o {:#x}",
                show(mapped.name),
                mapped.size,
                section.size
            ),
            "The map is of another link. Remove it and vmlinux.o, and build again.",
        )),
    }
}
