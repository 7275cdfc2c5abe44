// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms link`: one pass of the link of vmlinux, from its maps to its tables.

use std::path::{Path, PathBuf};

use crate::builtin::BuiltinModules;
use crate::config::Config;
use crate::elf::Elf;
use crate::emit::{self, Source};
use crate::error::{Error, Result};
use crate::exceptions;
use crate::layout::{self, Layout};
use crate::map::LinkMap;
use crate::objects::Objects;
use crate::output;
use crate::owners;
use crate::ranges;
use crate::reports;
use crate::sizes::Sizes;
use crate::symbols::{self, Order};
use crate::tables::{self, Tables};

const VMLINUX_O_MAP: &str = "vmlinux.o.map";
const MODULES_BUILTIN: &str = "modules.builtin";
const RANGES: &str = ".tmp_vmlinux.ranges";
const MODULES_THICK: &str = "modules_thick.builtin";

/// Writes the tables for the pass that linked `stem` to standard output.
pub(crate) fn run(stem: &Path) -> Result<()> {
    let config = Config::read()?;
    if is_first_pass(stem)? {
        return empty_tables(&config);
    }
    let builtin_path = Path::new(MODULES_BUILTIN);
    let builtin = BuiltinModules::parse(builtin_path, &output::read(builtin_path)?)?;

    let map_path = with_suffix(stem, ".map");
    let map_text = output::read(&map_path)?;
    let map = LinkMap::parse(&map_path, &map_text)?;
    let inner_path = Path::new(VMLINUX_O_MAP);
    let inner_text = layout::needs_vmlinux_o(&map).then(|| output::read(inner_path));
    let inner_text = inner_text.transpose()?;
    let inner = inner_text
        .as_deref()
        .map(|text| LinkMap::parse(inner_path, text));
    let inner = inner.transpose()?;
    let layout = Layout::new(&map_path, &map, inner.as_ref())?;

    let mut objects = Objects::new(&builtin);
    objects.add_all(inner.iter().chain([&map]).flat_map(|map| &map.objects))?;

    let image = Elf::open(stem)?;
    let symbol_table = image.symbols()?;
    let order = Order::read(&with_suffix(stem, ".kallsyms.S"))?;
    let symbols = symbols::listed(stem, &order, &symbol_table)?;
    let script_symbols = owners::ScriptSymbols::of(&map);
    let owners = owners::Sources {
        map: &map_path,
        image: &image,
        layout: &layout,
        script_symbols,
    };
    let modules = owners.modules_of(&symbols, &mut objects)?;

    let text = map
        .script_symbol(b"_text")
        .ok_or_else(|| no_text(&map_path))?;
    let ranges = ranges::fuse(&layout.pieces, text, &mut objects)?;
    let exceptions = exceptions::find(&symbols, &modules, &ranges, text)?;
    let tables = tables::encode(&ranges, &exceptions, &objects, &builtin)?;
    tables::check(&tables, &symbols, &modules, text, &objects, &builtin)?;

    let mut source = Source::new();
    emit::modules::write(&mut source, &tables, &ranges, &exceptions, text, &objects);
    if config.sizes {
        emit::sizes::write(&mut source, &Sizes::encode(&symbols)?, &symbols);
    }
    output::replace(Path::new(RANGES), &reports::ranges(&layout.pieces))?;
    output::replace(
        Path::new(MODULES_THICK),
        &reports::modules_thick(&objects, &builtin),
    )?;
    output::print(source.text())
}

/// Tables of a kernel without symbols.
fn empty_tables(config: &Config) -> Result<()> {
    let mut source = Source::new();
    let builtin = BuiltinModules::default();
    let tables = Tables::default();
    emit::modules::write(&mut source, &tables, &[], &[], 0, &Objects::new(&builtin));
    if config.sizes {
        emit::sizes::write(&mut source, &Sizes::encode(&[])?, &[]);
    }
    output::print(source.text())
}

fn no_text(map: &Path) -> Error {
    Error::in_file(
        map,
        "the linker script does not define _text",
        "The tables count from it; this architecture is not supported.",
    )
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
