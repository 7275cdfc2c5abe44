// SPDX-License-Identifier: GPL-2.0

//! Reads the contents of a kernel: by object files if the build's files are beside the image, otherwise by
//! symbols.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::kernel_file::KernelFile;
use crate::line::each_line;
use crate::link_ranges::{self, LinkRange};
use crate::modules_thick::ModulesThick;
use crate::sizes::class::Class;
use crate::sizes::class_ranges::ClassRanges;
use crate::sizes::contents::{ByteCount, ImageContents, Origin, OriginRange, Origins, SymbolBytes};
use crate::sizes::marked_ranges::MarkedRanges;
use crate::symbol::Symbol;
use crate::symbols::Symbols;

/// Tells whether `file` is an ELF file, and has beside it `.tmp_vmlinux.ranges`, the list of the object file of
/// each byte.
pub(crate) fn knows_objects(file: &KernelFile) -> bool {
    let has_sections = file.elf().is_ok_and(|elf| elf.is_some());
    has_sections && file.path().with_file_name(link_ranges::FILE).exists()
}

/// Reads a kernel by its object files.
pub(crate) fn by_object(file: &KernelFile, with_symbols: bool) -> Result<ImageContents> {
    let mut origins = Origins::default();
    let origin_ranges = object_ranges(file, &mut origins)?;
    let text = match with_symbols {
        true => file.listing()?,
        false => Default::default(),
    };
    let listed = match with_symbols {
        true => Some(Symbols::parse(file.path(), &text, file.is_listing())?),
        false => None,
    };
    let lines = match &listed {
        Some(listed) => listed.own()?,
        None => &[],
    };
    let class_ranges = class_ranges(file, lines)?;
    let padding = origins.number(Origin::Padding);
    let byte_counts = match &class_ranges {
        Some(class_ranges) => class_ranges.divide(&origin_ranges, padding),
        None => Vec::new(),
    };
    let in_objects = byte_counts
        .iter()
        .filter(|byte_count| byte_count.origin != padding);
    let divided: u64 = in_objects.map(|byte_count| byte_count.bytes).sum();
    // From Linux 7.2 on, .tmp_vmlinux.ranges also lists .modinfo, behind the image. The build takes .modinfo out
    // of vmlinux.
    let end = class_ranges.as_ref().map_or(0, ClassRanges::end);
    let in_image = origin_ranges
        .iter()
        .filter(|origin_range| origin_range.addresses.start < end);
    let linked: u64 = in_image
        .map(|origin_range| len(&origin_range.addresses))
        .sum();
    if divided != linked || divided == 0 {
        return Err(Error::in_file(
            &file.path().with_file_name(link_ranges::FILE),
            "these addresses are not in the sections of vmlinux",
            "Both must be of one link: build the kernel again.",
        ));
    }
    let symbols = distinct(lines).filter_map(|(line, addresses)| {
        let start = addresses.start;
        let after =
            origin_ranges.partition_point(|origin_range| origin_range.addresses.start <= start);
        let origin_range = origin_ranges.get(after.checked_sub(1)?)?;
        let is_inside = origin_range.addresses.contains(&start);
        Some(SymbolBytes {
            origin: if is_inside {
                origin_range.origin
            } else {
                padding
            },
            class: class_ranges.as_ref()?.class(start)?,
            name: String::from_utf8_lossy(line.name).into_owned(),
            bytes: len(&addresses),
        })
    });
    Ok(ImageContents {
        symbols: symbols.collect(),
        origins,
        byte_counts,
    })
}

/// Reads a kernel by its symbols.
pub(crate) fn by_symbol(file: &KernelFile) -> Result<ImageContents> {
    let text = file.listing()?;
    let listed = Symbols::parse(file.path(), &text, file.is_listing())?;
    let lines = listed.own()?;
    if !listed.has_addresses() {
        return Err(Error::in_file(
            file.path(),
            "all addresses and sizes are 0",
            "Read it as root, or name a vmlinux.",
        ));
    }
    let marked = MarkedRanges::of(lines.iter().map(|line| (line.name, line.address)));
    let class_ranges = class_ranges(file, lines)?;
    let mut origins = Origins::default();
    let (mut origin_ranges, mut symbols) = (Vec::new(), Vec::new());
    for (line, addresses) in distinct(lines) {
        let by_letter = marked.class(line.address, Class::of_letter(line.kind));
        let class = match &class_ranges {
            Some(class_ranges) => class_ranges.class(addresses.start),
            None => Some(by_letter),
        };
        // No class: the symbol is absolute, so it is in no section.
        let Some(class) = class else { continue };
        let modules = line.module_names().map(String::from_utf8_lossy);
        let origin = origins.number(Origin::Symbol {
            modules: modules.map(String::from).collect(),
        });
        symbols.push(SymbolBytes {
            origin,
            class,
            name: String::from_utf8_lossy(line.name).into_owned(),
            bytes: len(&addresses),
        });
        origin_ranges.push(OriginRange { addresses, origin });
    }
    let no_symbol = origins.number(Origin::NoSymbol);
    let byte_counts = match &class_ranges {
        Some(class_ranges) => class_ranges.divide(&origin_ranges, no_symbol),
        None => symbols.iter().map(ByteCount::from).collect(),
    };
    Ok(ImageContents {
        origins,
        byte_counts,
        symbols,
    })
}

/// The class of each address of an image; `None` for a listing or an image without sections. `lines` are the lines
/// of the listing. If the image has no ELF symbols, they divide it into ranges.
fn class_ranges(file: &KernelFile, lines: &[Symbol<'_>]) -> Result<Option<ClassRanges>> {
    let Some(elf) = file.elf()? else {
        return Ok(None);
    };
    let marked = match elf.symbols()? {
        Some(symbols) => MarkedRanges::of(symbols),
        None => MarkedRanges::of(lines.iter().map(|line| (line.name, line.address))),
    };
    ClassRanges::of(&elf, &marked).map(Some)
}

/// The ranges of the object files, sorted by address.
fn object_ranges(file: &KernelFile, origins: &mut Origins) -> Result<Vec<OriginRange>> {
    let thick = ModulesThick::read(file.path())?;
    let by_object = thick.by_object();
    let (path, text) = link_ranges::read_beside(file.path())?;
    let mut origin_ranges = Vec::<OriginRange>::new();
    for (number, line) in (1..).zip(each_line(&text)) {
        let range = LinkRange::parse(line).filter(|range| !range.addresses.is_empty());
        let range = range.ok_or_else(|| link_ranges::bad_line(&path, number))?;
        let behind = origin_ranges.last().map_or(0, |last| last.addresses.end);
        if range.addresses.start < behind {
            return Err(Error::at_line(
                &path,
                number,
                "the address is below the end of the line before",
                "Build the kernel again.",
            ));
        }
        let object = String::from_utf8_lossy(range.object);
        let origin = match &*object {
            "-" => Origin::Merged,
            object => Origin::Object {
                path: object.to_owned(),
                modules: by_object.get(object).cloned().unwrap_or_default(),
            },
        };
        origin_ranges.push(OriginRange {
            addresses: range.addresses,
            origin: origins.number(origin),
        });
    }
    Ok(origin_ranges)
}

/// The symbols that have bytes that are in no earlier symbol, sorted by address, each with these bytes.
fn distinct<'l, 't>(lines: &'l [Symbol<'t>]) -> impl Iterator<Item = (&'l Symbol<'t>, Range<u64>)> {
    let mut by_address: Vec<_> = lines.iter().filter(|line| line.size > 0).collect();
    by_address.sort_by_key(|line| line.address);
    let mut covered = 0;
    by_address.into_iter().filter_map(move |line| {
        let start = line.address.max(covered);
        let end = line.address.saturating_add(line.size);
        covered = covered.max(end);
        (start < end).then_some((line, start..end))
    })
}

fn len(addresses: &Range<u64>) -> u64 {
    addresses.end.saturating_sub(addresses.start)
}

impl From<&SymbolBytes> for ByteCount {
    fn from(symbol: &SymbolBytes) -> Self {
        Self {
            origin: symbol.origin,
            class: symbol.class,
            bytes: symbol.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_overlapping_symbols_count_once() {
        let text = b"10 8 t a\n10 8 T alias\n14 8 t over\n12 2 t inside\n30 0 T label\n20 4 t b\n";
        let lines: Vec<Symbol<'_>> = crate::symbol::parse(text).collect();
        let bytes: Vec<_> = distinct(&lines)
            .map(|(line, addresses)| (line.name, addresses))
            .collect();
        assert_eq!(
            bytes,
            [
                (&b"a"[..], 0x10..0x18),
                (b"over", 0x18..0x1c),
                (b"b", 0x20..0x24)
            ]
        );
    }
}
