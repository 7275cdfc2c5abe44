// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms modules`: the built-in modules of a kernel.
//!
//! A [request](Modules) comes in, and a line for each module goes out. Symbols are counted in the
//! listing, object files in `modules_thick.builtin`, and bytes by `sizes`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::kernel_file::KernelFile;
use crate::line::Line;
use crate::listed_symbols::ListedSymbols;
use crate::modules_thick::ModulesThick;
use crate::output::Output;
use crate::sizes;
use crate::sizes::text_columns::TextColumns;

/// The brackets of symbols that no loaded module has begin with these letters.
const KERNELS: &[u8] = b"__builtin__";
const BPF: &[u8] = b"bpf";

/// A request for the built-in modules of a kernel.
#[derive(Clone, Debug, Default)]
pub struct Modules {
    /// A build directory, an image of any form or a listing; `None` for the running kernel.
    pub file: Option<PathBuf>,
    /// Whether to write names alone.
    pub names_only: bool,
    /// Whether to add the loaded modules of a listing.
    pub with_loaded: bool,
    /// Whether answers are objects of JSON.
    pub json: bool,
}

/// A module.
#[derive(Default, Serialize)]
struct Module {
    name: String,
    loaded: bool,
    symbols: u64,
    /// Object files; `None` if they are not known.
    objects: Option<usize>,
    /// `None` if the reader of the listing may not see sizes.
    bytes: Option<u64>,
}

/// Writes the built-in modules of a kernel to `out`, in alphabetical order.
///
/// Return: no failures to report. If the other end of `out` is closed, its reader has enough, and that
/// is no failure.
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
    let symbols = ListedSymbols::parse(&file, &text)?;
    let mut modules = built_in(&file, &symbols)?;
    if request.with_loaded {
        modules.extend(loaded(&symbols));
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

/// The built-in modules. The build also knows modules that have no symbol.
fn built_in(file: &KernelFile, symbols: &ListedSymbols<'_>) -> Result<Vec<Module>> {
    let mut modules = by_name(&symbols.own);
    if sizes::knows_objects(file) {
        for (name, objects) in ModulesThick::read(file.path())?.iter() {
            let module = modules.entry(name.to_owned()).or_default();
            module.objects = Some(objects.len());
        }
    }
    if symbols.has_addresses() {
        let bytes = sizes::bytes_of_modules(file)?;
        for (name, module) in &mut modules {
            module.bytes = Some(bytes.get(name).copied().unwrap_or(0));
        }
    }
    Ok(named(modules, false).collect())
}

/// The loaded modules.
fn loaded(symbols: &ListedSymbols<'_>) -> impl Iterator<Item = Module> {
    let mut modules = by_name(&symbols.others);
    modules.retain(|name, _| !name.as_bytes().starts_with(KERNELS) && name.as_bytes() != BPF);
    if symbols.has_addresses() {
        for line in &symbols.others {
            for name in line.module_names() {
                if let Some(module) = modules.get_mut(&*String::from_utf8_lossy(name)) {
                    *module.bytes.get_or_insert(0) += line.size;
                }
            }
        }
    }
    named(modules, true)
}

/// The modules of these symbols, with the number of symbols.
fn by_name(lines: &[Line<'_>]) -> BTreeMap<String, Module> {
    let mut modules = BTreeMap::<String, Module>::new();
    for name in lines.iter().flat_map(Line::module_names) {
        let name = String::from_utf8_lossy(name);
        if let Some(module) = modules.get_mut(&*name) {
            module.symbols += 1;
            continue;
        }
        let symbols = 1;
        let module = Module {
            symbols,
            ..Module::default()
        };
        modules.insert(name.into_owned(), module);
    }
    modules
}

fn named(modules: BTreeMap<String, Module>, loaded: bool) -> impl Iterator<Item = Module> {
    modules.into_iter().map(move |(name, module)| Module {
        name,
        loaded,
        ..module
    })
}

/// Each name once, also if a module of that name is loaded and another one built in.
fn names(modules: &[Module], out: &mut Output<'_>) -> Result<()> {
    let mut names: Vec<&str> = modules.iter().map(|module| module.name.as_str()).collect();
    names.dedup();
    names
        .into_iter()
        .try_for_each(|name| out.write(format!("{name}\n").as_bytes()))
}

fn table(modules: &[Module], out: &mut Output<'_>) -> Result<()> {
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
