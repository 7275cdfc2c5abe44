// SPDX-License-Identifier: GPL-2.0

//! The link maps of one pass: the map of vmlinux, and the map of vmlinux.o if vmlinux is linked from
//! vmlinux.o.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::elf::{ElfFile, Section};
use super::input_file;
use super::map::{self, LinkMap, ObjectName, UnknownLine};
use super::vmlinux_o;
use crate::common::error::{show, Error, Result};
use crate::common::hash::FastMap;

/// The texts of the maps. The parsed maps borrow from them.
#[derive(Default)]
pub(super) struct MapTexts {
    vmlinux: OnceLock<Vec<u8>>,
    vmlinux_o: OnceLock<Vec<u8>>,
}

/// The parsed maps.
pub(crate) struct LinkMaps<'m> {
    /// The path of the map of vmlinux.
    pub(crate) path: PathBuf,
    pub(crate) vmlinux: LinkMap<'m>,
    pub(crate) vmlinux_o: Option<LinkMap<'m>>,
}

impl<'m> LinkMaps<'m> {
    /// Reads the map `path` of vmlinux, and the map of vmlinux.o if vmlinux is linked from vmlinux.o.
    pub(super) fn read(path: PathBuf, texts: &'m MapTexts) -> Result<Self> {
        let vmlinux = parse(&path, &texts.vmlinux)?;
        let vmlinux_o = match vmlinux_o::is_linked_into(&vmlinux) {
            true => Some(parse(Path::new(vmlinux_o::MAP), &texts.vmlinux_o)?),
            false => None,
        };
        Ok(Self {
            path,
            vmlinux,
            vmlinux_o,
        })
    }

    /// All maps. The map of vmlinux.o, if there is one, comes first.
    fn maps(&self) -> impl Iterator<Item = &LinkMap<'m>> {
        self.vmlinux_o.iter().chain([&self.vmlinux])
    }

    /// The object files in the order of the maps. An object file with several sections may come several
    /// times.
    pub(super) fn objects(&self) -> impl Iterator<Item = &ObjectName<'m>> {
        self.maps().flat_map(|map| &map.objects)
    }

    /// The object files with a section `.text`. They are in the order of the link, because linker scripts do
    /// not sort sections called `.text`. Almost every object file has one, which may be empty.
    pub(super) fn in_link_order(&self) -> impl Iterator<Item = &ObjectName<'m>> {
        // The link of vmlinux.o has the object files; without vmlinux.o, the link of vmlinux has them.
        let map = self.vmlinux_o.as_ref().unwrap_or(&self.vmlinux);
        let contributions = map
            .sections
            .iter()
            .flat_map(|section| &section.contributions);
        let code = contributions.filter(|contribution| contribution.section == b".text");
        code.map(|contribution| &contribution.object)
    }

    /// The object files on the command lines of the links.
    pub(super) fn given(&self) -> impl Iterator<Item = &ObjectName<'m>> {
        self.maps().flat_map(|map| &map.given)
    }

    /// The object files whose constants may be merged in the image. Empty if the map of vmlinux shows the
    /// merging.
    pub(super) fn objects_of_hidden_merging(&self) -> impl Iterator<Item = &ObjectName<'m>> {
        let map = Some(&self.vmlinux).filter(|map| map.hides_merging);
        map.into_iter().flat_map(|map| &map.objects)
    }

    /// The first lines of unknown forms, each with the path of its map.
    pub(crate) fn unknown_lines(&self) -> impl Iterator<Item = (&Path, &UnknownLine<'m>)> {
        let of_vmlinux_o = self.vmlinux_o.iter().flat_map(|map| &map.unknown);
        let of_vmlinux_o = of_vmlinux_o.map(|line| (Path::new(vmlinux_o::MAP), line));
        let of_vmlinux = self.vmlinux.unknown.iter();
        of_vmlinux_o.chain(of_vmlinux.map(|line| (self.path.as_path(), line)))
    }

    /// The number of lines of unknown forms. If this number is not 0, there may be object files that only
    /// these lines name.
    pub(crate) fn unknown_count(&self) -> usize {
        self.maps().map(|map| map.unknown_count).sum()
    }

    /// Checks that the map of vmlinux is of the link that made `image`. In the map and in `image`, a section
    /// must begin at the same address, and a section of code must have the same size. The sizes of data may
    /// differ, because tools add data after a link, such as descriptions of types.
    pub(super) fn check(&self, image: &ElfFile) -> Result<()> {
        let mut places = FastMap::default();
        for (name, section) in image.allocated() {
            // Sections of the same name cannot be told apart, so the check leaves them out.
            let place = if places.contains_key(name) {
                None
            } else {
                Some(section)
            };
            places.insert(name, place);
        }
        let mapped = self.vmlinux.sections.iter();
        for mapped in mapped.filter(|mapped| mapped.is_allocated() && mapped.size != 0) {
            let section = places.get(mapped.name).copied().flatten();
            let differs = |section: &&Section| {
                section.address != mapped.address
                    || section.is_code() && section.size != mapped.size
            };
            if let Some(section) = section.filter(differs) {
                return Err(Error::in_file(
                    &self.path,
                    format!(
                        "section {} has {:#x} bytes at {:#x}, and {:#x} at {:#x} in what was linked",
                        show(mapped.name),
                        mapped.size,
                        mapped.address,
                        section.size,
                        section.address,
                    ),
                    "The map is of another link. Remove it and vmlinux, and build again.",
                ));
            }
        }
        Ok(())
    }

    /// The address of `_text`.
    pub(crate) fn text(&self) -> Result<u64> {
        self.vmlinux.script_symbol(b"_text").ok_or_else(|| {
            Error::in_file(
                &self.path,
                "the linker script does not define _text",
                "The tables count from it: this architecture is not supported. Turn CONFIG_KALLMODSYMS off.",
            )
        })
    }
}

fn parse<'m>(path: &Path, text: &'m OnceLock<Vec<u8>>) -> Result<LinkMap<'m>> {
    let content = input_file::read(path)?;
    map::parse(path, text.get_or_init(|| content))
}
