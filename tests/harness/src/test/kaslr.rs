// SPDX-License-Identifier: GPL-2.0

//! Boots a kernel several times at random addresses. After each boot, each address in `/proc/kallmodsyms` must
//! be the address in `/proc/kallsyms`. The kernel's own symbols in the upper half of addresses must all be at
//! their address in vmlinux plus the same offset.

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

/// Boots the kernel `boots` times, and checks the addresses and sizes in the file after each boot.
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
            .and_then(|texts| checked_text_address(&texts, &defined));
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

/// The address of `_text` in the file. Fails if an address or a size in the file is wrong.
fn checked_text_address(texts: &Texts, defined: &sizes::Sizes) -> Result<u64> {
    let symbols = texts.symbols()?;
    let text = symbols.iter().find(|symbol| symbol.name == "_text");
    let text = text.context("the file has no _text")?.address;
    let shown = sizes::shown(&texts.kallmodsyms, &texts.kallsyms, defined)?;
    sizes::compare(&shown, defined)?;
    Ok(text)
}

/// Checks that `_text` had at least two addresses. Boots at one address do not test address randomisation.
fn differ(places: &BTreeSet<u64>) -> Result<()> {
    ensure!(
        places.len() > 1,
        "the kernel was at {places:x?} in the boots that passed: is RANDOMIZE_BASE set?"
    );
    Ok(())
}
