// SPDX-License-Identifier: GPL-2.0

//! vmlinux.o, the object that is made of all others, where vmlinux is linked from it: its sections, as
//! its own map and its headers have them.

use std::path::Path;

use crate::elf::{Elf, Section};
use crate::error::{show, Error, Result};
use crate::hash::FastMap;
use crate::map::{Contribution, LinkMap, ObjectName, OutputSection};
use crate::objects::MergeKind;

const VMLINUX_O: &str = "vmlinux.o";

/// Its map.
pub(crate) const MAP: &str = "vmlinux.o.map";

/// Whether `object` is the one that is made of all others.
pub(crate) fn is_it(object: &ObjectName<'_>) -> bool {
    object.is(VMLINUX_O.as_bytes())
}

/// Whether `map` is of a link from vmlinux.o.
pub(crate) fn is_needed(map: &LinkMap<'_>) -> bool {
    map.objects.iter().any(is_it)
}

/// A section of vmlinux.o.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a, 'm> {
    pub(crate) section: &'a OutputSection<'m>,
    /// With what the link of the image merged its constants, where the map of that does not show it.
    pub(crate) kind: Option<MergeKind>,
}

/// The sections of vmlinux.o by name, each with how many of them the outer map has used.
pub(crate) struct Parts<'a, 'm> {
    parts: FastMap<&'m [u8], (usize, Vec<Part<'a, 'm>>)>,
}

impl<'a, 'm> Parts<'a, 'm> {
    /// The sections in `map`, whose constants are merged by what vmlinux.o says, if the map of the link of
    /// the image `hides_merging`.
    pub(crate) fn new(map: &'a LinkMap<'m>, hides_merging: bool) -> Result<Self> {
        let mut parts: FastMap<_, (usize, Vec<_>)> = FastMap::default();
        for section in &map.sections {
            let part = Part {
                section,
                kind: None,
            };
            parts.entry(section.name).or_default().1.push(part);
        }
        for (name, section) in Elf::open(Path::new(VMLINUX_O))?.allocated() {
            let Some((_, alike)) = parts.get_mut(name) else {
                continue;
            };
            // objtool changes no code.
            if let ([part], true) = (&alike[..], section.is_code()) {
                check_code(part.section, section)?;
            }
            if let Some(kind) = MergeKind::of(section).filter(|_| hides_merging) {
                let same = alike.iter_mut();
                for part in same.filter(|part| part.section.size == section.size) {
                    part.kind = Some(kind);
                }
            }
        }
        Ok(Self { parts })
    }

    /// The section of vmlinux.o that `outer` is: of several of one name, the next.
    pub(crate) fn part(&mut self, outer: &Contribution<'m>) -> Option<Part<'a, 'm>> {
        let (used, parts) = self.parts.get_mut(outer.section)?;
        let index = std::mem::replace(used, *used + 1);
        parts.get(index).copied()
    }
}

/// Whether a section of code in the map of vmlinux.o can be the one in vmlinux.o.
fn check_code(mapped: &OutputSection<'_>, section: &Section) -> Result<()> {
    match mapped.size == section.size {
        true => Ok(()),
        false => Err(Error::in_file(
            Path::new(MAP),
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
