// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms link`: one pass of the link of vmlinux, from its maps to its tables.

use std::path::{Path, PathBuf};
use std::sync::{mpsc, OnceLock};

use crate::both::both;
use crate::builtin::BuiltinModules;
use crate::by_address::ByAddress;
use crate::config::Config;
use crate::definitions::Definitions;
use crate::elf::{Elf, SymbolTable};
use crate::emit::{self, Source};
use crate::error::{Error, Result};
use crate::exceptions;
use crate::jobs::{help, Jobs};
use crate::maps::{Maps, Texts};
use crate::objects::{self, Objects};
use crate::output::{self, Target};
use crate::owners;
use crate::ranges;
use crate::reports;
use crate::sizes::Sizes;
use crate::symbols::{self, Order};
use crate::tables::{self, Tables};

const RANGES: &str = ".tmp_vmlinux.ranges";
const MODULES_THICK: &str = "modules_thick.builtin";

/// Writes the tables for the pass that linked `stem` to standard output.
pub(crate) fn run(stem: &Path) -> Result<()> {
    let config = Config::read()?;
    if is_first_pass(stem)? {
        return empty_tables(&config);
    }
    let image = Elf::open(stem)?;
    let builtin = BuiltinModules::of(&image, stem)?;
    let map_path = with_suffix(stem, ".map");
    let order_path = with_suffix(stem, ".kallsyms.S");

    let (texts, symbol_names) = (Texts::default(), OnceLock::new());
    let (sender, receiver) = mpsc::channel();
    let ((maps, layout, objects), (symbols, sizes, more_objects)) = both(
        || {
            let maps = Maps::read(&map_path, &texts)?;
            let jobs = objects::jobs(&maps, &builtin).offer(sender);
            let layout = maps.layout()?;
            Ok((maps, layout, jobs.work()))
        },
        || {
            let SymbolTable { entries, names } = image.symbols()?;
            let by_address = ByAddress::new(entries, symbol_names.get_or_init(|| names));
            let symbols = symbols::listed(stem, Order::open(&order_path)?, by_address)?;
            let sizes = config.sizes.then(|| Sizes::encode(&symbols)).transpose()?;
            Ok((symbols, sizes, help(receiver)))
        },
    )?;
    let objects = Objects::new(&builtin, objects.with(more_objects)?);

    let owners = owners::Sources {
        map: &map_path,
        image: &image,
        layout: &layout,
        script_symbols: maps.script_symbols(),
        objects: &objects,
        definitions: Definitions::default(),
    };
    let jobs = Jobs::new(owners::parts(&symbols), |_: &mut (), part| {
        owners.modules_of(part)
    });
    let (modules, more_modules) = both(|| Ok(jobs.work()), || Ok(jobs.work()))?;
    let modules = modules.with(Some(more_modules))?.concat();

    let text = maps.text()?;
    let (tables, (size_tables, files)) = both(
        || {
            let ranges = ranges::fuse(&layout.pieces, text, &objects, &symbols, &modules)?;
            let exceptions = exceptions::find(&symbols, &modules, &ranges, text)?;
            let tables = tables::encode(&ranges, &exceptions, &objects, &builtin)?;
            tables::check(&tables, &symbols, &modules, text, &objects, &builtin)?;
            let mut source = Source::new();
            emit::modules::write(&mut source, &tables, &ranges, &exceptions, text, &objects);
            Ok(source)
        },
        || {
            let mut source = Source::behind();
            if let Some(sizes) = sizes {
                emit::sizes::write(&mut source, &sizes, &symbols);
            }
            let pieces = reports::ranges(&layout.pieces);
            let thick = reports::modules_thick(&objects, &builtin);
            let files = [(RANGES, pieces), (MODULES_THICK, thick)];
            Ok((
                source,
                files.map(|(path, text)| Target::new(Path::new(path), text)),
            ))
        },
    )?;
    for file in files {
        file.write()?;
    }
    output::print(&[tables.text(), size_tables.text()])
}

/// Tables of a kernel without symbols.
fn empty_tables(config: &Config) -> Result<()> {
    let mut source = Source::new();
    let builtin = BuiltinModules::default();
    let tables = Tables::default();
    emit::modules::write(
        &mut source,
        &tables,
        &[],
        &[],
        0,
        &Objects::new(&builtin, []),
    );
    if config.sizes {
        emit::sizes::write(&mut source, &Sizes::encode(&[])?, &[]);
    }
    output::print(&[source.text()])
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
