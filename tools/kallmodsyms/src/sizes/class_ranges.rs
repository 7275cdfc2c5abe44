// SPDX-License-Identifier: GPL-2.0

//! The class of each address of an image: the sections, cut where the class can change.

use std::ops::Range;

use crate::elf::{Elf, Section};
use crate::error::{Error, Result};
use crate::image::DAMAGED;
use crate::sizes::class::Class;
use crate::sizes::contents::{ByteCount, OriginNumber, OriginRange};
use crate::sizes::marked_ranges::MarkedRanges;

/// A part of a section. All bytes of the part have the same class.
struct ClassRange {
    addresses: Range<u64>,
    class: Class,
}

/// The class ranges of all sections that are part of the image.
pub(crate) struct ClassRanges(Vec<ClassRange>);

impl ClassRanges {
    /// The class ranges of the image in `elf`.
    pub(crate) fn of(elf: &Elf<'_>, marked: &MarkedRanges) -> Result<Self> {
        let mut class_ranges = Vec::new();
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
            class_ranges.extend(bounds.iter().zip(ends).map(|(&start, &end)| ClassRange {
                addresses: start..end,
                class: marked.class(start, by_flags(&section)),
            }));
        }
        Ok(Self(class_ranges))
    }

    /// The class of the byte at `address`; `None` outside of the image.
    pub(crate) fn class(&self, address: u64) -> Option<Class> {
        let mut class_ranges = self.0.iter();
        let class_range =
            class_ranges.find(|class_range| class_range.addresses.contains(&address))?;
        Some(class_range.class)
    }

    /// The address behind the last byte of the image.
    pub(crate) fn end(&self) -> u64 {
        let ends = self.0.iter().map(|class_range| class_range.addresses.end);
        ends.max().unwrap_or(0)
    }

    /// Counts the bytes of the image by origin and class. `origin_ranges` are sorted and do not overlap. Bytes
    /// that are in none of `origin_ranges` have the origin `remainder`.
    pub(crate) fn divide(
        &self,
        origin_ranges: &[OriginRange],
        remainder: OriginNumber,
    ) -> Vec<ByteCount> {
        let mut byte_counts = Vec::new();
        for class_range in &self.0 {
            let mut add = |origin, addresses: Range<u64>| {
                let bytes = addresses.end.saturating_sub(addresses.start);
                if bytes > 0 {
                    byte_counts.push(ByteCount {
                        origin,
                        class: class_range.class,
                        bytes,
                    });
                }
            };
            let Range { start, end } = class_range.addresses;
            let first =
                origin_ranges.partition_point(|origin_range| origin_range.addresses.end <= start);
            let others = origin_ranges.get(first..).unwrap_or_default().iter();
            let mut at = start;
            for origin_range in others.take_while(|origin_range| origin_range.addresses.start < end)
            {
                let from = origin_range.addresses.start.max(at);
                let to = origin_range.addresses.end.min(end);
                add(remainder, at..from);
                add(origin_range.origin, from..to);
                at = at.max(to);
            }
            add(remainder, at..end);
        }
        byte_counts
    }
}

/// The class of the bytes in a section, by the flags and the type of the section.
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

    fn byte_counts(origin_ranges: &[(Range<u64>, usize)]) -> Vec<(usize, Class, u64)> {
        let class_ranges = ClassRanges(vec![
            ClassRange {
                addresses: 0x10..0x20,
                class: Class::Text,
            },
            ClassRange {
                addresses: 0x20..0x40,
                class: Class::Init,
            },
        ]);
        let origin_ranges: Vec<OriginRange> = origin_ranges
            .iter()
            .cloned()
            .map(|(addresses, origin)| OriginRange {
                addresses,
                origin: OriginNumber(origin),
            })
            .collect();
        let byte_counts = class_ranges.divide(&origin_ranges, OriginNumber(9));
        byte_counts
            .iter()
            .map(|byte_count| (byte_count.origin.0, byte_count.class, byte_count.bytes))
            .collect()
    }

    #[test]
    fn byte_counts_count_each_byte_once() {
        assert_eq!(
            byte_counts(&[(0x8..0x12, 1), (0x18..0x28, 2), (0x30..0x50, 3)]),
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
            byte_counts(&[(0x50..0x60, 1)]),
            [(9, Class::Text, 0x10), (9, Class::Init, 0x20)]
        );
    }
}
