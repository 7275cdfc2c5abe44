// SPDX-License-Identifier: GPL-2.0

//! The addresses of the core symbols, as scripts/kallsyms.c stores them.
//!
//! `kallsyms_offsets` has a row of 4 bytes for each symbol. Linux 6.12 encodes rows as
//! [`BaseRelative`], Linux 7.2 and 7.3 as [`SelfRelative`].

use core::{mem::size_of, ptr};

/// The address of a core symbol, and its offset in the module tables.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The address, as /proc/kallsyms shows it.
    pub address: usize,
    /// The distance from `_text` at link time, in bytes, modulo 2^32. The module tables are sorted
    /// by offset.
    pub offset: u32,
    /// True if the address is an offset in the per-cpu area, false if it is in the image.
    pub percpu: bool,
}

impl Place {
    /// The place of an `address` in an image that begins at `text`.
    #[inline]
    const fn in_image(address: usize, text: usize) -> Self {
        Self {
            address,
            offset: address.wrapping_sub(text) as u32,
            percpu: false,
        }
    }
}

/// An encoding in which all rows count from one base address.
///
/// If `ABSOLUTE_PERCPU` is set (`CONFIG_KALLSYMS_ABSOLUTE_PERCPU`), a row that is not negative is
/// an offset in the per-cpu area. A negative row then stands for an address at or above the base:
/// -1 is the base, -2 the byte after it.
#[derive(Clone, Copy, Debug)]
pub struct BaseRelative<const ABSOLUTE_PERCPU: bool> {
    /// The base address.
    pub relative_base: usize,
    /// The address of `_text` in the running kernel. KASLR may have moved `_text`.
    pub text: usize,
    /// The address of `_text` at link time.
    pub linked_text: usize,
}

/// An encoding in which each row counts from the address of the row.
#[derive(Clone, Copy, Debug)]
pub struct SelfRelative {
    /// The address of the first row.
    pub table: usize,
    /// The address of `_text`.
    pub text: usize,
}

/// An encoding of addresses.
pub trait Encoding {
    /// The place in `row`, which belongs to symbol number `index`.
    fn place(&self, index: u32, row: i32) -> Place;

    /// The address in `row`, which must be a reference into the kernel's own table.
    fn address(&self, row: &i32) -> usize;
}

impl<const ABSOLUTE_PERCPU: bool> Encoding for BaseRelative<ABSOLUTE_PERCPU> {
    #[inline]
    fn place(&self, _: u32, row: i32) -> Place {
        if !ABSOLUTE_PERCPU {
            let address = self.relative_base.wrapping_add(row as u32 as usize);
            Place::in_image(address, self.text)
        } else if row < 0 {
            let address = self.relative_base.wrapping_add(!row as usize);
            Place::in_image(address, self.text)
        } else {
            let address = row as usize;
            Place {
                address,
                offset: address.wrapping_sub(self.linked_text) as u32,
                percpu: true,
            }
        }
    }

    #[inline]
    fn address(&self, row: &i32) -> usize {
        self.place(0, *row).address
    }
}

impl Encoding for SelfRelative {
    #[inline]
    fn place(&self, index: u32, row: i32) -> Place {
        let distance = (index as usize).wrapping_mul(size_of::<i32>());
        let address = self.table.wrapping_add(distance).wrapping_add(row as usize);
        Place::in_image(address, self.text)
    }

    #[inline]
    fn address(&self, row: &i32) -> usize {
        ptr::from_ref(row).addr().wrapping_add(*row as usize)
    }
}

/// The places of all core symbols: a table with a row for each symbol.
pub trait Places {
    /// The type of a row.
    type Row: Copy;

    /// The rows from symbol number `index` on.
    fn rows(&self, index: u32) -> &[Self::Row];

    /// The place in `row`, which belongs to symbol number `index`.
    fn place(&self, index: u32, row: Self::Row) -> Place;

    /// The place of symbol number `index`; `None` if there is no such symbol.
    fn get(&self, index: u32) -> Option<Place> {
        let row = *self.rows(index).first()?;
        Some(self.place(index, row))
    }

    /// The number of bytes from `place` to the end of the section of `place`. Call this only for
    /// the place of the last symbols of the image or of the per-cpu area.
    fn to_section_end(&self, place: Place) -> usize;

    /// The number of bytes from `place`, the place of symbol number `index`, to the next symbol at
    /// a higher address; `None` for the last symbols of the per-cpu area and of the image.
    fn gap(&self, place: Place, index: u32) -> Option<usize> {
        let mut next = index;
        loop {
            next = next.wrapping_add(1);
            let following = self.get(next)?;
            if following.percpu != place.percpu {
                return None;
            }
            if following.address > place.address {
                return Some(following.address.wrapping_sub(place.address));
            }
        }
    }
}
