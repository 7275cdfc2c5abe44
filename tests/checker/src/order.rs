// SPDX-License-Identifier: GPL-2.0

//! Compares the order of `/proc/kallsyms` with the order in which `scripts/kallsyms.c` of an [`untouched`] kernel
//! tree, which lacks the option `CONFIG_KALLMODSYMS`, sorts the symbols of the same build.
//!
//! `scripts/kallsyms.c` sorts the symbols of one address by three rules: [`Rank`]. The option may
//! reorder only symbols of equal rank: it puts the larger symbol before the smaller symbol, and keeps the
//! order of symbols of equal size. So the rules determine the order of all lines, and the check compares every
//! line.
//!
//! [`untouched`]: crate::untouched

use std::collections::BTreeMap;
use std::io::{Result as IoResult, Write};

use anyhow::{ensure, Result};

use crate::kallsyms::Line;
use crate::sizes::Sizes;
use crate::untouched::Label;

/// The rank of a symbol by the rules of `scripts/kallsyms.c`; a lower rank comes first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// A weak symbol comes after strong symbols.
    weak: bool,
    /// A name that looks like a label of the linker script comes after other names.
    of_linker_script: bool,
    /// A name with more leading underscores comes later.
    underscores: usize,
}

impl Rank {
    fn of(label: &Label) -> Self {
        let name = &*label.name;
        let middle = name.strip_prefix(b"__").filter(|_| name.len() >= 8);
        let starts = [&b"start_"[..], b"stop_", b"end_"];
        let ends = [&b"_start"[..], b"_end"];
        Self {
            weak: label.kind.eq_ignore_ascii_case(&b'w'),
            of_linker_script: middle.is_some_and(|middle| {
                starts.iter().any(|start| middle.starts_with(start))
                    || ends.iter().any(|end| name.ends_with(end))
            }),
            underscores: name.iter().take_while(|&&byte| byte == b'_').count(),
        }
    }
}

/// A symbol at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Symbol {
    label: Label,
    size: u64,
}

/// An address where the two orders differ.
struct Difference {
    address: u64,
    without: Vec<Symbol>,
    with: Vec<Symbol>,
    /// True if the option may make this order: the reordered symbols have equal ranks, and their sizes decide.
    allowed: bool,
}

impl Difference {
    /// True if the first symbols of the orders have different names. The kernel names addresses after the first
    /// symbol.
    fn renames(&self) -> bool {
        self.with[0].label.name != self.without[0].label.name
    }
}

/// The result of the comparison.
#[derive(Default)]
pub struct Order {
    lines: usize,
    addresses: usize,
    /// The number of addresses with more than one symbol.
    shared: usize,
    /// The number of lines that are not in their place in the untouched order.
    moved: usize,
    differences: Vec<Difference>,
}

impl Order {
    /// Compares the order of the kernel's `listing` with the `untouched` order. `by_size` is true if the kernel
    /// stores sizes, and so may order symbols by size.
    pub fn compare(
        listing: &[Line],
        untouched: &[Label],
        mut sizes: Sizes,
        by_size: bool,
    ) -> Result<Self> {
        ensure!(
            untouched.len() == listing.len(),
            "an untouched scripts/kallsyms lists {} symbols of System.map, the kernel {}",
            untouched.len(),
            listing.len()
        );
        let mut order = Self {
            lines: listing.len(),
            ..Self::default()
        };
        let mut start = 0;
        for group in listing.chunk_by(|line, next| line.address == next.address) {
            let range = start..start + group.len();
            start = range.end;
            order.add(group, &untouched[range], &mut sizes, by_size)?;
        }
        Ok(order)
    }

    /// Compares the two orders of the symbols at one address.
    fn add(
        &mut self,
        listed: &[Line],
        untouched: &[Label],
        sizes: &mut Sizes,
        by_size: bool,
    ) -> Result<()> {
        let address = listed[0].address;
        self.addresses += 1;
        self.shared += usize::from(listed.len() > 1);
        let labels: Vec<Label> = listed.iter().map(Line::label).collect();
        ensure!(
            sorted(&labels) == sorted(untouched),
            "{address:x}: the kernel lists {}, an untouched scripts/kallsyms {}",
            names(&labels),
            names(untouched)
        );
        ensure!(
            untouched.is_sorted_by_key(Rank::of),
            "{address:x}: scripts/kallsyms.c follows other rules than this check; its order is {}",
            names(untouched)
        );
        if labels == untouched {
            return Ok(());
        }
        let moved = labels.iter().zip(untouched).filter(|(a, b)| a != b);
        self.moved += moved.count();
        // If several symbols of the address have one name, `Sizes::next` returns the larger size first.
        let mut found: BTreeMap<&Label, Vec<u64>> = BTreeMap::new();
        for label in &labels {
            let size = sizes.next(address, &label.name);
            found.entry(label).or_default().push(size);
        }
        let with_sizes = |labels: &[Label]| -> Vec<Symbol> {
            let mut found: BTreeMap<_, _> = found
                .iter()
                .map(|(label, sizes)| (*label, sizes.iter()))
                .collect();
            let symbols = labels.iter().map(|label| Symbol {
                label: label.clone(),
                size: found
                    .get_mut(label)
                    .and_then(Iterator::next)
                    .copied()
                    .unwrap_or(0),
            });
            symbols.collect()
        };
        let (with, without) = (with_sizes(&labels), with_sizes(untouched));
        let mut expected = without.clone();
        if by_size {
            expected.sort_by_key(|symbol| (Rank::of(&symbol.label), u64::MAX - symbol.size));
        }
        let allowed = expected.iter().map(|symbol| &symbol.label).eq(&labels);
        self.differences.push(Difference {
            address,
            without,
            with,
            allowed,
        });
        Ok(())
    }

    /// True if the rules allow the order of the kernel at each address.
    pub fn good(&self) -> bool {
        self.differences.iter().all(|difference| difference.allowed)
    }

    /// Writes the counts, and a line for each address where the orders differ. `WRONG` marks an order that no rule
    /// allows:
    ///
    /// ```text
    /// ffffffff82200000 _etext (0) __func__.0 (19) -> __func__.0 (19) _etext (0) WRONG
    /// ```
    pub fn write(&self, out: &mut impl Write) -> IoResult<()> {
        let renamed = || self.differences.iter().filter(|other| other.renames());
        let of_sized = renamed().filter(|other| other.without[0].size != 0);
        let wrong = self.differences.iter().filter(|other| !other.allowed);
        writeln!(out, "lines: {}", self.lines)?;
        writeln!(out, "addresses: {}", self.addresses)?;
        writeln!(out, "addresses of several symbols: {}", self.shared)?;
        writeln!(out, "lines moved: {}", self.moved)?;
        writeln!(
            out,
            "addresses with another first name: {}",
            renamed().count()
        )?;
        writeln!(out, "of these, the first had a size: {}", of_sized.count())?;
        writeln!(
            out,
            "addresses in an order that no rule allows: {}",
            wrong.count()
        )?;
        for difference in &self.differences {
            let Difference { address, .. } = difference;
            write!(out, "{address:016x}")?;
            write_symbols(out, &difference.without)?;
            write!(out, " ->")?;
            write_symbols(out, &difference.with)?;
            let wrong = if difference.allowed { "" } else { " WRONG" };
            writeln!(out, "{wrong}")?;
        }
        out.flush()
    }
}

/// Writes the lines of `/proc/kallsyms` in a kernel without the option.
pub fn write_untouched(
    out: &mut impl Write,
    listing: &[Line],
    untouched: &[Label],
) -> IoResult<()> {
    for (line, label) in listing.iter().zip(untouched) {
        let kind = char::from(label.kind);
        write!(out, "{:016x} {kind} ", line.address)?;
        out.write_all(&label.name)?;
        writeln!(out)?;
    }
    out.flush()
}

fn write_symbols(out: &mut impl Write, symbols: &[Symbol]) -> IoResult<()> {
    for Symbol { label, size } in symbols {
        let name = String::from_utf8_lossy(&label.name);
        write!(out, " {name} ({size})")?;
    }
    Ok(())
}

fn sorted(labels: &[Label]) -> Vec<&Label> {
    let mut labels: Vec<_> = labels.iter().collect();
    labels.sort();
    labels
}

fn names(labels: &[Label]) -> String {
    let names = labels.iter().map(|label| {
        let name = String::from_utf8_lossy(&label.name);
        format!("{} {name}", char::from(label.kind))
    });
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> Label {
        let (kind, name) = text.split_once(' ').unwrap();
        Label {
            kind: kind.as_bytes()[0],
            name: name.into(),
        }
    }

    /// Compares two orders of the symbols at one address. Each symbol is a letter, a name and a size.
    fn compare(without: &[(&str, u64)], with: &[&str], by_size: bool) -> Result<Order> {
        let address = 0x1000;
        let untouched: Vec<_> = without.iter().map(|(text, _)| label(text)).collect();
        let sizes = without.iter().map(|(text, size)| {
            let name = label(text).name;
            ((address, name), *size)
        });
        let listing: Vec<_> = with
            .iter()
            .map(|text| {
                let Label { kind, name } = label(text);
                Line {
                    address,
                    kind,
                    name,
                }
            })
            .collect();
        Order::compare(&listing, &untouched, sizes.collect(), by_size)
    }

    #[test]
    fn ranks_follow_the_rules_of_kallsyms() {
        let rising = [
            "T startup",
            "t _text",
            "T __s_end",
            "T ___x",
            "D __start_",
            "T __xy_end",
            "T ___x_start",
            "W a",
            "w __end_of",
        ];
        assert!(rising.map(label).is_sorted_by_key(Rank::of));
        let of_linker_script = |text| Rank::of(&label(text)).of_linker_script;
        assert!(of_linker_script("T __stop_x") && of_linker_script("T __end_xy"));
        // These names are too short, or lack the underscores.
        assert!(!of_linker_script("T __s_end") && !of_linker_script("T xy_start"));
    }

    #[test]
    fn size_decides_only_between_symbols_of_equal_rank() {
        let etext = [("T _etext", 0), ("r __func__.0", 19), ("r __func__.1", 7)];
        let same = compare(&etext, &["T _etext", "r __func__.0", "r __func__.1"], true).unwrap();
        assert!(same.good() && same.differences.is_empty());

        // The name with fewer underscores comes first, whatever its size.
        let order = compare(&etext, &["r __func__.0", "T _etext", "r __func__.1"], true).unwrap();
        assert!(!order.good());
        assert_eq!(order.moved, 2);

        let equal = [("d a", 0), ("d b", 8), ("D c", 16), ("d d", 8)];
        let by_size = ["D c", "d b", "d d", "d a"];
        let order = compare(&equal, &by_size, true).unwrap();
        assert!(order.good() && order.differences[0].renames());
        // The larger symbol comes first, symbols of equal size keep their order, and symbols without a size come
        // last.
        for wrong in [["d b", "D c", "d d", "d a"], ["D c", "d d", "d b", "d a"]] {
            assert!(!compare(&equal, &wrong, true).unwrap().good());
        }
        // A kernel without sizes may move no symbol.
        assert!(!compare(&equal, &by_size, false).unwrap().good());
    }

    #[test]
    fn a_kernel_with_other_symbols_is_an_error() {
        assert!(compare(&[("t a", 4)], &["t b"], true).is_err());
        assert!(compare(&[("t a", 4)], &["T a"], true).is_err());
        assert!(compare(&[("t a", 4)], &["t a", "t b"], true).is_err());
        // The rules of this check do not explain this untouched order.
        assert!(compare(&[("t __a", 4), ("t a", 4)], &["t __a", "t a"], true).is_err());
    }
}
