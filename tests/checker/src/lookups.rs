// SPDX-License-Identifier: GPL-2.0

//! What the kernel answers for an address, as in `%pS`: with true sizes against without them.
//!
//! The kernel looks for the last address that has symbols and is not above the one it is asked for.
//! Of the symbols there it names the first, and takes the distance to the next address for its
//! size. With true sizes they are sorted otherwise, and the first that has a size is named. What is
//! named thus depends only on that last address, so a comparison for each address that has symbols
//! is one for all addresses.
//!
//! The order without sizes is asked of the kernel's own scripts/kallsyms.

use std::io::{Result as IoResult, Write};
use std::ops::Range;
use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};

use crate::elf::Entry;
use crate::kallsyms::{self, Line};
use crate::names::Names;
use crate::sizes::Sizes;

/// A symbol that an address is named after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    /// That of the symbol table.
    pub size: u64,
}

/// An address that is named otherwise.
pub struct Difference {
    pub address: u64,
    pub without: Named,
    pub with: Named,
}

impl Difference {
    /// Whether the new name is of a symbol that has a size and contains the one of the old name.
    pub fn is_better(&self) -> bool {
        self.with.size > self.without.size
    }
}

/// The comparison.
#[derive(Default)]
pub struct Lookups {
    /// Addresses that have symbols.
    pub addresses: usize,
    /// Those where the answer's size is the same as without true sizes.
    pub same_size: usize,
    /// Those where it is smaller: padding follows, which is now told apart.
    pub smaller: usize,
    /// Those where it is larger: the symbol overlaps the next.
    pub larger: usize,
    /// Those where no symbol has a size, so that the answer is the same.
    pub no_size: usize,
    pub differences: Vec<Difference>,
}

impl Lookups {
    /// Whether no name has become worse.
    pub fn good(&self) -> bool {
        self.differences.iter().all(Difference::is_better)
    }
}

/// Compares, for the kernel built in `build`, whose core symbols are `listing`.
pub fn compare(build: &Path, listing: &[Line], linked: &[Entry], names: &Names) -> Result<Lookups> {
    let without = order_without_sizes(build)?;
    ensure!(
        without.len() == listing.len(),
        "scripts/kallsyms lists {} symbols of System.map, the kernel {}",
        without.len(),
        listing.len()
    );
    let mut sizes = Sizes::new(linked, names);
    let mut lookups = Lookups::default();
    let mut next = listing.len();
    let mut groups: Vec<Range<usize>> = Vec::new();
    while let Some(last) = next.checked_sub(1) {
        let same = |line: &&Line| line.address == listing[last].address;
        let first = next - listing[..next].iter().rev().take_while(same).count();
        groups.push(first..next);
        next = first;
    }
    for group in groups.into_iter().rev() {
        let address = listing[group.start].address;
        let gap = listing.get(group.end).map(|next| next.address - address);
        let symbols: Vec<Named> = listing[group.clone()]
            .iter()
            .map(|line| Named {
                name: String::from_utf8_lossy(&line.name).into_owned(),
                size: sizes.next(address, &line.name),
            })
            .collect();
        let first = &without[group.start];
        let old = symbols.iter().find(|symbol| symbol.name == *first);
        let old = old.with_context(|| format!("{first} is not at {address:x}"))?;
        let new = symbols.iter().find(|symbol| symbol.size != 0);
        lookups.add(address, gap, old, new);
    }
    Ok(lookups)
}

impl Lookups {
    fn add(&mut self, address: u64, gap: Option<u64>, old: &Named, new: Option<&Named>) {
        self.addresses += 1;
        let Some(new) = new else {
            self.no_size += 1;
            return;
        };
        let gap = gap.unwrap_or(new.size);
        *match new.size {
            size if size < gap => &mut self.smaller,
            size if size > gap => &mut self.larger,
            _ => &mut self.same_size,
        } += 1;
        if new.name != old.name {
            self.differences.push(Difference {
                address,
                without: old.clone(),
                with: new.clone(),
            });
        }
    }

    /// Writes the numbers, and then every difference on its line.
    ///
    /// ```text
    /// ffffffff81000000 _text (0) -> startup_64 (77)
    /// ```
    pub fn write(&self, out: &mut impl Write) -> IoResult<()> {
        writeln!(out, "addresses that have symbols: {}", self.addresses)?;
        writeln!(out, "of these, none has a size: {}", self.no_size)?;
        writeln!(out, "size as without sizes: {}", self.same_size)?;
        writeln!(out, "size smaller, padding follows: {}", self.smaller)?;
        writeln!(out, "size larger, overlaps the next: {}", self.larger)?;
        writeln!(out, "named otherwise: {}", self.differences.len())?;
        for Difference {
            address,
            without,
            with,
        } in &self.differences
        {
            writeln!(
                out,
                "{address:016x} {} ({}) -> {} ({})",
                without.name, without.size, with.name, with.size
            )?;
        }
        out.flush()
    }
}

/// The names, by index, in the order that the kernel has without sizes.
fn order_without_sizes(build: &Path) -> Result<Vec<String>> {
    let mut program = Command::new(build.join("scripts/kallsyms"));
    for (option, argument) in [
        ("CONFIG_KALLSYMS_ALL", "--all-symbols"),
        ("CONFIG_KALLSYMS_ABSOLUTE_PERCPU", "--absolute-percpu"),
    ] {
        if kallsyms::configured(build, option)? {
            program.arg(argument);
        }
    }
    let output = program
        .arg(build.join("System.map"))
        .output()
        .context("scripts/kallsyms")?;
    ensure!(output.status.success(), "scripts/kallsyms failed");
    let source = String::from_utf8_lossy(&output.stdout);
    let rows = source
        .lines()
        .skip_while(|line| *line != "kallsyms_offsets:")
        .skip(1)
        .map_while(row);
    Ok(rows.collect())
}

/// ```text
/// \t.long\t0xffffffff\t/* Tstartup_64 */
/// ```
fn row(line: &str) -> Option<String> {
    let (_, comment) = line.strip_prefix("\t.long\t")?.split_once("\t/* ")?;
    let symbol = comment.strip_suffix(" */")?;
    Some(symbol.get(1..)?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, size: u64) -> Named {
        Named {
            name: name.to_owned(),
            size,
        }
    }

    #[test]
    fn rows() {
        assert_eq!(
            row("\t.long\t0xffffffff\t/* Tstartup_64 */"),
            Some("startup_64".into())
        );
        assert_eq!(row("\t.globl kallsyms_relative_base"), None);
    }

    #[test]
    fn answers() {
        let mut lookups = Lookups::default();
        let (marker, function, alias) = (named("_stext", 0), named("main", 12), named("part", 4));
        lookups.add(0x1000, Some(16), &marker, Some(&function));
        lookups.add(0x1010, Some(8), &alias, Some(&function));
        lookups.add(0x1018, Some(12), &function, Some(&function));
        lookups.add(0x1024, None, &marker, None);
        assert_eq!(
            (
                lookups.smaller,
                lookups.larger,
                lookups.same_size,
                lookups.no_size
            ),
            (1, 1, 1, 1)
        );
        assert_eq!(lookups.differences.len(), 2);
        assert!(lookups.good());
        lookups.add(0x1030, Some(16), &function, Some(&alias));
        assert!(!lookups.good());
    }
}
