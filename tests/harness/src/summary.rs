// SPDX-License-Identifier: GPL-2.0

//! Prints a summary of the guest's `/proc/kallmodsyms`, on one screen.

use std::collections::BTreeSet;

use anyhow::{ensure, Result};

use crate::lab::qemu::Files;

/// A line of the file.
struct Symbol<'a> {
    line: &'a str,
    modules: Vec<&'a str>,
}

impl<'a> Symbol<'a> {
    /// `ffffffff81234560 1a4 t ext4_fill_super\t[ext4]`
    fn parse(line: &'a str) -> Self {
        let modules = line.split_once('\t').map_or("", |(_, modules)| modules);
        let modules = modules
            .split(' ')
            .filter_map(|module| module.strip_prefix('[')?.strip_suffix(']'))
            .collect();
        Self { line, modules }
    }

    /// True for a function, unless its name begins with `_`. The padding `__pfx_vfs_read` has such a name.
    fn is_function(&self) -> bool {
        let mut fields = self.line.split([' ', '\t']).skip(2);
        matches!(fields.next(), Some("t" | "T"))
            && fields.next().is_some_and(|name| !name.starts_with('_'))
    }
}

pub fn print(files: &Files) -> Result<()> {
    let text = files.read("kallmodsyms")?;
    ensure!(
        !text.is_empty(),
        "this kernel has no /proc/kallmodsyms, or it is empty"
    );
    let version = files.read("version")?;
    // romfs 12288 0 - Live 0xffffffffc0000000
    let modules = files.read("modules")?;
    let loaded: BTreeSet<&str> = modules
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();

    // The kernel's own symbols come first, then symbols of loaded modules.
    let symbols: Vec<_> = text.lines().map(Symbol::parse).collect();
    let core = symbols
        .iter()
        .position(|symbol| matches!(symbol.modules[..], [module] if loaded.contains(module)))
        .unwrap_or(symbols.len());
    let (core, after) = symbols.split_at(core);
    let of_modules = core
        .iter()
        .filter(|symbol| !symbol.modules.is_empty())
        .count();
    let built_in: BTreeSet<&str> = core
        .iter()
        .flat_map(|symbol| symbol.modules.iter().copied())
        .collect();
    let loadable = |symbol: &&Symbol| symbol.modules.iter().any(|module| loaded.contains(module));
    let of_loaded = after.iter().filter(loadable).count();

    println!(
        "\n/proc/kallmodsyms of Linux {}, configuration {}:\n",
        version.trim(),
        files.config
    );
    println!("{:>9} symbols in the kernel", core.len());
    println!(
        "{of_modules:>9} of these in {} built-in modules",
        built_in.len()
    );
    println!("{of_loaded:>9} symbols in {} loaded modules", loaded.len());
    println!(
        "{:>9} symbols of tracing and BPF\n",
        after.len() - of_loaded
    );
    let kinds = [
        (
            "a built-in module",
            find(core, |symbol| symbol.modules.len() == 1),
        ),
        (
            "an object in two modules",
            find(core, |symbol| symbol.modules.len() == 2),
        ),
        ("a loaded module", find(after, |symbol| loadable(&symbol))),
        ("no module", find(core, |symbol| symbol.modules.is_empty())),
    ];
    for (kind, symbol) in kinds {
        println!(
            "{kind:>26}  {}",
            symbol.map_or("(none here)", |symbol| symbol.line)
        );
    }
    println!(
        "\nthe whole file: {}",
        files.directory.join("kallmodsyms").display()
    );
    Ok(())
}

/// The middle one of the functions that `is_wanted` accepts, as an example. The first functions of a kernel
/// are often special.
fn find<'a, 'b>(
    symbols: &'b [Symbol<'a>],
    is_wanted: impl Fn(&Symbol) -> bool,
) -> Option<&'b Symbol<'a>> {
    let wanted: Vec<_> = symbols
        .iter()
        .filter(|symbol| symbol.is_function() && is_wanted(symbol))
        .collect();
    wanted.get(wanted.len() / 2).copied()
}
