// SPDX-License-Identifier: GPL-2.0

//! All inputs of one pass of the link.

use std::path::{Path, PathBuf};
use std::sync::{mpsc, OnceLock};

use super::auto_conf::Config;
use super::elf::{ElfFile, Symbol, SymbolNames, SymbolTable};
use super::kallsyms_order::{listed, KallsymsOrder};
use super::link_maps::{LinkMaps, MapTexts};
use super::modules_builtin::BuiltinModules;
use super::object_files::{self, ObjectFile};
use super::symbol_walk::SymbolWalk;
use super::table_rooms::TableRooms;
use crate::common::error::{Error, Result};
use crate::common::jobs::help;
use crate::common::threads::in_two_threads;

/// The bytes of files. The parsed inputs borrow from them.
#[derive(Default)]
pub(crate) struct Buffers {
    maps: MapTexts,
    symbol_names: OnceLock<SymbolNames>,
}

/// The parsed inputs of one pass of the link.
pub(crate) struct Inputs<'m> {
    pub(crate) config: Config,
    /// The symbols and the bytes of the file that the pass linked.
    pub(crate) image: ElfFile,
    pub(crate) maps: LinkMaps<'m>,
    /// The address of `_text`, as linked.
    pub(crate) text: u64,
    pub(crate) builtin: BuiltinModules,
    /// In the order of the link; object files whose place in the link is not known come last.
    pub(crate) objects: Vec<ObjectFile<'m>>,
    /// In the order of the listing, which is the text of /proc/kallmodsyms.
    pub(crate) symbols: Vec<Symbol<'m>>,
    /// The lengths of the tables in the previous pass, including their rooms: the spare bytes after them.
    pub(crate) rooms_before: TableRooms,
    /// The file that the pass linked.
    pub(crate) stem: PathBuf,
}

impl<'m> Inputs<'m> {
    /// Reads the inputs of the pass that linked `stem`. One thread reads the link maps, a second
    /// thread reads the symbols; then both threads read the commands of the object files.
    pub(crate) fn read(stem: &Path, config: Config, buffers: &'m Buffers) -> Result<Self> {
        let rooms_before = TableRooms::of_previous_pass(stem)?;
        let image = ElfFile::open(stem)?;
        let builtin = BuiltinModules::of(&image, stem)?;
        let (sender, receiver) = mpsc::channel();
        let ((maps, objects), (symbols, more_objects)) = in_two_threads(
            || {
                let maps = LinkMaps::read(with_suffix(stem, ".map"), &buffers.maps)?;
                maps.check(&image)?;
                let jobs = object_files::jobs(&maps, &builtin).offer(sender);
                let objects = jobs.work();
                Ok((maps, objects))
            },
            || {
                let order = KallsymsOrder::open(&with_suffix(stem, ".kallsyms.S"))?;
                let SymbolTable { entries, names } = image.symbols()?;
                let names = buffers.symbol_names.get_or_init(|| names);
                let symbols = listed(stem, order, SymbolWalk::new(entries, names))?;
                Ok((symbols, help(receiver)))
            },
        )?;
        Ok(Self {
            config,
            text: maps.text()?,
            maps,
            builtin,
            objects: objects.join(more_objects)?,
            symbols,
            rooms_before,
            stem: stem.to_owned(),
            image,
        })
    }
}

/// Return: true if the pass has no symbols, as the first pass. The tables of the first pass only define the
/// labels that the next link refers to.
pub(crate) fn has_no_symbols(stem: &Path) -> Result<bool> {
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
