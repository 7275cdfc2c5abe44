// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms modules`: the built-in modules of a kernel.
//!
//! A [request](Modules) comes in, and a line for each module goes out. The numbers of symbols are from the
//! listing, the numbers of object files from `modules_thick.builtin`. The numbers of bytes are from `sizes`,
//! or, for loaded modules, from the listing.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::kernel_file::KernelFile;
use crate::modules_thick::ModulesThick;
use crate::output::Output;
use crate::sizes;
use crate::sizes::text_columns::TextColumns;
use crate::symbols::{self, Symbols};

/// A request for the built-in modules of a kernel.
#[derive(Clone, Debug, Default)]
pub struct Modules {
    /// A build directory, an image or a dump of any form, or a listing; `None` for the running kernel.
    pub file: Option<PathBuf>,
    /// True if only names are written.
    pub names_only: bool,
    /// True to add the loaded modules of a listing.
    pub with_loaded: bool,
    /// True if answers are JSON objects.
    pub json: bool,
}

/// A row of the table.
#[derive(Default, Serialize)]
struct Row {
    name: String,
    loaded: bool,
    symbols: u64,
    /// The number of object files; `None` if it is not known.
    objects: Option<usize>,
    /// `None` if the reader of the listing may not see sizes.
    bytes: Option<u64>,
}

/// Writes the built-in modules of a kernel to `out`, in alphabetical order.
///
/// Return: an empty list. A closed pipe `out` is no failure: its reader has read enough.
///
/// ```no_run
/// let request = kallmodsyms::Modules {
///     file: Some("vmlinux".into()),
///     names_only: true,
///     ..Default::default()
/// };
/// kallmodsyms::modules(&request, &mut std::io::stdout())?;
/// # Ok::<(), kallmodsyms::Error>(())
/// ```
pub fn modules(request: &Modules, out: &mut dyn Write) -> Result<Vec<Error>> {
    let file = KernelFile::open(request.file.as_deref())?;
    let text = file.listing()?;
    let symbols = Symbols::parse(file.path(), &text, file.is_listing())?;
    let mut modules = built_in(&file, &symbols)?;
    if request.with_loaded {
        modules.extend(loaded(&symbols)?);
        modules.sort_by(|a, b| (&a.name, a.loaded).cmp(&(&b.name, b.loaded)));
    }
    Output::with(out, |out| {
        match () {
            () if request.names_only => names(&modules, out)?,
            () if request.json => {
                out.begin(true)?;
                for module in &modules {
                    out.object(module)?;
                }
                out.end(true)?;
            }
            () => table(&modules, out)?,
        }
        Ok(Vec::new())
    })
}

/// The rows of the built-in modules. Modules without a symbol are only in `modules_thick.builtin`.
fn built_in(file: &KernelFile, symbols: &Symbols<'_>) -> Result<Vec<Row>> {
    let mut rows = rows(symbols, false)?;
    if sizes::knows_objects(file) {
        for (name, objects) in ModulesThick::read(file.path())?.iter() {
            let row = rows.entry(name.to_owned()).or_insert_with(|| Row {
                name: name.to_owned(),
                ..Row::default()
            });
            row.objects = Some(objects.len());
        }
    }
    if symbols.has_addresses() {
        let bytes = sizes::bytes_of_modules(file)?;
        for (name, row) in &mut rows {
            row.bytes = Some(bytes.get(name).copied().unwrap_or(0));
        }
    }
    Ok(rows.into_values().collect())
}

/// The rows of the loaded modules.
fn loaded(symbols: &Symbols<'_>) -> Result<impl Iterator<Item = Row>> {
    let mut rows = rows(symbols, true)?;
    if symbols.has_addresses() {
        for symbol in symbols.loaded() {
            for name in symbol.module_names() {
                if let Some(row) = rows.get_mut(&*String::from_utf8_lossy(name)) {
                    *row.bytes.get_or_insert(0) += symbol.size;
                }
            }
        }
    }
    Ok(rows.into_values())
}

/// The rows, by name, of the loaded modules if `loaded`, otherwise of the built-in modules.
fn rows(symbols: &Symbols<'_>, loaded: bool) -> Result<BTreeMap<String, Row>> {
    let modules = symbols.modules()?.into_iter();
    let modules = modules.filter(|module| module.is_loaded == loaded);
    let row = |module: symbols::Module<'_>| Row {
        name: String::from_utf8_lossy(module.name).into_owned(),
        loaded,
        symbols: module.symbols,
        ..Row::default()
    };
    Ok(modules
        .map(row)
        .map(|row| (row.name.clone(), row))
        .collect())
}

/// Writes each name once, even if one module with that name is loaded and another is built in.
fn names(modules: &[Row], out: &mut Output<'_>) -> Result<()> {
    let mut names: Vec<&str> = modules.iter().map(|module| module.name.as_str()).collect();
    names.dedup();
    names
        .into_iter()
        .try_for_each(|name| out.write(format!("{name}\n").as_bytes()))
}

fn table(modules: &[Row], out: &mut Output<'_>) -> Result<()> {
    let head = ["symbols", "objects", "bytes", "module"].map(str::to_owned);
    let mut table = TextColumns::new(head.into());
    for module in modules {
        let unknown = || "-".to_owned();
        let objects = module
            .objects
            .map_or_else(unknown, |count| count.to_string());
        let bytes = module.bytes.map_or_else(unknown, |bytes| bytes.to_string());
        let loaded = if module.loaded { " (loaded)" } else { "" };
        let name = format!("{}{loaded}", module.name);
        table.push(vec![module.symbols.to_string(), objects, bytes, name]);
    }
    out.write(table.to_string().as_bytes())
}
