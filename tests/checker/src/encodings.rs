// SPDX-License-Identifier: GPL-2.0

//! Computes how many bytes a kernel's sizes take in several encodings, among them the encoding of the kernel.
//!
//! All encodings find the size at any index in constant or logarithmic time. The gap is the distance to the next
//! symbol at a higher address, which follows from the addresses. The padding is the gap minus the size.

use std::collections::HashMap;
use std::io::{Result as IoResult, Write};

use crate::elf::Entry;
use crate::image::Image;
use crate::kallsyms::Line;
use crate::names::Names;
use crate::sizes::Sizes;

/// The number of entries from one rank to the next. A rank has 4 bytes, and counts the earlier entries whose value
/// is in the next table.
const RANK_STEP: usize = 512;

/// The difference between the gap and the size of a symbol.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Padding {
    /// The gap is larger than the size by this number of bytes.
    Bytes(u64),
    /// The symbol has a gap, but no size.
    NoSize,
    /// The size is larger than the gap. This is the size.
    Overlaps(u64),
}

/// An encoding, and its number of bytes.
struct Encoding {
    name: &'static str,
    bytes: usize,
}

/// The sizes of a kernel.
pub struct Encodings {
    symbols: usize,
    /// The number of symbols for each difference.
    counts: HashMap<Padding, usize>,
    /// The number of bytes of this kernel's tables.
    linked: Option<usize>,
}

impl Encodings {
    /// Counts the sizes of the symbols in `listing`.
    pub fn of(image: &Image, listing: &[Line], linked: &[Entry], names: &Names) -> Self {
        let mut sizes = Sizes::new(linked, names);
        let sizes = listing
            .iter()
            .map(|line| sizes.next(line.address, &line.name));
        let mut counts = HashMap::new();
        for (size, gap) in sizes.zip(gaps(listing)) {
            let less = match gap.checked_sub(size) {
                Some(1..) if size == 0 => Padding::NoSize,
                Some(less) => Padding::Bytes(less),
                None => Padding::Overlaps(size),
            };
            *counts.entry(less).or_default() += 1;
        }
        Self {
            symbols: listing.len(),
            counts,
            linked: linked_bytes(image),
        }
    }

    /// The number of symbols that `serves` rejects.
    fn count_except(&self, serves: impl Fn(Padding) -> bool) -> usize {
        let others = self.counts.iter().filter(|(&less, _)| !serves(less));
        others.map(|(_, count)| count).sum()
    }

    /// The compared encodings.
    fn all(&self) -> Vec<Encoding> {
        let n = self.symbols;
        let ranks = |entries: usize| entries.div_ceil(RANK_STEP) * 4;
        let filled = |less| less == Padding::Bytes(0);
        let below = |limit| move |less| matches!(less, Padding::Bytes(less) if less < limit);
        let no_size = |less| less == Padding::NoSize;
        let byte_or_none = |less| below(254)(less) || no_size(less);
        let nibble_or_none = |less| below(14)(less) || no_size(less);

        // The symbols whose value does not fit in a nibble have a byte. The values that do not fit in a byte have
        // a word.
        let after_nibble = self.count_except(nibble_or_none);
        let after_byte = self.count_except(|less| nibble_or_none(less) || below(255)(less));
        let frequent = self.frequent(15);
        let is_frequent = |less: Padding| frequent.contains(&less);
        let bits = self.count_except(filled);
        let after_frequent = self.count_except(|less| filled(less) || is_frequent(less));
        let after_all =
            self.count_except(|less| filled(less) || is_frequent(less) || below(255)(less));
        [
            ("a word for each symbol", n * 8),
            ("32 bits for each symbol", n * 4),
            (
                "a byte for each symbol; else index and word in a sorted table",
                n + self.count_except(byte_or_none) * 12,
            ),
            (
                "a nibble for each symbol; else 32 bits, found by rank",
                n.div_ceil(2) + ranks(n) + after_nibble * 4,
            ),
            (
                "a nibble for each symbol; else a byte, found by rank; else a word",
                n.div_ceil(2) + ranks(n) + after_nibble + ranks(after_nibble) + after_byte * 8,
            ),
            (
                "a bit for each symbol; else a nibble of 15 values; else a byte; else a word",
                n.div_ceil(8)
                    + ranks(n)
                    + bits.div_ceil(2)
                    + ranks(bits)
                    + after_frequent
                    + ranks(after_frequent)
                    + after_all * 8
                    + 15 * 4,
            ),
        ]
        .map(|(name, bytes)| Encoding { name, bytes })
        .into()
    }

    /// The `count` most frequent differences that are not 0 and fit into 32 bits.
    fn frequent(&self, count: usize) -> Vec<Padding> {
        let usable = |less: &Padding| match *less {
            Padding::Bytes(less) => less != 0 && u32::try_from(less).is_ok(),
            Padding::NoSize => true,
            Padding::Overlaps(_) => false,
        };
        let usable = self.counts.iter().filter(|(less, _)| usable(less));
        let mut sorted: Vec<(usize, Padding)> =
            usable.map(|(&less, &count)| (count, less)).collect();
        sorted.sort_by_key(|&(count, _)| std::cmp::Reverse(count));
        sorted
            .into_iter()
            .take(count)
            .map(|(_, less)| less)
            .collect()
    }

    /// The entropy of a size whose gap is known, in bits a symbol: a lower bound if each size is encoded alone.
    fn entropy(&self) -> f64 {
        let all = self.symbols as f64;
        let share = |&count: &usize| count as f64 / all;
        self.counts
            .values()
            .map(share)
            .map(|share| -share * share.log2())
            .sum()
    }

    /// Writes a line for each encoding.
    pub fn write(&self, out: &mut impl Write) -> IoResult<()> {
        let each = |bytes: usize| bytes as f64 / self.symbols as f64;
        let filled = Padding::Bytes(0);
        let below = |less| matches!(less, Padding::Bytes(less) if less < 16);
        let count = |rest: usize| self.symbols - rest;
        writeln!(
            out,
            "symbols: {}; filling their gap: {}; with 0 to 15 bytes of padding: {}; without a size: {}; \
             overlapping: {}",
            self.symbols,
            count(self.count_except(|less| less == filled)),
            count(self.count_except(below)),
            count(self.count_except(|less| less == Padding::NoSize)),
            count(self.count_except(|less| matches!(less, Padding::Overlaps(_)))),
        )?;
        writeln!(out, "entropy: {:.2} bits a symbol", self.entropy())?;
        writeln!(out, "bytes, bytes a symbol:")?;
        for Encoding { name, bytes } in self.all() {
            writeln!(out, "{bytes:9} {:6.3}  {name}", each(bytes))?;
        }
        if let Some(bytes) = self.linked {
            writeln!(out, "{bytes:9} {:6.3}  as linked", each(bytes))?;
        }
        out.flush()
    }
}

/// The number of bytes of the size tables in `image`; `None` if `image` has no size tables. The last
/// element of the first table is the number of words in the last table.
fn linked_bytes(image: &Image) -> Option<usize> {
    let [first, last] = ["kallsyms_size_counts", "kallsyms_size_words"];
    let words = *image.table(first).ok()?.u32s(3).ok()?.last()?;
    let up_to_words = usize::try_from(image.span(first, last)?).ok()?;
    Some(up_to_words + words as usize * 8)
}

/// The distance from each symbol to the next symbol at a higher address; 0 if none is within 4 GiB.
fn gaps(listing: &[Line]) -> Vec<u64> {
    let mut gaps = vec![0; listing.len()];
    for index in (0..listing.len().saturating_sub(1)).rev() {
        let distance = listing[index + 1].address - listing[index].address;
        gaps[index] = match distance {
            0 => gaps[index + 1],
            distance if distance > u32::MAX.into() => 0,
            distance => distance,
        };
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_each_encoding() {
        let counts = [
            (Padding::Bytes(0), 2048),
            (Padding::Bytes(3), 1024),
            (Padding::NoSize, 512),
            (Padding::Bytes(100), 511),
            (Padding::Overlaps(9), 1),
        ];
        let encodings = Encodings {
            symbols: 4096,
            counts: counts.into(),
            linked: None,
        };
        let bytes: Vec<usize> = encodings.all().iter().map(|each| each.bytes).collect();
        assert_eq!(
            bytes,
            [
                4096 * 8,
                4096 * 4,
                4096 + 12,
                2048 + 8 * 4 + 512 * 4,
                2048 + 8 * 4 + 512 + 4 + 8,
                512 + 8 * 4 + 1024 + 4 * 4 + 1 + 4 + 8 + 60,
            ]
        );
        let bits = 0.5 + 0.25 * 2.0 + 0.125 * 3.0 + 0.125 * 3.0;
        assert!((encodings.entropy() - bits).abs() < 0.01);
    }

    #[test]
    fn gaps_of_aliases_and_areas() {
        let lines = [0x10, 0x20, 0x20, 1 << 40, (1 << 40) + 4].map(|address| Line {
            address,
            kind: b't',
            name: b"name".to_vec(),
        });
        assert_eq!(gaps(&lines), [0x10, 0, 0, 4, 0]);
    }
}
