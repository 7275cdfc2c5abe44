// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms link`: one pass of the link of vmlinux, from its maps to its tables.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use crate::both::both;
use crate::builtin::BuiltinModules;
use crate::config::Config;
use crate::elf::{Elf, SymbolTable};
use crate::emit::{self, Source};
use crate::error::{Error, Result};
use crate::exceptions;
use crate::layout::{self, Layout};
use crate::map::LinkMap;
use crate::objects::Objects;
use crate::output;
use crate::owners::{self, ScriptSymbols};
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
    let order_path = with_suffix(stem, ".kallsyms.S");
    let (map_text, (image, symbol_table)) = both(|| output::read(&map_path), || open(stem))?;

    let inner_text = OnceCell::new();
    let (placed, (symbols, sizes)) = both(
        || Placed::read(&map_path, &map_text, &inner_text, &builtin),
        || {
            let order = Order::open(&order_path)?;
            let symbols = symbols::listed(stem, order, &symbol_table)?;
            let sizes = config.sizes.then(|| Sizes::encode(&symbols)).transpose()?;
            Ok((symbols, sizes))
        },
    )?;
    let Placed {
        script_symbols,
        text,
        layout,
        mut objects,
    } = placed;

    let owners = owners::Sources {
        map: &map_path,
        image: &image,
        layout: &layout,
        script_symbols,
    };
    let (mut source, pieces) = both(
        || {
            let modules = owners.modules_of(&symbols, &mut objects)?;
            let ranges = ranges::fuse(&layout.pieces, text, &mut objects, &symbols, &modules)?;
            let exceptions = exceptions::find(&symbols, &modules, &ranges, text)?;
            let tables = tables::encode(&ranges, &exceptions, &objects, &builtin)?;
            tables::check(&tables, &symbols, &modules, text, &objects, &builtin)?;
            let mut source = Source::new();
            emit::modules::write(&mut source, &tables, &ranges, &exceptions, text, &objects);
            Ok(source)
        },
        || Ok(reports::ranges(&layout.pieces)),
    )?;
    if let Some(sizes) = sizes {
        emit::sizes::write(&mut source, &sizes, &symbols);
    }
    output::replace(Path::new(RANGES), &pieces)?;
    let thick = reports::modules_thick(&objects, &builtin);
    output::replace(Path::new(MODULES_THICK), &thick)?;
    output::print(source.text())
}

/// What the pass linked, and its symbols.
fn open(stem: &Path) -> Result<(Elf, SymbolTable)> {
    let image = Elf::open(stem)?;
    let symbol_table = image.symbols()?;
    Ok((image, symbol_table))
}

/// What the maps tell, and the objects in them.
struct Placed<'m> {
    script_symbols: ScriptSymbols<'m>,
    /// The address of `_text`.
    text: u64,
    layout: Layout<'m>,
    objects: Objects<'m>,
}

impl<'m> Placed<'m> {
    /// Parses the map `text`, which was read from `path`. The map of vmlinux.o is kept in
    /// `inner_text` if it is needed.
    fn read(
        path: &Path,
        text: &'m [u8],
        inner_text: &'m OnceCell<Vec<u8>>,
        builtin: &'m BuiltinModules,
    ) -> Result<Self> {
        let map = LinkMap::parse(path, text)?;
        let inner = match layout::needs_vmlinux_o(&map) {
            true => {
                let inner_path = Path::new(VMLINUX_O_MAP);
                let text = output::read(inner_path)?;
                let text = inner_text.get_or_init(|| text);
                Some(LinkMap::parse(inner_path, text)?)
            }
            false => None,
        };
        let layout = Layout::new(path, &map, inner.as_ref())?;
        let mut objects = Objects::new(builtin);
        objects.add_all(inner.iter().chain([&map]).flat_map(|map| &map.objects))?;
        Ok(Self {
            script_symbols: ScriptSymbols::of(&map),
            text: map.script_symbol(b"_text").ok_or_else(|| no_text(path))?,
            layout,
            objects,
        })
    }
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
