// SPDX-License-Identifier: GPL-2.0

//! The maps of one link: that of vmlinux, and that of vmlinux.o where vmlinux is linked from it.

use std::cell::OnceCell;
use std::path::Path;

use crate::elf::{Elf, Section};
use crate::error::{show, Error, Result};
use crate::hash::FastMap;
use crate::layout::Layout;
use crate::map::{LinkMap, ObjectName, UnknownLine};
use crate::output;
use crate::script_symbols::ScriptSymbols;
use crate::vmlinux_o;

/// The texts of the maps, which what was parsed of them refers to.
#[derive(Default)]
pub(crate) struct Texts {
    outer: OnceCell<Vec<u8>>,
    inner: OnceCell<Vec<u8>>,
}

/// The parsed maps.
pub(crate) struct Maps<'m> {
    path: &'m Path,
    outer: LinkMap<'m>,
    /// The map of vmlinux.o.
    inner: Option<LinkMap<'m>>,
}

impl<'m> Maps<'m> {
    /// Reads the map `path` of vmlinux, and that of vmlinux.o if it is needed.
    pub(crate) fn read(path: &'m Path, texts: &'m Texts) -> Result<Self> {
        let outer = parse(path, &texts.outer)?;
        let inner = match vmlinux_o::is_needed(&outer) {
            true => Some(parse(Path::new(vmlinux_o::MAP), &texts.inner)?),
            false => None,
        };
        Ok(Self { path, outer, inner })
    }

    /// The objects in the order of the maps, those with several sections several times.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ObjectName<'m>> {
        let maps = self.inner.iter().chain([&self.outer]);
        maps.flat_map(|map| &map.objects)
    }

    /// The objects with a section `.text`, in the order of the link: such sections are in that order, as
    /// linker scripts do not sort them. Almost every object has one, if only an empty one.
    pub(crate) fn in_link_order(&self) -> impl Iterator<Item = &ObjectName<'m>> {
        let map = self.inner.as_ref().unwrap_or(&self.outer);
        let contributions = map
            .sections
            .iter()
            .flat_map(|section| &section.contributions);
        let code = contributions.filter(|contribution| contribution.section == b".text");
        code.map(|contribution| &contribution.object)
    }

    /// The objects that the links were given by themselves.
    pub(crate) fn given(&self) -> impl Iterator<Item = &ObjectName<'m>> {
        let maps = self.inner.iter().chain([&self.outer]);
        maps.flat_map(|map| &map.given)
    }

    /// The objects whose constants the link of the image may have merged, where its map does not say.
    pub(crate) fn objects_of_hidden_merging(&self) -> impl Iterator<Item = &ObjectName<'m>> {
        let map = Some(&self.outer).filter(|map| map.hides_merging);
        map.into_iter().flat_map(|map| &map.objects)
    }

    /// The first lines of unknown forms, each with its map.
    pub(crate) fn unknown_lines(&self) -> impl Iterator<Item = (&Path, &UnknownLine<'m>)> {
        let outer = self.outer.unknown.iter().map(|line| (self.path, line));
        let inner = self.inner.iter().flat_map(|map| &map.unknown);
        inner
            .map(|line| (Path::new(vmlinux_o::MAP), line))
            .chain(outer)
    }

    /// How many lines of unknown forms there are. If there are any, there may be more objects than those
    /// that the maps are known to name.
    pub(crate) fn unknown_count(&self) -> usize {
        let inner = self.inner.as_ref().map_or(0, |map| map.unknown_count);
        inner + self.outer.unknown_count
    }

    /// Whether the map is of the link that made `image`: sections of both begin at the same addresses,
    /// and code is as large. What tools add to data after a link, such as descriptions of types, may be.
    pub(crate) fn check(&self, image: &Elf) -> Result<()> {
        let mut places = FastMap::default();
        for (name, section) in image.allocated() {
            // Of several of one name it is not clear which is which.
            let place = if places.contains_key(name) {
                None
            } else {
                Some(section)
            };
            places.insert(name, place);
        }
        let mapped = self.outer.sections.iter();
        for mapped in mapped.filter(|mapped| mapped.is_allocated() && mapped.size != 0) {
            let section = places.get(mapped.name).copied().flatten();
            let differs = |section: &&Section| {
                section.address != mapped.address
                    || section.is_code() && section.size != mapped.size
            };
            if let Some(section) = section.filter(differs) {
                return Err(Error::in_file(
                    self.path,
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

    pub(crate) fn layout(&self) -> Result<Layout<'m>> {
        Layout::new(&self.outer, self.inner.as_ref())
    }

    pub(crate) fn script_symbols(&self) -> ScriptSymbols<'m> {
        ScriptSymbols::of(&self.outer)
    }

    /// The address of `_text`.
    pub(crate) fn text(&self) -> Result<u64> {
        self.outer.script_symbol(b"_text").ok_or_else(|| {
            Error::in_file(
                self.path,
                "the linker script does not define _text",
                "The tables count from it: this architecture is not supported. Turn CONFIG_KALLMODSYMS off.",
            )
        })
    }
}

fn parse<'m>(path: &Path, text: &'m OnceCell<Vec<u8>>) -> Result<LinkMap<'m>> {
    let content = output::read(path)?;
    LinkMap::parse(path, text.get_or_init(|| content))
}
