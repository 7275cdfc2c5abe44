// SPDX-License-Identifier: GPL-2.0

//! The damages of a kernel's tables, and the expected reactions of the kernel.

use std::fmt;

/// The effect of a damage on the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The module tables are refused.
    NoModules,
    /// The size tables are refused.
    NoSizes,
    /// The tables of kallsyms itself are refused.
    NoFile,
    /// The kernel cannot detect the damage. Some answers are wrong.
    Undetected,
}

impl Outcome {
    /// The message that the kernel prints once.
    pub fn message(self) -> Option<&'static str> {
        match self {
            Self::NoModules => Some("module tables refused: "),
            Self::NoSizes => Some("size tables refused: "),
            Self::NoFile => Some("symbol tables refused: "),
            Self::Undetected => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoModules => "gives one message and no modules of built-in symbols",
            Self::NoSizes => "gives one message and distances for sizes",
            Self::NoFile => "gives one message and no file",
            Self::Undetected => "does no harm",
        })
    }
}

pub struct Damage {
    pub table: &'static str,
    pub what: &'static str,
    /// Changes the bytes from the start of the table on.
    pub change: fn(&mut [u8]),
    pub outcome: Outcome,
}

/// Overwrites the words of the table with `words`, from word number `at` on.
fn set(table: &mut [u8], at: usize, words: &[u32]) {
    let places = table.chunks_exact_mut(4).skip(at);
    for (place, word) in places.zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}

/// Word number `at` of the table.
fn word(table: &[u8], at: usize) -> u32 {
    let bytes = table.get(4 * at..).and_then(|rest| rest.first_chunk());
    bytes.copied().map_or(0, u32::from_le_bytes)
}

/// Exchanges word number `at` and the next word.
fn swap(table: &mut [u8], at: usize) {
    let words = [word(table, at + 1), word(table, at)];
    set(table, at, &words);
}

/// Flips a bit of byte number `at`.
fn flip(table: &mut [u8], at: usize, bit: u8) {
    if let Some(byte) = table.get_mut(at) {
        *byte ^= 1 << bit;
    }
}

/// The damages, at least one for each table. `make test ALL=1` has time for the first damages only.
pub const DAMAGES: &[Damage] = &[
    Damage {
        table: "kallsyms_module_offsets",
        what: "starts of ranges in another order",
        change: |table| swap(table, 100),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_size_bit_ranks",
        what: "a rank with a bit flipped",
        change: |table| flip(table, 4 * 20, 3),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_module_offsets",
        what: "starts of ranges cut off",
        change: |table| set(table, 200, &[0; 50]),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_modules",
        what: "a range that points to an offset after all names",
        change: |table| set(table, 50, &[0x7fff_ffff]),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_modules",
        what: "ranges that point into names",
        change: |table| {
            let words: Vec<u32> = (0..100).map(|at| word(table, at)).collect();
            let moved: Vec<u32> = words.iter().map(|word| word | 3).collect();
            set(table, 0, &moved);
        },
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_num_modules",
        what: "a number of ranges that no memory would hold",
        change: |table| set(table, 0, &[u32::MAX]),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_num_modules",
        what: "a number of ranges above the real number",
        change: |table| {
            let more = word(table, 0) + 1000;
            set(table, 0, &[more]);
        },
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_exceptions",
        what: "exceptions in another order",
        change: |table| swap(table, 0),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_num_module_exceptions",
        what: "a number of exceptions that no memory would hold",
        change: |table| set(table, 0, &[u32::MAX / 2]),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_exception_modules",
        what: "an exception that points to an offset after all names",
        change: |table| set(table, 0, &[1 << 20]),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_names",
        what: "names that do not begin with a zero byte",
        change: |table| flip(table, 0, 0),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_names",
        what: "a list with a larger count",
        change: |table| {
            if let Some(count) = table.get_mut(2) {
                *count = 255;
            }
        },
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_names",
        what: "names without an end",
        change: |table| {
            table
                .iter_mut()
                .take(600)
                .skip(1)
                .for_each(|byte| *byte = b'x')
        },
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_names",
        what: "a name with a line break",
        change: |table| {
            if let Some(byte) = table.get_mut(4) {
                *byte = b'\n';
            }
        },
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_names_len",
        what: "a length of the names of 0",
        change: |table| set(table, 0, &[0]),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_base",
        what: "another link-time address of _text",
        change: |table| flip(table, 2, 0),
        outcome: Outcome::Undetected,
    },
    Damage {
        table: "kallsyms_size_bits",
        what: "sizes with a bit of the first level flipped",
        change: |table| flip(table, 1000, 5),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_size_nibbles",
        what: "sizes with the second level cut off",
        change: |table| table.iter_mut().take(2000).for_each(|byte| *byte = 0xff),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_size_nibble_ranks",
        what: "ranks of the second level in another order",
        change: |table| swap(table, 3),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_size_values",
        what: "other values of the second level",
        change: |table| set(table, 0, &[0x1234_5678; 15]),
        outcome: Outcome::Undetected,
    },
    Damage {
        table: "kallsyms_size_bytes",
        what: "sizes with the third level cut off",
        change: |table| table.iter_mut().take(600).for_each(|byte| *byte = 0xff),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_size_byte_ranks",
        what: "a rank of the third level that no memory would hold",
        change: |table| set(table, 1, &[u32::MAX]),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_size_words",
        what: "other sizes in the fourth level",
        change: |table| set(table, 0, &[u32::MAX; 20]),
        outcome: Outcome::Undetected,
    },
    Damage {
        table: "kallsyms_size_counts",
        what: "numbers of sizes that no memory would hold",
        change: |table| set(table, 0, &[u32::MAX; 3]),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_token_index",
        what: "tokens of kallsyms in another order",
        change: |table| set(table, 20, &[u32::MAX; 2]),
        outcome: Outcome::NoFile,
    },
];
