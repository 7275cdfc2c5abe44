// SPDX-License-Identifier: GPL-2.0

//! Computes how many bytes a kernel's object files take in other encodings.
//!
//! All encodings find the object file of any symbol in constant or logarithmic time.

use std::io::{Result, Write};

use crate::object_tables::{ObjectTables, Stored};
use crate::tables::Tables;

/// The number of bits from one rank to the next. A rank has 4 bytes, and counts the earlier bits that are 1.
const RANK_STEP: usize = 512;

/// In a sorted list, the first of this many paths is stored whole. The others lack the beginning that they share
/// with the path before.
const FRONT_STEP: usize = 16;

/// The counts that decide the length of the encodings.
pub struct ObjectEncodings {
    symbols: usize,
    paths: Vec<String>,
    /// The number of runs of one object file, whatever the braces.
    runs: usize,
    /// The number of runs of one object file and one form of braces.
    runs_with_braces: usize,
    /// The number of lines with braces.
    in_braces: usize,
    /// The number of bytes of this kernel's tables.
    linked: usize,
    /// The number of bytes of this kernel's tables without those of the paths.
    linked_runs: usize,
    /// The number of bytes of the ranges and exceptions of modules.
    ranges: usize,
}

impl ObjectEncodings {
    pub fn of(objects: &ObjectTables, tables: &Tables) -> Self {
        let symbols = objects.symbols();
        let changes = |same: fn(&Stored, &Stored) -> bool| {
            let pairs = symbols.windows(2);
            pairs.filter(|pair| !same(&pair[0], &pair[1])).count() + symbols.len().min(1)
        };
        Self {
            symbols: symbols.len(),
            paths: objects.paths().to_vec(),
            runs: changes(|one, next| one.0 == next.0),
            runs_with_braces: changes(|one, next| one == next),
            in_braces: symbols.iter().filter(|(_, count)| *count != 0).count(),
            linked: objects.bytes,
            linked_runs: objects.bytes_of_runs,
            ranges: 8 * (tables.starts.len() + tables.exceptions()),
        }
    }

    /// The encodings of paths, each with its bytes.
    fn of_paths(&self) -> [(&'static str, usize); 3] {
        let strings: usize = self.paths.iter().map(|path| path.len() + 1).sum();
        let mut sorted: Vec<&str> = self.paths.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        let shared = |index: usize| match index % FRONT_STEP {
            0 => 0,
            _ => common_prefix(sorted[index - 1], sorted[index]),
        };
        let front = (0..sorted.len()).map(|index| 2 + sorted[index].len() - shared(index));
        let starts = 4 * sorted.len().div_ceil(FRONT_STEP);
        // For each object file, 16 bits are the number of its path in the sorted list.
        let front = front.sum::<usize>() + starts + 2 * sorted.len();
        [
            (
                "paths: strings, and an offset for each",
                strings + 4 * self.paths.len(),
            ),
            (
                "paths: sorted, each without the beginning of the one before",
                front,
            ),
            (
                "paths: directories and names, as linked",
                self.linked - self.linked_runs,
            ),
        ]
    }

    /// The encodings of the object files of symbols, without paths, each with its bytes.
    fn of_runs(&self) -> [(&'static str, usize); 5] {
        let (symbols, runs) = (self.symbols, self.runs);
        let bits = |count: usize| elias_fano(symbols, count);
        // A line with braces: its number, and the components in 2 bits.
        let braces_sorted = self.in_braces * 4 + self.in_braces.div_ceil(4);
        let braces = bits(self.in_braces) + self.in_braces.div_ceil(4);
        [
            ("a number of 16 bits for each symbol", 2 * symbols + braces),
            (
                "the first symbol and the object file of each run; a list of braces",
                6 * runs + braces_sorted,
            ),
            (
                "a bit for each symbol, with ranks; the object file of each run; Elias-Fano for braces",
                symbols.div_ceil(8) + 4 * symbols.div_ceil(RANK_STEP) + 2 * runs + braces,
            ),
            (
                "Elias-Fano for the first symbols of runs and for braces; the object file of each run",
                bits(runs) + 2 * runs + braces,
            ),
            ("runs in a stream, with markers, as linked", self.linked_runs),
        ]
    }

    /// Writes a line for each encoding.
    pub fn write(&self, out: &mut impl Write) -> Result<()> {
        writeln!(
            out,
            "symbols: {}; object files: {}; runs: {}, or {} with braces; lines with braces: {}",
            self.symbols,
            self.paths.len(),
            self.runs,
            self.runs_with_braces,
            self.in_braces
        )?;
        writeln!(out, "bytes, bytes a symbol:")?;
        let mut line = |name: &str, bytes: usize| {
            let each = bytes as f64 / self.symbols as f64;
            writeln!(out, "{bytes:9} {each:6.3}  {name}")
        };
        for (name, bytes) in self.of_runs().into_iter().chain(self.of_paths()) {
            line(name, bytes)?;
        }
        line("all of object files, as linked", self.linked)?;
        // Modules by object file: a name offset of 16 bits for each, in place of ranges and exceptions.
        let by_object = (self.linked + 2 * self.paths.len()).saturating_sub(self.ranges);
        line(
            "all, with modules of object files, less the ranges and exceptions",
            by_object,
        )?;
        out.flush()
    }
}

/// The bytes of `count` ascending numbers below `limit` as an Elias-Fano list, with the position of every 64th
/// number in 4 bytes.
fn elias_fano(limit: usize, count: usize) -> usize {
    if count == 0 {
        return 0;
    }
    let low = (limit / count).max(1).ilog2() as usize;
    (count * (low + 1) + (limit >> low)).div_ceil(8) + 4 * count.div_ceil(64)
}

fn common_prefix(one: &str, other: &str) -> usize {
    let pairs = one.bytes().zip(other.bytes());
    pairs.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_each_encoding() {
        let encodings = ObjectEncodings {
            symbols: 1024,
            paths: ["fs/a.o", "fs/ab.o", "b.o"].map(str::to_owned).into(),
            runs: 64,
            runs_with_braces: 80,
            in_braces: 16,
            linked: 200,
            linked_runs: 120,
            ranges: 96,
        };
        // 16 numbers below 1024: 6 low bits and one high bit each, and 16 steps of the high bits.
        let braces = (16_usize * 7 + 16).div_ceil(8) + 4 + 4;
        let runs = (64_usize * 5 + 64).div_ceil(8) + 4 + 128;
        let bytes = encodings.of_runs().map(|(_, bytes)| bytes);
        let bits = 128 + 8 + 128 + braces;
        assert_eq!(
            bytes,
            [2048 + braces, 384 + 64 + 4, bits, runs + braces, 120]
        );
        // Sorted: b.o, fs/a.o, fs/ab.o. The last shares 4 bytes with the one before.
        let bytes = encodings.of_paths().map(|(_, bytes)| bytes);
        assert_eq!(bytes, [7 + 8 + 4 + 12, 5 + 8 + 5 + 4 + 6, 80]);
    }
}
