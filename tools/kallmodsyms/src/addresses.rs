// SPDX-License-Identifier: GPL-2.0

//! The run-time addresses of a kernel's symbols: the addresses of the link, moved by the KASLR offset; absolute
//! per-cpu addresses do not move.

use std::borrow::Cow;
use std::ops::Range;

use crate::error::Result;
use crate::format::walk::{Place, Places};
use crate::image::Image;

/// The run-time addresses of the symbols.
pub(crate) struct Addresses<'d> {
    /// `kallsyms_offsets`, a row for each symbol.
    rows: Cow<'d, [u32]>,
    encoding: Encoding,
    /// The address of `_text` at link time.
    pub(crate) linked_text: u64,
    /// The address of `_text` at run time.
    pub(crate) text: u64,
    bounds: Bounds,
}

/// The encoding of the rows of `kallsyms_offsets`. The addresses in the variants are run-time addresses.
enum Encoding {
    /// A row is a number of bytes from this base.
    Base(u64),
    /// `CONFIG_KALLSYMS_ABSOLUTE_PERCPU`: row -1 stands for this base, row -2 for the byte after the base, and
    /// so on. A row that is not negative is an absolute address.
    BaseOrAbsolute(u64),
    /// Linux 7.2 and 7.3: a row is the signed number of bytes from the row's own address to the symbol. The
    /// variant has the address of the first row.
    Row(u64),
}

/// The bounds of `.init.text`, and the ends of the code and of the image, at run time. If the kernel stores no
/// sizes, its last symbol ends at one of these addresses.
struct Bounds {
    inittext: Range<u64>,
    etext: u64,
    end: u64,
}

impl<'d> Addresses<'d> {
    /// Reads the addresses of `len` symbols in a kernel that was moved by `offset`.
    pub(crate) fn read(image: &Image<'d>, len: u32, offset: u64) -> Result<Self> {
        let rows: Cow<'d, [u32]> = image.words("kallsyms_offsets", len as usize)?;
        let linked_text: u64 = image.word("kallsyms_module_base")?;
        let bases = ["kallsyms_relative_base", "kallsyms_offsets"].map(|name| image.address(name));
        let encoding = match bases {
            [None, Some(table)] => Encoding::Row(table.wrapping_add(offset)),
            _ => {
                let base: u64 = image.word("kallsyms_relative_base")?;
                let base = base.wrapping_add(offset);
                // An image is smaller than 2 GiB, so only CONFIG_KALLSYMS_ABSOLUTE_PERCPU makes rows negative.
                match rows.iter().any(|&row| (row as i32) < 0) {
                    true => Encoding::BaseOrAbsolute(base),
                    false => Encoding::Base(base),
                }
            }
        };
        let bound = |name| {
            image
                .address(name)
                .map_or(0, |bound| bound.wrapping_add(offset))
        };
        Ok(Self {
            rows,
            encoding,
            linked_text,
            // `kallsyms_module_base` keeps the link's address in a dump, whose other addresses have been moved.
            text: linked_text.wrapping_add(image.boot_offset().unwrap_or(offset)),
            bounds: Bounds {
                inittext: bound("_sinittext")..bound("_einittext"),
                etext: bound("_etext"),
                end: bound("_end"),
            },
        })
    }

    /// Return: true if the rows count from the base `address`.
    pub(crate) fn are_from_base(&self, address: u64) -> bool {
        match self.encoding {
            Encoding::Base(base) | Encoding::BaseOrAbsolute(base) => base == address,
            Encoding::Row(_) => false,
        }
    }

    /// Moves all addresses so that symbol number `symbol` is at `address`; `None` if there is no such symbol,
    /// or if its row is an absolute address.
    pub(crate) fn set_address(&mut self, symbol: usize, address: u64) -> Option<()> {
        let row = *self.rows.get(symbol)?;
        let is_negative = (row as i32) < 0;
        match &mut self.encoding {
            Encoding::Base(base) => *base = address.wrapping_sub(row.into()),
            Encoding::BaseOrAbsolute(base) if is_negative => {
                *base = address.wrapping_sub((!row).into());
            }
            Encoding::BaseOrAbsolute(_) => return None,
            Encoding::Row(first) => {
                let place = address.wrapping_sub(i64::from(row as i32) as u64);
                *first = place.wrapping_sub(4 * symbol as u64);
            }
        }
        Some(())
    }

    /// Replaces the base that rows count from by `new`; `None` if rows do not count from a base, or if `new` is
    /// 2 GiB or more away from `_text`.
    pub(crate) fn set_base(&mut self, new: u64) -> Option<()> {
        let is_near = new.abs_diff(self.text) >> 31 == 0;
        match &mut self.encoding {
            Encoding::Base(base) | Encoding::BaseOrAbsolute(base) if is_near => *base = new,
            _ => return None,
        }
        Some(())
    }

    fn image_place(&self, address: u64) -> Place {
        Place {
            address: address as usize,
            offset: address.wrapping_sub(self.text) as u32,
            percpu: false,
        }
    }
}

impl Places for Addresses<'_> {
    type Row = u32;

    fn rows(&self, index: u32) -> &[u32] {
        self.rows.get(index as usize..).unwrap_or_default()
    }

    fn place(&self, index: u32, row: u32) -> Place {
        match self.encoding {
            Encoding::Base(base) => self.image_place(base.wrapping_add(row.into())),
            Encoding::BaseOrAbsolute(base) if (row as i32) < 0 => {
                self.image_place(base.wrapping_add(u64::from(!row)))
            }
            Encoding::BaseOrAbsolute(_) => Place {
                address: row as usize,
                offset: u64::from(row).wrapping_sub(self.linked_text) as u32,
                percpu: true,
            },
            Encoding::Row(first) => {
                let place = first.wrapping_add(4 * u64::from(index));
                self.image_place(place.wrapping_add_signed((row as i32).into()))
            }
        }
    }

    fn to_section_end(&self, place: Place) -> usize {
        if place.percpu {
            return 0;
        }
        let (address, bounds) = (place.address as u64, &self.bounds);
        let end = match address {
            _ if bounds.inittext.contains(&address) => bounds.inittext.end,
            // Without CONFIG_KALLSYMS_ALL, the last symbol is in the code; with it, the last symbol is data.
            _ if address <= bounds.etext.max(bounds.inittext.end) => bounds.etext,
            _ => bounds.end,
        };
        end.saturating_sub(address) as usize
    }
}
