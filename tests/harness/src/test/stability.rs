// SPDX-License-Identifier: GPL-2.0

//! The purpose of the file: the module of a symbol does not change if the module becomes built in.
//! The test builds the same code in and as loadable modules, and compares the pairs of symbol and
//! module in both files.

use std::collections::BTreeSet;

use anyhow::{ensure, Context, Result};

use super::{boot, report::Report, samples};
use crate::lab::build;
use crate::lab::guest;
use crate::lab::options::Options;
use crate::lab::qemu::{self, Files};
use crate::lab::workshop::Workshop;

const BUILT_IN: &str = "tiny";
const LOADABLE: &str = "tiny-modules";

/// The least number of modules to compare.
const FEWEST_MODULES: usize = 10;

/// A symbol and a module that it is shown in.
type Pair = (String, String);

pub fn run(report: &mut Report, options: &Options, workshop: &Workshop) -> Result<()> {
    let configured = |config| workshop.configured(options, config);
    let (built_in, loadable) = (configured(BUILT_IN)?, configured(LOADABLE)?);
    build::build(&built_in)?;
    // The only kernel of ours that stores no sizes.
    boot::run(report, options, &loadable)?;
    let listing = |kernel| qemu::show(options, &guest::pack(options, kernel)?);
    let (built_in, loadable) = (listing(&built_in)?, listing(&loadable)?);
    report.check("the readers in C and in Rust say the same", {
        samples::compare(&built_in.directory.join("kallmodsyms"))
    });
    let changed: BTreeSet<String> = &loaded(&loadable)? - &loaded(&built_in)?;
    let built_in = Listing::read(&built_in, &changed)?;
    let loadable = Listing::read(&loadable, &changed)?;

    let lost: Vec<&Pair> = built_in.pairs.difference(&loadable.pairs).collect();
    let gained: Vec<&Pair> = loadable.pairs.difference(&built_in.pairs).collect();
    let unexplained_loss = lost
        .iter()
        .filter(|pair| !built_in.freed.contains(pair) && !is_of_built_in_only(pair));
    let unexplained_gain = gained
        .iter()
        .filter(|(symbol, _)| !is_of_modules_only(symbol));
    let unexplained: Vec<String> = unexplained_loss
        .map(|(symbol, module)| format!("- {symbol} [{module}]"))
        .chain(unexplained_gain.map(|(symbol, module)| format!("+ {symbol} [{module}]")))
        .collect();
    println!(
        "# {} modules: {} pairs of symbol and module built in, {} loaded, {} in both; {} are built \
         in only, {} loaded only, and {} of these not explained",
        changed.len(),
        built_in.pairs.len(),
        loadable.pairs.len(),
        built_in.pairs.intersection(&loadable.pairs).count(),
        lost.len(),
        gained.len(),
        unexplained.len(),
    );
    report.check("a symbol is in the same module, built in or loaded", {
        compare(changed.len(), &built_in.pairs, &unexplained)
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

/// The pairs of the modules in question.
#[derive(Default)]
struct Listing {
    pairs: BTreeSet<Pair>,
    /// Those of init sections, which a loaded module frees once it has started.
    freed: BTreeSet<Pair>,
}

impl Listing {
    /// A symbol of a shared object is in a pair with each module. The number that a compiler puts
    /// behind the name of a static variable is left off: it depends on what else is compiled.
    ///
    /// ```text
    /// ffffffff81234560 1a4 t dpaa2_mac_close\t[fsl_dpaa2_eth] [fsl_dpaa2_switch]
    /// ffffffff81a3c2f0 0 b __key.7\t[ext4]
    /// ```
    fn read(files: &Files, modules: &BTreeSet<String>) -> Result<Self> {
        let text = files.read("kallmodsyms")?;
        let init = address_of(&text, "__init_begin")?..address_of(&text, "__init_end")?;
        let mut listing = Self::default();
        for (symbol, shown) in text.lines().filter_map(|line| line.split_once('\t')) {
            let address = symbol.split(' ').next().unwrap_or_default();
            let name = symbol.split(' ').nth(3).context("a line without a name")?;
            let is_init = init.contains(&u64::from_str_radix(address, 16)?);
            let bracketed = shown
                .split(' ')
                .map(|module| module.trim_matches(['[', ']']));
            for module in bracketed.filter(|module| modules.contains(*module)) {
                let pair = (without_number(name).to_owned(), module.to_owned());
                if is_init {
                    listing.freed.insert(pair.clone());
                }
                listing.pairs.insert(pair);
            }
        }
        Ok(listing)
    }
}

/// The address of a symbol of the kernel.
fn address_of(text: &str, symbol: &str) -> Result<u64> {
    let end = format!(" {symbol}");
    let line = text.lines().find(|line| line.ends_with(&end));
    let address = line.and_then(|line| line.split(' ').next());
    let address = address.with_context(|| format!("there is no {symbol}"))?;
    Ok(u64::from_str_radix(address, 16)?)
}

/// `__key` for `__key.7`.
fn without_number(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, number))
            if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            stem
        }
        _ => name,
    }
}

/// The names of the modules that the guest has loaded.
///
/// ```text
/// romfs 12288 0 - Live 0xffffffffc0000000
/// ```
fn loaded(files: &Files) -> Result<BTreeSet<String>> {
    let text = files.read("modules")?;
    let names = text.lines().filter_map(|line| line.split(' ').next());
    Ok(names.map(str::to_owned).collect())
}

/// Symbols that code has only where it is built in: the entry and exit of a module in Rust, which
/// are `init_module` and `cleanup_module` where it is loaded; and a function of KUnit, which tiny
/// alone has, that the compiler did not inline.
fn is_of_built_in_only((symbol, module): &Pair) -> bool {
    let of_rust = symbol
        .strip_prefix("__")
        .and_then(|rest| rest.strip_prefix(module.as_str()));
    matches!(of_rust, Some("_init" | "_exit")) || symbol == "kunit_get_current_test"
}

/// Symbols that code has only where it is a loadable module.
fn is_of_modules_only(symbol: &str) -> bool {
    // What modpost and the module's linker script add, an object of the module's own for its
    // exports, and the other names of its entry and exit.
    const NAMES: [&str; 6] = [
        "__this_module",
        "__start_alloc_tags",
        "__stop_alloc_tags",
        "cleanup_module",
        "init_module",
        "orc_header",
    ];
    // Exports, which of built-in code are in one object for all; what MODULE_INFO() and
    // MODULE_DEVICE_TABLE() make of modules only; and labels of assembler code, which a module keeps.
    const PREFIXES: [&str; 7] = [
        "__ksymtab_",
        "__kstrtab_",
        "__kstrtabns_",
        "__UNIQUE_ID_",
        "__mod_",
        "_note_",
        ".L",
    ];
    // What the macro that makes a module in Rust adds, with mangled names.
    const OF_RUST: [&str; 2] = ["___IS_RUST_MODULE", "___addressable_cleanup_module"];
    NAMES.contains(&symbol)
        || PREFIXES.iter().any(|prefix| symbol.starts_with(prefix))
        || symbol.starts_with("_R") && OF_RUST.iter().any(|end| symbol.ends_with(end))
}
