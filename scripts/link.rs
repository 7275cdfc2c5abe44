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
use crate::emit::{self, Rooms, Source};
use crate::error::{Error, Result};
use crate::exceptions;
use crate::jobs::{help, Jobs};
use crate::maps::{Maps, Texts};
use crate::objects::{self, Objects};
use crate::output::{self, Target};
use crate::owners::{self, Attributed};
use crate::ranges;
use crate::reports;
use crate::sizes::Sizes;
use crate::symbols::{self, Order};
use crate::tables::{self, Tables};
use crate::unattributed::{self, Unattributed};

const RANGES: &str = ".tmp_vmlinux.ranges";
const MODULES_THICK: &str = "modules_thick.builtin";

/// Writes the tables for the pass that linked `stem` to standard output.
pub(crate) fn run(stem: &Path) -> Result<()> {
    let config = Config::read()?;
    if has_no_symbols(stem)? {
        return empty_tables(&config);
    }
    let rooms = Rooms::before(stem);
    let image = Elf::open(stem)?;
    let builtin = BuiltinModules::of(&image, stem)?;
    let map_path = with_suffix(stem, ".map");
    let order_path = with_suffix(stem, ".kallsyms.S");

    let (texts, symbol_names) = (Texts::default(), OnceLock::new());
    let (sender, receiver) = mpsc::channel();
    let ((maps, mut layout, objects), (symbols, sizes, more_objects)) = both(
        || {
            let maps = Maps::read(&map_path, &texts)?;
            maps.check(&image)?;
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

    layout.settle(&objects, &map_path)?;

    let owners = owners::Sources {
        image: &image,
        layout: &layout,
        script_symbols: maps.script_symbols(),
        objects: &objects,
        definitions: Definitions::default(),
        has_all_objects: maps.unknown_count() == 0,
    };
    let jobs = Jobs::new(owners::parts(&symbols), |_: &mut (), part| {
        owners.modules_of(part)
    });
    let (modules, more_modules) = both(|| Ok(jobs.work()), || Ok(jobs.work()))?;
    let Attributed { modules, open } = Attributed::concat(modules.with(Some(more_modules))?);
    let mut unattributed = Unattributed::of(&symbols, &open, &objects, &maps);
    if config.werror && !unattributed.is_empty() {
        return Err(unattributed.error());
    }

    let text = maps.text()?;
    let (tables, (size_tables, files)) = both(
        || {
            let ranges = ranges::fuse(&layout.pieces, text, &objects, &symbols, &modules)?;
            let exceptions = exceptions::find(&symbols, &modules, &ranges, text)?;
            let tables = tables::encode(&ranges, &exceptions, &objects, &builtin)?;
            tables::check(&tables, &symbols, &modules, text, &objects, &builtin)?;
            let mut source = Source::new(&rooms);
            emit::modules::write(&mut source, &tables, &ranges, &exceptions, text, &objects);
            Ok(source)
        },
        || {
            let mut source = Source::behind(&rooms);
            if let Some(sizes) = sizes {
                emit::sizes::write(&mut source, &sizes, &symbols);
            }
            let pieces = reports::ranges(&layout.pieces);
            let thick = reports::modules_thick(&objects, &builtin);
            let list = unattributed.list();
            let files = [
                (RANGES, pieces),
                (MODULES_THICK, thick),
                (unattributed::PATH, list),
            ];
            Ok((
                source,
                files.map(|(path, text)| Target::new(Path::new(path), text)),
            ))
        },
    )?;
    for file in files {
        file.write()?;
    }
    if !unattributed.is_empty() && is_last_pass(stem) {
        eprintln!("kallmodsyms: warning: {unattributed}");
    }
    print(&tables, Some(&size_tables))
}

/// Prints the parts of the tables, and the room that they have.
fn print(modules: &Source<'_>, sizes: Option<&Source<'_>>) -> Result<()> {
    let sources = [Some(modules), sizes].into_iter().flatten();
    let rooms: Vec<_> = sources.clone().map(|source| &source.rooms).collect();
    let rooms = Rooms::line(&rooms);
    let parts: Vec<_> = sources.map(Source::text).chain([&rooms[..]]).collect();
    output::print(&parts)
}

/// Writes tables of no symbols. Their rooms say nothing of those that the next pass needs.
fn empty_tables(config: &Config) -> Result<()> {
    let rooms = Rooms::default();
    let mut source = Source::new(&rooms);
    let builtin = BuiltinModules::default();
    let objects = Objects::new(&builtin, []);
    emit::modules::write(&mut source, &Tables::default(), &[], &[], 0, &objects);
    if config.sizes {
        emit::sizes::write(&mut source, &Sizes::encode(&[])?, &[]);
    }
    output::print(&[source.text()])
}

/// Whether the pass is the first, which has no symbols: its tables are only there to be linked against.
fn has_no_symbols(stem: &Path) -> Result<bool> {
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

/// Whether the pass is the second one with symbols, or one behind it. There is a third only where the
/// kernel became larger in the second, or if somebody asks for it.
fn is_last_pass(stem: &Path) -> bool {
    let name = stem.to_string_lossy();
    let digits = name.trim_start_matches(|digit: char| !digit.is_ascii_digit());
    digits.parse().is_ok_and(|pass: u32| pass > 1)
}

fn with_suffix(stem: &Path, suffix: &str) -> PathBuf {
    let mut path = stem.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
