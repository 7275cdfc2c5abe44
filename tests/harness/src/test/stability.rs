// SPDX-License-Identifier: GPL-2.0

//! What the file is for: the module that a symbol is in does not change when the module becomes
//! built in. The same code is built in once and loaded once, and the pairs of symbol and module of
//! the two files are compared.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{ensure, Context, Result};

use super::Report;
use crate::build;
use crate::cache::Cache;
use crate::configure;
use crate::guest;
use crate::options::Options;
use crate::qemu::{self, Files};
use crate::source::Tree;
use crate::toolchain::Toolchain;

const BUILT_IN: &str = "tiny";
const LOADABLE: &str = "tiny-modules";

/// So many modules are compared at least.
const FEWEST_MODULES: usize = 10;

/// A symbol and a module that it is shown in.
type Pair = (String, String);

pub fn run(
    report: &mut Report,
    options: &Options,
    cache: &Cache,
    toolchain: &Toolchain,
    tree: &Tree,
) -> Result<()> {
    let listing = |config| -> Result<Files> {
        let kernel = configure::configure(options, cache, toolchain, &tree.path, config)?;
        build::build(&kernel)?;
        qemu::show(options, &guest::pack(options, &kernel)?)
    };
    let (built_in, loadable) = (listing(BUILT_IN)?, listing(LOADABLE)?);
    let changed: BTreeSet<String> = &loaded(&loadable)? - &loaded(&built_in)?;
    let built_in = pairs(&built_in, &changed)?;
    let loadable = pairs(&loadable, &changed)?;

    let lost: Vec<&Pair> = built_in.difference(&loadable).collect();
    let gained: Vec<&Pair> = loadable.difference(&built_in).collect();
    let unexplained: Vec<String> = lost
        .iter()
        .filter(|(symbol, _)| !is_of_built_in_only(symbol))
        .map(|(symbol, module)| format!("- {symbol} [{module}]"))
        .chain(
            gained
                .iter()
                .filter(|(symbol, _)| !is_of_modules_only(symbol))
                .map(|(symbol, module)| format!("+ {symbol} [{module}]")),
        )
        .collect();
    println!(
        "# {} modules: {} pairs of symbol and module built in, {} loaded, {} in both; explained \
         differences: {} built in only, {} loaded only",
        changed.len(),
        built_in.len(),
        loadable.len(),
        built_in.intersection(&loadable).count(),
        lost.len(),
        gained.len(),
    );
    report.check("a symbol is in the same module, built in or loaded", {
        compare(changed.len(), &built_in, &unexplained)
    });
    Ok(())
}

fn compare(modules: usize, built_in: &BTreeSet<Pair>, unexplained: &[String]) -> Result<()> {
    ensure!(
        modules >= FEWEST_MODULES && !built_in.is_empty(),
        "only {modules} modules to compare"
    );
    ensure!(
        unexplained.is_empty(),
        "built in only (-) and loaded only (+):\n{}",
        unexplained.join("\n")
    );
    Ok(())
}

/// The names of the modules that the guest has loaded.
///
/// ```text
/// romfs 12288 0 - Live 0xffffffffc0000000
/// ```
fn loaded(files: &Files) -> Result<BTreeSet<String>> {
    let text = read(files, "modules")?;
    let names = text.lines().filter_map(|line| line.split(' ').next());
    Ok(names.map(str::to_owned).collect())
}

/// The pairs of the given modules. A symbol of a shared object is in a pair with each module.
///
/// ```text
/// ffffffff81234560 1a4 t dpaa2_mac_close	[fsl_dpaa2_eth] [fsl_dpaa2_switch]
/// ```
fn pairs(files: &Files, modules: &BTreeSet<String>) -> Result<BTreeSet<Pair>> {
    let text = read(files, "kallmodsyms")?;
    let mut pairs = BTreeSet::new();
    for (symbol, shown) in text.lines().filter_map(|line| line.split_once('\t')) {
        let name = symbol.split(' ').nth(3).context("a line without a name")?;
        for module in shown
            .split(' ')
            .map(|module| module.trim_matches(['[', ']']))
        {
            if modules.contains(module) {
                pairs.insert((name.to_owned(), module.to_owned()));
            }
        }
    }
    Ok(pairs)
}

fn read(files: &Files, name: &str) -> Result<String> {
    let path = files.directory.join(name);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// Symbols that code has only where it is built in.
fn is_of_built_in_only(_symbol: &str) -> bool {
    false
}

/// Symbols that code has only where it is a loadable module.
fn is_of_modules_only(_symbol: &str) -> bool {
    false
}
