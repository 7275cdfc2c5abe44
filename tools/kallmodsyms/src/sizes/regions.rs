// SPDX-License-Identifier: GPL-2.0

//! The regions of an image: its sections, cut where the class can change.

use std::ops::Range;

use crate::elf::{Elf, Section};
use crate::error::{Error, Result};
use crate::image::DAMAGED;
use crate::sizes::class::Class;
use crate::sizes::contents::{OriginNumber, Portion, Stretch};
use crate::sizes::marked_ranges::MarkedRanges;

/// A part of a section whose bytes have one class.
struct Region {
    addresses: Range<u64>,
    class: Class,
}

/// The regions of all sections that are loaded into memory.
pub(crate) struct Regions(Vec<Region>);

impl Regions {
    /// The regions of a file.
    pub(crate) fn of(elf: &Elf<'_>, marked: &MarkedRanges) -> Result<Self> {
        let mut regions = Vec::new();
        for section in elf.allocated() {
            let start = section.address;
            let end = start.checked_add(section.size).ok_or_else(|| {
                Error::new(
                    format!("the section at {start:#x} ends beyond the address space"),
                    DAMAGED,
                )
            })?;
            let inside = marked.bounds().filter(|bound| (start..end).contains(bound));
            let mut bounds: Vec<u64> = inside.chain([start, end]).collect();
            bounds.sort_unstable();
            bounds.dedup();
            let ends = bounds.iter().skip(1);
            regions.extend(bounds.iter().zip(ends).map(|(&start, &end)| Region {
                addresses: start..end,
                class: marked.class(start, by_flags(&section)),
            }));
        }
        Ok(Self(regions))
    }

    /// The class of the byte at `address`; `None` outside of the image.
    pub(crate) fn class(&self, address: u64) -> Option<Class> {
        let mut regions = self.0.iter();
        let region = regions.find(|region| region.addresses.contains(&address))?;
        Some(region.class)
    }

    /// The address behind the last byte.
    pub(crate) fn end(&self) -> u64 {
        let ends = self.0.iter().map(|region| region.addresses.end);
        ends.max().unwrap_or(0)
    }

    /// Divides the image among `stretches`, which are sorted and do not overlap. Bytes that are in none
    /// of them go to `remainder`.
    pub(crate) fn divide(&self, stretches: &[Stretch], remainder: OriginNumber) -> Vec<Portion> {
        let mut portions = Vec::new();
        for region in &self.0 {
            let mut add = |origin, addresses: Range<u64>| {
                let bytes = addresses.end.saturating_sub(addresses.start);
                if bytes > 0 {
                    portions.push(Portion {
                        origin,
                        class: region.class,
                        bytes,
                    });
                }
            };
            let Range { start, end } = region.addresses;
            let first = stretches.partition_point(|stretch| stretch.addresses.end <= start);
            let others = stretches.get(first..).unwrap_or_default().iter();
            let mut at = start;
            for stretch in others.take_while(|stretch| stretch.addresses.start < end) {
                let from = stretch.addresses.start.max(at);
                let to = stretch.addresses.end.min(end);
                add(remainder, at..from);
                add(stretch.origin, from..to);
                at = at.max(to);
            }
            add(remainder, at..end);
        }
        portions
    }
}

/// The class that the flags and the type of a section tell.
fn by_flags(section: &Section<'_>) -> Class {
    match (section.is_code, section.is_writable, section.has_bytes) {
        (true, _, _) => Class::Text,
        (false, true, false) => Class::Bss,
        (false, true, true) => Class::Data,
        (false, false, _) => Class::Rodata,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portions(stretches: &[(Range<u64>, usize)]) -> Vec<(usize, Class, u64)> {
        let regions = Regions(vec![
            Region {
                addresses: 0x10..0x20,
                class: Class::Text,
            },
            Region {
                addresses: 0x20..0x40,
                class: Class::Init,
            },
        ]);
        let stretches: Vec<Stretch> = stretches
            .iter()
            .cloned()
            .map(|(addresses, origin)| Stretch {
                addresses,
                origin: OriginNumber(origin),
            })
            .collect();
        let portions = regions.divide(&stretches, OriginNumber(9));
        portions
            .iter()
            .map(|portion| (portion.origin.0, portion.class, portion.bytes))
            .collect()
    }

    #[test]
    fn every_byte_is_in_one_portion() {
        assert_eq!(
            portions(&[(0x8..0x12, 1), (0x18..0x28, 2), (0x30..0x50, 3)]),
            [
                (1, Class::Text, 2),
                (9, Class::Text, 6),
                (2, Class::Text, 8),
                (2, Class::Init, 8),
                (9, Class::Init, 8),
                (3, Class::Init, 0x10),
            ]
        );
        assert_eq!(
            portions(&[(0x50..0x60, 1)]),
            [(9, Class::Text, 0x10), (9, Class::Init, 0x20)]
        );
    }
}
