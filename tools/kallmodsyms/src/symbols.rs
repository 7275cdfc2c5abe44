// SPDX-License-Identifier: GPL-2.0

//! The symbols of a kernel, by address and by name.
//!
//! The lines come from the tables of an image, or from a saved listing: the text of
//! `/proc/kallmodsyms`. An image tells the modules of padding; a listing does not.

use std::borrow::Cow;
use std::path::Path;

use crate::error::Result;
use crate::format::ranges::RangeHint;
use crate::format::walk::Tables;
use crate::kernel_file::KernelFile;
use crate::line::{self, Line, IMAGE};
use crate::link_ranges::LinkRanges;
use crate::listed_symbols::moved;
use crate::listing;
use crate::tables::Kernel;

/// In a saved listing, an address this many bytes behind a symbol is in no symbol.
const PADDING: u64 = 0x1000;

/// Whether to read `.tmp_vmlinux.ranges`, which names object files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadRanges {
    Never,
    IfPresent,
    Always,
}

/// The modules of an address in padding, in brackets.
type PaddingModules<'t> = Box<dyn Fn(u64) -> Vec<u8> + 't>;

/// All symbols of a kernel.
pub(crate) struct Symbols<'t> {
    path: &'t Path,
    /// Sorted by address; the listing's order at one address.
    lines: Vec<Line<'t>>,
    /// Indices of `lines`, sorted by name, then by index.
    by_name: Vec<u32>,
    /// `None` for a saved listing.
    padding: Option<PaddingModules<'t>>,
    ranges: Option<LinkRanges>,
    is_of_one_boot: bool,
}

/// An address in a symbol, or in the padding behind one.
pub(crate) struct Location<'t> {
    pub(crate) address: u64,
    /// Bytes from the start of `symbol`.
    pub(crate) offset: u64,
    pub(crate) symbol: Line<'t>,
    /// In brackets.
    pub(crate) modules: Cow<'t, [u8]>,
}

/// Reads the symbols of the kernel in the file `path`, moved by `offset`, and calls `with` with them.
pub(crate) fn with_symbols<T>(
    path: &Path,
    offset: u64,
    read_ranges: ReadRanges,
    with: impl FnOnce(&Symbols<'_>) -> Result<T>,
) -> Result<T> {
    let file = KernelFile::open(Some(path))?;
    let path = file.path();
    let Some(image) = file.image()? else {
        let text = file.listing()?;
        let text = moved(path, &text, offset)?;
        return with(&Symbols::of(path, &text, None, None));
    };
    let kernel = Kernel::read(image, offset)?;
    kernel.checked(|tables| {
        let text = listing::text(&kernel, tables)?;
        let ranges = match read_ranges {
            ReadRanges::Never => None,
            ReadRanges::IfPresent => LinkRanges::read(&kernel).ok(),
            ReadRanges::Always => Some(LinkRanges::read(&kernel)?),
        };
        let padding: PaddingModules<'_> = Box::new(|address| modules_at(tables, address));
        let mut symbols = Symbols::of(path, &text, Some(padding), ranges);
        symbols.is_of_one_boot = kernel.is_of_one_boot();
        with(&symbols)
    })
}

/// The modules of the object file at `address`, in brackets.
fn modules_at(tables: &Tables<'_, '_, crate::addresses::Addresses<'_>>, address: u64) -> Vec<u8> {
    let Tables {
        places, modules, ..
    } = tables;
    let text = match address < IMAGE {
        true => places.linked_text,
        false => places.text,
    };
    let offset = address.wrapping_sub(text) as u32;
    let names = modules.at_offset(offset, &mut RangeHint::default());
    let names: Vec<Vec<u8>> = names.map(|name| [b"[", name, b"]"].concat()).collect();
    names.join(&b' ')
}

impl<'t> Symbols<'t> {
    fn of(
        path: &'t Path,
        text: &'t [u8],
        padding: Option<PaddingModules<'t>>,
        ranges: Option<LinkRanges>,
    ) -> Self {
        let mut lines: Vec<Line<'t>> = line::parse(text).collect();
        lines.sort_by_key(|line| line.address);
        let mut named: Vec<(&[u8], u32)> = lines.iter().map(|line| line.name).zip(0..).collect();
        named.sort_unstable();
        Self {
            path,
            by_name: named.into_iter().map(|(_, index)| index).collect(),
            lines,
            is_of_one_boot: padding.is_none(),
            padding,
            ranges,
        }
    }

    /// The file that the symbols are from.
    pub(crate) fn path(&self) -> &'t Path {
        self.path
    }

    /// Tells whether the addresses are those of one boot.
    pub(crate) fn is_of_one_boot(&self) -> bool {
        self.is_of_one_boot
    }

    /// The first 16 bits that all addresses of the image share; `None` if the listing has no addresses.
    pub(crate) fn address_prefix(&self) -> Option<u16> {
        let last = self.lines.last()?.address;
        (last >= IMAGE).then_some((last >> 48) as u16)
    }

    /// The symbols with this name, by address.
    pub(crate) fn named<'s>(&'s self, name: &[u8]) -> impl Iterator<Item = &'s Line<'t>> + 's {
        let line = |index: &u32| self.lines.get(*index as usize);
        let is_before = |index: &u32| line(index).is_some_and(|line| line.name < name);
        let is_not_after = |index: &u32| line(index).is_some_and(|line| line.name <= name);
        let first = self.by_name.partition_point(is_before);
        let indices = self.by_name.get(first..).unwrap_or_default();
        let (indices, _) = indices.split_at(indices.partition_point(is_not_after));
        indices.iter().filter_map(line)
    }

    /// Bytes from a symbol to the next higher one: the size that the kernel prints for it.
    pub(crate) fn distance(&self, symbol: &Line<'_>) -> Option<u64> {
        let next = self.after(symbol.address);
        let next = self.lines.get(next)?.address;
        let is_same_area = (next ^ symbol.address) & IMAGE == 0;
        is_same_area.then(|| next.wrapping_sub(symbol.address))
    }

    /// The index of the first symbol above `address`.
    fn after(&self, address: u64) -> usize {
        self.lines.partition_point(|line| line.address <= address)
    }

    /// The location of `address`; `None` outside of the kernel.
    pub(crate) fn location(&self, address: u64) -> Option<Location<'t>> {
        let after = self.after(address);
        let start = self.lines.get(after.checked_sub(1)?)?.address;
        if (start ^ address) & IMAGE != 0 {
            return None;
        }
        let first = self.lines.partition_point(|line| line.address < start);
        let here = self.lines.get(first..after)?;
        let mut symbol = *here.first()?;
        let offset = address.wrapping_sub(start);
        let around = here.iter().find(|line| offset < line.size);
        // The last symbol has no padding behind it.
        symbol.size = match (symbol.size, self.distance(&symbol)) {
            (0, distance) => distance?,
            (_, None) if around.is_none() => return None,
            (size, _) => size,
        };
        let modules = match (around, &self.padding) {
            (Some(line), _) => line.modules.into(),
            (None, Some(padding)) => padding(address).into(),
            (None, None) => padding_in_listing(here, offset)?.into(),
        };
        Some(Location {
            address,
            offset,
            symbol,
            modules,
        })
    }

    /// Section and object file of the byte at `address`, if the build's ranges are read and know them.
    pub(crate) fn range(&self, address: u64) -> Option<(&[u8], &[u8])> {
        self.ranges.as_ref()?.at(address)
    }

    /// The object file that defines `symbol`, or that has the byte at `address` in it.
    pub(crate) fn object(&self, symbol: &Line<'t>, address: u64) -> Option<&[u8]> {
        let of_range = self.range(address).map(|(_, object)| object);
        of_range
            .filter(|object| *object != b"-")
            .or(symbol.object())
    }
}

/// The modules of padding in a saved listing, behind the symbols `here`: those of the largest symbol, whose
/// object file ends with the padding. `None` if the address is `offset` bytes from them, too far for
/// padding.
fn padding_in_listing<'t>(here: &[Line<'t>], offset: u64) -> Option<&'t [u8]> {
    let largest = here.iter().max_by_key(|line| line.size)?;
    if offset.saturating_sub(largest.size) >= PADDING {
        return None;
    }
    let is_agreed = here.iter().all(|line| line.modules == largest.modules);
    Some(match largest.size > 0 || is_agreed {
        true => largest.modules,
        false => b"",
    })
}
