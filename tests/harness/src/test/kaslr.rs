// SPDX-License-Identifier: GPL-2.0

//! Boots a kernel at other addresses each time. The file has the addresses of `/proc/kallsyms`: the
//! addresses of vmlinux, moved by one distance.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{ensure, Context, Result};

use super::listing::Texts;
use super::report::Report;
use super::sizes;
use crate::lab::configure::Kernel;
use crate::lab::guest;
use crate::lab::options::Options;
use crate::lab::qemu;

/// Boots the kernel `boots` times.
pub fn run(report: &mut Report, options: &Options, kernel: &Kernel, boots: u32) -> Result<()> {
    let vmlinux = kernel.objtree.join("vmlinux");
    let vmlinux = fs::read(&vmlinux).with_context(|| vmlinux.display().to_string())?;
    let defined = sizes::defined(&vmlinux)?;
    let guest = guest::pack(options, kernel)?;
    let mut places = BTreeSet::new();
    for boot in 1..=boots {
        let name = format!("{}: boot {boot} of {boots}: addresses match", kernel.config);
        let place = qemu::show(options, &guest)
            .and_then(|files| Texts::read(&files))
            .and_then(|texts| place(&texts, &defined));
        if let Ok(place) = place {
            println!("# {}: boot {boot}: _text at {place:x}", kernel.config);
            places.insert(place);
        }
        report.check(&name, place.map(drop));
    }
    report.count(format!(
        "{}: {boots} boots, at {} addresses",
        kernel.config,
        places.len()
    ));
    report.check(
        &format!("{}: the kernel was at more than one address", kernel.config),
        differ(&places),
    );
    Ok(())
}

/// The address of `_text`. Fails if an address or a size is wrong.
fn place(texts: &Texts, defined: &sizes::Sizes) -> Result<u64> {
    let symbols = texts.symbols()?;
    let text = symbols.iter().find(|symbol| symbol.name == "_text");
    let text = text.context("there is no _text")?.address;
    let shown = sizes::shown(&texts.kallmodsyms, &texts.kallsyms, defined)?;
    sizes::compare(&shown, defined)?;
    Ok(text)
}

/// Fails if the kernel had the same address in all boots: then they did not test address randomisation.
fn differ(places: &BTreeSet<u64>) -> Result<()> {
    ensure!(
        places.len() > 1,
        "the kernel was at {places:x?} each time: is RANDOMIZE_BASE set?"
    );
    Ok(())
}
