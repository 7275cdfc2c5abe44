// SPDX-License-Identifier: GPL-2.0

//! Reads `modules.builtin.ranges`, a file of the kernel's own build, and finds the modules of an address in
//! the file.
//!
//! Offsets count from the start of a section. The line of an anchor symbol gives the offset of that symbol:
//!
//! ```text
//! .text 00000000-00000000 = _text
//! .text 0000b720-0000bfd9 rapl
//! ```

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::verdict::Modules;

struct Range {
    start: u64,
    /// The address after the last byte.
    end: u64,
    modules: Modules,
}

/// The ranges, sorted by address.
pub struct BuiltinRanges(Vec<Range>);

impl BuiltinRanges {
    /// Reads the file at `path`. `address_of` returns the address of a symbol.
    pub fn read(path: &Path, address_of: impl Fn(&str) -> Option<u64>) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let mut section_start = 0;
        let mut ranges = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let place = || format!("{}:{}: '{line}'", path.display(), number + 1);
            let (start, end, words) = parse(line).with_context(place)?;
            if let ["=", anchor] = words[..] {
                let address = address_of(anchor).with_context(place)?;
                section_start = address.wrapping_sub(start);
                continue;
            }
            let mut modules: Modules = words.into_iter().map(str::to_owned).collect();
            modules.sort();
            ranges.push(Range {
                start: section_start.wrapping_add(start),
                end: section_start.wrapping_add(end),
                modules,
            });
        }
        ranges.sort_by_key(|range| range.start);
        Ok(Self(ranges))
    }

    /// The modules that the file has for `address`, sorted.
    pub fn shown(&self, address: u64) -> Modules {
        let behind = self.0.partition_point(|range| range.start <= address);
        let range = behind.checked_sub(1).map(|index| &self.0[index]);
        let range = range.filter(|range| address < range.end);
        range.map_or_else(Modules::new, |range| range.modules.clone())
    }
}

/// Parses a line to its start offset, its end offset (exclusive), and the words after the offsets.
fn parse(line: &str) -> Option<(u64, u64, Vec<&str>)> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (start, end) = words.next()?.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some((number(start)?, number(end)?, words.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_from_the_section_start_that_the_anchor_gives() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = ".data 00000010-00000010 = _sdata\n.data 00000020-00000028 b a\n";
        fs::write(file.path(), text).unwrap();
        let address_of = |name: &str| (name == "_sdata").then_some(0x1010);
        let ranges = BuiltinRanges::read(file.path(), address_of).unwrap();
        for (address, modules) in [(0x101f, &[][..]), (0x1020, &["a", "b"]), (0x1028, &[])] {
            assert_eq!(ranges.shown(address), modules, "{address:#x}");
        }
        assert!(BuiltinRanges::read(file.path(), |_| None).is_err());
    }
}
