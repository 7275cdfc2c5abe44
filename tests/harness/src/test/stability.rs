// SPDX-License-Identifier: GPL-2.0

//! `/proc/kallmodsyms` shows a symbol in the same module whether the module is built in or loaded.
//! The test boots two kernels: one with the modules built in, one with the same modules loaded. It
//! compares the pairs of symbol and module in the `/proc/kallmodsyms` of each kernel.

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

/// The smallest number of modules that the test accepts.
const FEWEST_MODULES: usize = 10;

/// The name of a symbol, and the name of a module in the brackets behind the symbol.
type Pair = (String, String);

pub fn run(report: &mut Report, options: &Options, workshop: &Workshop) -> Result<()> {
    let configured = |config| workshop.configured(options, config);
    let (built_in, loadable) = (configured(BUILT_IN)?, configured(LOADABLE)?);
    build::build(&built_in)?;
    // The boot tests also run in this kernel, because only this configuration stores no sizes.
    boot::run(report, options, &loadable)?;
    let listing = |kernel| {
        let guest = guest::pack(options, kernel)?;
        qemu::show_with(options, &guest, "tracers=1")
    };
    let (built_in, loadable) = (listing(&built_in)?, listing(&loadable)?);
    report.check(
        "the sample readers in C and in Rust print the same symbol and modules for each address",
        samples::compare(&built_in.directory.join("kallmodsyms")),
    );
    let changed: BTreeSet<String> = &loaded(&loadable)? - &loaded(&built_in)?;
    report.check(
        "a filter and a kprobe with the name of a module find the same functions, built in or loaded",
        compare_tracers(&built_in, &loadable, &changed),
    );
    let built_in = Listing::read(&built_in, &changed)?;
    let loadable = Listing::read(&loadable, &changed)?;

    let lost: Vec<&Pair> = built_in.pairs.difference(&loadable.pairs).collect();
    let gained: Vec<&Pair> = loadable.pairs.difference(&built_in.pairs).collect();
    let unexplained_loss = lost
        .iter()
        .filter(|pair| !built_in.freed.contains(pair) && !only_built_in_code_has(pair));
    let unexplained_gain = gained
        .iter()
        .filter(|(symbol, _)| !only_loadable_modules_have(symbol));
    let unexplained: Vec<String> = unexplained_loss
        .map(|(symbol, module)| format!("- {symbol} [{module}]"))
        .chain(unexplained_gain.map(|(symbol, module)| format!("+ {symbol} [{module}]")))
        .collect();
    println!(
        "# {} modules compared; pairs of symbol and module: {} built in, {} loaded, {} in both \
         kernels; {} only built in, {} only loaded; {} differences without an explanation",
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
        modules >= FEWEST_MODULES,
        "only {modules} modules to compare"
    );
    ensure!(
        !built_in.is_empty(),
        "the kernel with built-in modules shows no symbol in any of {modules} modules"
    );
    ensure!(
        unexplained.is_empty(),
        "pairs only built in (-) and only loaded (+):\n{}",
        unexplained.join("\n")
    );
    Ok(())
}

/// Compares the answers of the tracers for `modules`; the guest's `ask_tracers` says which.
fn compare_tracers(built_in: &Files, loadable: &Files, modules: &BTreeSet<String>) -> Result<()> {
    // scripts/sorttable removes some functions of the image from the list.
    let traceable = built_in.read("traceable")?;
    let traceable: BTreeSet<&str> = traceable.lines().map(without_number).collect();
    let (built_in, loadable) = (answers(built_in, modules)?, answers(loadable, modules)?);
    let asked: BTreeSet<_> = built_in.iter().map(|(_, (_, module))| module).collect();
    println!(
        "# answers of the tracers: {} built in, {} loaded, for {} modules",
        built_in.len(),
        loadable.len(),
        asked.len()
    );
    ensure!(
        asked.len() >= FEWEST_MODULES,
        "only {} modules have functions that can be traced",
        asked.len()
    );
    let lost = built_in
        .difference(&loadable)
        .filter(|(_, pair)| !only_built_in_code_has(pair))
        .map(|answer| ('-', answer));
    let gained = loadable
        .difference(&built_in)
        .filter(|(_, (symbol, _))| traceable.contains(symbol.as_str()))
        .map(|answer| ('+', answer));
    let different: Vec<String> = lost
        .chain(gained)
        .map(|(sign, (tracer, (symbol, module)))| format!("{sign} {tracer}: {symbol} [{module}]"))
        .collect();
    ensure!(
        different.is_empty(),
        "only built in (-) and only loaded (+):\n{}",
        different.join("\n")
    );
    Ok(())
}

/// The answers of the tracers of one kernel: `filter` or `probe`, and the function and its module.
///
/// ```text
/// filter ext4 ext4_iget
/// ```
fn answers(files: &Files, modules: &BTreeSet<String>) -> Result<BTreeSet<(String, Pair)>> {
    let text = files.read("tracers")?;
    let answer = |line: &str| {
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let (tracer, module, symbol) = (words.next()?, words.next()?, words.next()?);
        let pair = (without_number(&symbol).to_owned(), module);
        modules.contains(&pair.1).then_some((tracer, pair))
    };
    Ok(text.lines().filter_map(answer).collect())
}

/// The pairs that one kernel shows, for the modules that the test compares.
#[derive(Default)]
struct Listing {
    pairs: BTreeSet<Pair>,
    /// The pairs whose symbol is in an init section of the kernel. A loaded module does not show
    /// these symbols: the kernel frees a module's init sections once the module has started.
    freed: BTreeSet<Pair>,
}

impl Listing {
    /// Reads the lines of symbols in `modules`. A symbol in several modules makes a pair with each of
    /// these modules. A pair has no number at the end of a name: compilers number static variables
    /// of one name, and other code in the object file changes the numbers.
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

/// The address of one of the kernel's own symbols in `text`.
fn address_of(text: &str, symbol: &str) -> Result<u64> {
    let end = format!(" {symbol}");
    let line = text.lines().find(|line| line.ends_with(&end));
    let address = line.and_then(|line| line.split(' ').next());
    let address = address.with_context(|| format!("there is no {symbol}"))?;
    Ok(u64::from_str_radix(address, 16)?)
}

/// The name without the compiler's number: `__key` for `__key.7`.
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

/// True if the symbol is in built-in code, but not in the loaded module.
///
/// For a built-in module `m` in Rust, `module!` defines the entry `__m_init` and the exit `__m_exit`.
/// For a loadable module, it names them `init_module` and `cleanup_module`. Only the kernel with
/// built-in modules has KUnit, whose inline function the compiler did not inline everywhere.
fn only_built_in_code_has((symbol, module): &Pair) -> bool {
    let suffix = symbol
        .strip_prefix("__")
        .and_then(|rest| rest.strip_prefix(module.as_str()));
    matches!(suffix, Some("_init" | "_exit")) || symbol == "kunit_get_current_test"
}

/// True if the symbol is in a loaded module, but not in built-in code.
fn only_loadable_modules_have(symbol: &str) -> bool {
    // modpost writes `__this_module`, and scripts/module-common.c defines `orc_header`. The linker
    // script of modules defines the bounds of `alloc_tags`. module_init() and module_exit() define
    // the other two symbols, for loadable modules only.
    const NAMES: [&str; 6] = [
        "__this_module",
        "__start_alloc_tags",
        "__stop_alloc_tags",
        "cleanup_module",
        "init_module",
        "orc_header",
    ];
    // modpost writes the symbols of exports. For a loadable module it puts them into that module, for
    // built-in code into .vmlinux.export.o, which is in no module.
    // MODULE_INFO() defines `__UNIQUE_ID_`, but the image has no .modinfo section.
    // In Linux 6.12, MODULE_DEVICE_TABLE() defines `__mod_` in loadable modules only.
    // scripts/module-common.c defines `_note_`.
    // scripts/mksysmap drops `.L` labels of the image; loadable modules keep these labels.
    const PREFIXES: [&str; 7] = [
        "__ksymtab_",
        "__kstrtab_",
        "__kstrtabns_",
        "__UNIQUE_ID_",
        "__mod_",
        "_note_",
        ".L",
    ];
    // `module!` defines these symbols of a loadable module in Rust. Their names are mangled.
    const RUST_SUFFIXES: [&str; 2] = ["___IS_RUST_MODULE", "___addressable_cleanup_module"];
    NAMES.contains(&symbol)
        || PREFIXES.iter().any(|prefix| symbol.starts_with(prefix))
        || symbol.starts_with("_R") && RUST_SUFFIXES.iter().any(|end| symbol.ends_with(end))
}
