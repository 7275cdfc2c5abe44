// SPDX-License-Identifier: GPL-2.0

//! The maps of one link: that of vmlinux, and that of vmlinux.o where vmlinux is linked from it.

use std::cell::OnceCell;
use std::path::Path;

use crate::error::{Error, Result};
use crate::layout::{self, Layout};
use crate::map::{LinkMap, ObjectName};
use crate::output;
use crate::owners::ScriptSymbols;

const VMLINUX_O_MAP: &str = "vmlinux.o.map";

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
        let inner = match layout::needs_vmlinux_o(&outer) {
            true => Some(parse(Path::new(VMLINUX_O_MAP), &texts.inner)?),
            false => None,
        };
        Ok(Self { path, outer, inner })
    }

    /// The objects in link order, those with several sections several times.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ObjectName<'m>> {
        let maps = self.inner.iter().chain([&self.outer]);
        maps.flat_map(|map| &map.objects)
    }

    pub(crate) fn layout(&self) -> Result<Layout<'m>> {
        Layout::new(self.path, &self.outer, self.inner.as_ref())
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
                "The tables count from it; this architecture is not supported.",
            )
        })
    }
}

fn parse<'m>(path: &Path, text: &'m OnceCell<Vec<u8>>) -> Result<LinkMap<'m>> {
    let content = output::read(path)?;
    LinkMap::parse(path, text.get_or_init(|| content))
}
