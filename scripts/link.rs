// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms link`: one pass of the link of vmlinux, from its maps to its tables.

use std::path::{Path, PathBuf};

use crate::builtin::BuiltinModules;
use crate::elf::Elf;
use crate::emit;
use crate::error::{Error, Result};
use crate::exceptions;
use crate::layout::{self, Layout};
use crate::map::LinkMap;
use crate::objects::Objects;
use crate::output;
use crate::owners;
use crate::ranges;
use crate::reports;
use crate::symbols::{self, Order};
use crate::tables::{self, Tables};

const VMLINUX_O_MAP: &str = "vmlinux.o.map";
const MODULES_BUILTIN: &str = "modules.builtin";
const RANGES: &str = ".tmp_vmlinux.ranges";
const MODULES_THICK: &str = "modules_thick.builtin";

/// Writes the tables for the pass that linked `stem` to standard output.
pub(crate) fn run(stem: &Path) -> Result<()> {
    if is_first_pass(stem)? {
        let no_modules = BuiltinModules::default();
        return output::print(&emit::assembler(
            &Tables::default(),
            &[],
            &[],
            0,
            &Objects::new(&no_modules),
        ));
    }
    let builtin_path = Path::new(MODULES_BUILTIN);
    let builtin = BuiltinModules::parse(builtin_path, &output::read(builtin_path)?)?;

    let map_path = with_suffix(stem, ".map");
    let map_text = output::read(&map_path)?;
    let map = LinkMap::parse(&map_path, &map_text)?;
    let inner_path = Path::new(VMLINUX_O_MAP);
    let inner_text = if layout::needs_vmlinux_o(&map) {
        Some(output::read(inner_path)?)
    } else {
        None
    };
    let inner = inner_text
        .as_deref()
        .map(|text| LinkMap::parse(inner_path, text))
        .transpose()?;
    let layout = Layout::new(&map_path, &map, inner.as_ref())?;

    let mut objects = Objects::new(&builtin);
    for object in inner.iter().chain([&map]).flat_map(|map| &map.objects) {
        if !layout::is_vmlinux_o(object) {
            objects.modules_of(*object)?;
        }
    }

    let image = Elf::open(stem)?;
    let symbol_table = image.symbols()?;
    let symbols = symbols::listed(
        stem,
        &Order::read(&with_suffix(stem, ".kallsyms.S"))?,
        &symbol_table,
    )?;
    let modules = owners::of_symbols(
        &map_path,
        &symbols,
        &image,
        &layout,
        &map.script_symbol_names(),
        &mut objects,
    )?;

    let text = map.script_symbol(b"_text").ok_or_else(|| {
        let problem = "the linker script does not define _text";
        Error::in_file(
            &map_path,
            problem,
            "The tables count from it; this architecture is not supported.",
        )
    })?;
    let ranges = ranges::fuse(&layout.pieces, text, &mut objects)?;
    let exceptions = exceptions::find(&symbols, &modules, &ranges, text)?;
    let tables = tables::encode(&ranges, &exceptions, &objects, &builtin)?;
    tables::check(&tables, &symbols, &modules, text, &objects, &builtin)?;

    output::replace(Path::new(RANGES), &reports::ranges(&layout.pieces))?;
    output::replace(
        Path::new(MODULES_THICK),
        &reports::modules_thick(&objects, &builtin),
    )?;
    output::print(&emit::assembler(
        &tables,
        &ranges,
        &exceptions,
        text,
        &objects,
    ))
}

/// The first pass of the link has no symbols yet: its tables are only there to be linked against.
fn is_first_pass(stem: &Path) -> Result<bool> {
    let path = with_suffix(stem, ".syms");
    let metadata = std::fs::metadata(&path);
    let metadata = metadata.map_err(|error| {
        Error::in_file(
            &path,
            error.to_string(),
            "Run this in the build directory, with the name of what the pass linked.",
        )
    })?;
    Ok(metadata.len() == 0)
}

fn with_suffix(stem: &Path, suffix: &str) -> PathBuf {
    let mut path = stem.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
