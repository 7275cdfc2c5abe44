// SPDX-License-Identifier: GPL-2.0

//! Input sections whose equal constants or strings a linker merged.
//!
//! Neither map says so of all of them. Most have names by a convention of compilers and of the
//! kernel's assembler code; others any, as clang merges constants in sections that the source chose.
//! LLD says of these what it says of all that it made itself.
//!
//! GNU ld says of some that they became smaller. One of which nothing is left keeps its size in the
//! map, but what follows begins at its address, or the output section ends there. Its symbols are then
//! in another of its kind, of which nothing is said.

use super::OutputSection;
use crate::hash::FastSet;

/// Whether linkers merge what is in input sections of this name, by convention.
pub(super) fn is_mergeable(section: &[u8]) -> bool {
    const PREFIXES: [&[u8]; 3] = [b".rodata.cst", b".rodata.str", b"__ksymtab_strings"];
    let section = without_init(section);
    PREFIXES.iter().any(|prefix| section.starts_with(prefix))
}

/// Whether the name is one of code, which becomes smaller where the linker shortens instructions
/// (RISC-V), but stays its object's.
pub(super) fn is_code(section: &[u8]) -> bool {
    section.windows(5).any(|part| part == b".text")
}

/// With what linkers merge an input section of this name, if they are in one output section. These
/// are also sections of other names with entries of one size, which by convention is in the beginning
/// of the name: `.rodata.cst16` and `.rodata.cst16.bswap_mask`.
pub(crate) fn kind(section: &[u8]) -> &[u8] {
    let section = without_init(section);
    let dots = section
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'.');
    let third = dots.map(|(index, _)| index).nth(2);
    let kind = third.filter(|_| section.starts_with(b".rodata.cst"));
    let kind = kind.and_then(|end| section.get(..end));
    kind.unwrap_or(section)
}

/// The name that the compiler gave a section, where kbuild put `.init` in front of all of an object, as
/// on arm64 of those that run before the image is where it belongs.
fn without_init(section: &[u8]) -> &[u8] {
    match section.strip_prefix(b".init") {
        Some(rest) if rest.starts_with(b".") => rest,
        _ => section,
    }
}

/// Marks what was merged in `section` of GNU ld's map, where that tells of some.
pub(super) fn mark(section: &mut OutputSection<'_>) {
    let mut next = section.address.saturating_add(section.size);
    let mut kinds = FastSet::default();
    let not_empty = section.contributions.iter_mut().rev();
    for contribution in not_empty.filter(|contribution| contribution.size != 0) {
        let is_gone = contribution.address >= next && !is_code(contribution.section);
        contribution.merged |= is_gone;
        if contribution.merged {
            kinds.insert(kind(contribution.section));
        }
        next = contribution.address;
    }
    if kinds.is_empty() {
        return;
    }
    for contribution in &mut section.contributions {
        contribution.alike = kinds.contains(kind(contribution.section));
    }
}
