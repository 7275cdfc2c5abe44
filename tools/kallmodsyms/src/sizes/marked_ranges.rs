// SPDX-License-Identifier: GPL-2.0

//! Ranges of the image that the kernel itself marks with a pair of symbols.
//!
//! Section flags do not show the classes of these ranges. Init sections have the flags of code or data. A
//! section of constants is writable if it also has data that the kernel makes read-only after boot. The kernel
//! finds the same ranges by the same symbols, so the classes do not depend on section names.

use std::collections::HashMap;
use std::ops::Range;

use crate::sizes::class::Class;

/// For each range: the symbol at its start, the symbol behind its last byte, and the class. If an address is in
/// several ranges, the first of them decides.
const MARKS: [(&str, &str, Class); 11] = [
    // Comes before init memory, because the per-cpu area is inside of it, except in SMP kernels of Linux 6.12
    // on x86_64.
    ("__per_cpu_start", "__per_cpu_end", Class::Percpu),
    ("__init_begin", "__init_end", Class::Init),
    ("__start___ex_table", "__stop___ex_table", Class::Extable),
    (
        "__start_orc_unwind_ip",
        "__stop_orc_unwind_ip",
        Class::Unwind,
    ),
    ("__start_orc_unwind", "__stop_orc_unwind", Class::Unwind),
    ("orc_lookup", "orc_lookup_end", Class::Unwind),
    ("__start___ksymtab", "__stop___ksymtab", Class::Ksymtab),
    (
        "__start___ksymtab_gpl",
        "__stop___ksymtab_gpl",
        Class::Ksymtab,
    ),
    ("__start___kflagstab", "__stop___kflagstab", Class::Ksymtab),
    ("__start_BTF", "__stop_BTF", Class::Btf),
    ("__start_rodata", "__end_rodata", Class::Rodata),
];

/// The marked ranges of a kernel, in the order of [`MARKS`].
pub(crate) struct MarkedRanges(Vec<(Range<u64>, Class)>);

impl MarkedRanges {
    /// The ranges that `symbols` mark; each symbol is a name and an address. A range that lacks one of its two
    /// symbols is left out.
    pub(crate) fn of<'n>(symbols: impl Iterator<Item = (&'n [u8], u64)>) -> Self {
        let is_mark = |name: &[u8]| {
            let mut marks = MARKS.iter();
            marks.any(|(start, end, _)| [start, end].iter().any(|mark| mark.as_bytes() == name))
        };
        let places: HashMap<_, _> = symbols.filter(|(name, _)| is_mark(name)).collect();
        let place = |name: &str| places.get(name.as_bytes()).copied();
        let ranges = MARKS.iter().filter_map(|(start, end, class)| {
            let range = place(start)?..place(end)?;
            (!range.is_empty()).then_some((range, *class))
        });
        Self(ranges.collect())
    }

    /// The class of the byte at `address`. `unmarked` is its class by the flags of the section or by the letter
    /// of the symbol; it applies if no range decides.
    pub(crate) fn class(&self, address: u64, unmarked: Class) -> Class {
        let mut ranges = self.0.iter().filter(|(range, _)| range.contains(&address));
        match ranges.next() {
            // The range of constants only turns data into constants; other classes in it stay.
            Some((_, Class::Rodata)) if unmarked != Class::Data => unmarked,
            Some((_, class)) => *class,
            None => unmarked,
        }
    }

    /// Addresses at which the class can change.
    pub(crate) fn bounds(&self) -> impl Iterator<Item = u64> + '_ {
        let ranges = self.0.iter();
        ranges.flat_map(|(range, _)| [range.start, range.end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_symbols_decide_where_flags_cannot() {
        let symbols: [(&[u8], u64); 8] = [
            (b"__init_begin", 0x100),
            (b"__init_end", 0x200),
            (b"__per_cpu_start", 0x140),
            (b"__per_cpu_end", 0x180),
            (b"__start_rodata", 0x300),
            (b"__end_rodata", 0x400),
            (b"__start_BTF", 0x500),
            (b"init", 0x600),
        ];
        let ranges = MarkedRanges::of(symbols.into_iter());
        for (address, unmarked, class) in [
            (0xff, Class::Text, Class::Text),
            (0x100, Class::Text, Class::Init),
            (0x140, Class::Data, Class::Percpu),
            (0x180, Class::Data, Class::Init),
            (0x200, Class::Bss, Class::Bss),
            (0x300, Class::Data, Class::Rodata),
            (0x300, Class::Text, Class::Text),
            // `__start_BTF` marks no range, because there is no `__stop_BTF`.
            (0x500, Class::Data, Class::Data),
        ] {
            assert_eq!(ranges.class(address, unmarked), class, "{address:#x}");
        }
    }
}
