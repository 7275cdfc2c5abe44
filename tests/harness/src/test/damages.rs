// SPDX-License-Identifier: GPL-2.0

//! The damages to a kernel's tables, and the expected reaction of the kernel to each damage.

use std::fmt;

/// The effect of a damage on the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The kernel refuses the module tables.
    NoModules,
    /// The kernel refuses the size tables.
    NoSizes,
    /// The kernel refuses the tables of object files.
    NoObjects,
    /// The component refuses the tables of kallsyms itself.
    NoFile,
    /// The kernel cannot detect the damage. Some answers are wrong.
    Undetected,
}

impl Outcome {
    /// A part of the message that the kernel prints once; `None` if it prints no message.
    pub fn message(self) -> Option<&'static str> {
        match self {
            Self::NoModules => Some("module tables refused: "),
            Self::NoSizes => Some("size tables refused: "),
            Self::NoObjects => Some("tables of object files refused: "),
            Self::NoFile => Some("symbol tables refused: "),
            Self::Undetected => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoModules => "one message, and no modules of built-in symbols",
            Self::NoSizes => "one message, and distances instead of sizes",
            Self::NoObjects => "one message, and no braces",
            Self::NoFile => "one message, and no file",
            Self::Undetected => "no message, and no report of an error",
        })
    }
}

pub struct Damage {
    /// The symbol at the start of the table.
    pub table: &'static str,
    /// The damage in words, for the name of the test.
    pub description: &'static str,
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

/// The damages: at least one for each module table and each size table, and some for tables of object
/// files and of kallsyms itself. `make test ALL=1` tests only the first damages.
pub const DAMAGES: &[Damage] = &[
    Damage {
        table: "kallsyms_module_offsets",
        description: "starts of ranges in another order",
        change: |table| swap(table, 100),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_size_bit_ranks",
        description: "a rank with a bit flipped",
        change: |table| flip(table, 4 * 20, 3),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_module_offsets",
        description: "starts of ranges cut off",
        change: |table| set(table, 200, &[0; 50]),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_modules",
        description: "a range that points to an offset after all names",
        change: |table| set(table, 50, &[0x7fff_ffff]),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_modules",
        description: "ranges that point into names",
        change: |table| {
            let words: Vec<u32> = (0..100).map(|at| word(table, at)).collect();
            let moved: Vec<u32> = words.iter().map(|word| word | 3).collect();
            set(table, 0, &moved);
        },
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_num_modules",
        description: "a number of ranges that does not fit in memory",
        change: |table| set(table, 0, &[u32::MAX]),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_num_modules",
        description: "a number of ranges above the real number",
        change: |table| {
            let more = word(table, 0) + 1000;
            set(table, 0, &[more]);
        },
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_exceptions",
        description: "exceptions in another order",
        change: |table| swap(table, 0),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_num_module_exceptions",
        description: "a number of exceptions that does not fit in memory",
        change: |table| set(table, 0, &[u32::MAX / 2]),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_exception_modules",
        description: "an exception that points to an offset after all names",
        change: |table| set(table, 0, &[1 << 20]),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_names",
        description: "names that do not begin with a zero byte",
        change: |table| flip(table, 0, 0),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_names",
        description: "a list with a larger count",
        change: |table| {
            if let Some(count) = table.get_mut(2) {
                *count = 255;
            }
        },
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_names",
        description: "names without terminators",
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
        description: "a name with a line break",
        change: |table| {
            if let Some(byte) = table.get_mut(4) {
                *byte = b'\n';
            }
        },
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_names_len",
        description: "a length of 0 for the names",
        change: |table| set(table, 0, &[0]),
        outcome: Outcome::NoModules,
    },
    Damage {
        table: "kallsyms_module_base",
        description: "another link-time address of _text",
        change: |table| flip(table, 2, 0),
        outcome: Outcome::Undetected,
    },
    Damage {
        table: "kallsyms_size_bits",
        description: "sizes with a bit of the first level flipped",
        change: |table| flip(table, 1000, 5),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_size_nibbles",
        description: "sizes with the second level cut off",
        change: |table| table.iter_mut().take(2000).for_each(|byte| *byte = 0xff),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_size_nibble_ranks",
        description: "ranks of the second level in another order",
        change: |table| swap(table, 3),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_size_values",
        description: "other values of the second level",
        change: |table| set(table, 0, &[0x1234_5678; 15]),
        outcome: Outcome::Undetected,
    },
    Damage {
        table: "kallsyms_size_bytes",
        description: "sizes with the third level cut off",
        change: |table| table.iter_mut().take(600).for_each(|byte| *byte = 0xff),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_size_byte_ranks",
        description: "a rank of the third level that does not fit in memory",
        change: |table| set(table, 1, &[u32::MAX]),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_size_words",
        description: "other sizes in the fourth level",
        change: |table| set(table, 0, &[u32::MAX; 20]),
        outcome: Outcome::Undetected,
    },
    Damage {
        table: "kallsyms_size_counts",
        description: "numbers of sizes that do not fit in memory",
        change: |table| set(table, 0, &[u32::MAX; 3]),
        outcome: Outcome::NoSizes,
    },
    Damage {
        table: "kallsyms_object_runs",
        description: "a run of an object file that does not exist",
        change: |table| table.iter_mut().take(3).for_each(|byte| *byte = 0xfe),
        outcome: Outcome::NoObjects,
    },
    Damage {
        table: "kallsyms_object_markers",
        description: "a marker beyond the runs",
        change: |table| set(table, 1, &[u32::MAX]),
        outcome: Outcome::NoObjects,
    },
    Damage {
        table: "kallsyms_object_names",
        description: "a newline in the name of an object file",
        change: |table| table.iter_mut().take(1).for_each(|byte| *byte = b'\n'),
        outcome: Outcome::NoObjects,
    },
    Damage {
        table: "kallsyms_object_name_offsets",
        description: "an offset that is not of its name",
        change: |table| set(table, 1, &[1]),
        outcome: Outcome::NoObjects,
    },
    Damage {
        table: "kallsyms_object_dir_starts",
        description: "entries for directories in descending order",
        change: |table| set(table, 1, &[0]),
        outcome: Outcome::NoObjects,
    },
    Damage {
        table: "kallsyms_object_dirs",
        description: "a space in the name of a directory",
        change: |table| table.iter_mut().take(1).for_each(|byte| *byte = b' '),
        outcome: Outcome::NoObjects,
    },
    Damage {
        table: "kallsyms_object_dir_offsets",
        description: "a directory that begins inside another",
        change: |table| set(table, 1, &[1]),
        outcome: Outcome::NoObjects,
    },
    Damage {
        table: "kallsyms_object_counts",
        description: "numbers of object files that do not fit in memory",
        change: |table| set(table, 0, &[u32::MAX; 5]),
        outcome: Outcome::NoObjects,
    },
    Damage {
        table: "kallsyms_token_index",
        description: "tokens of kallsyms in another order",
        change: |table| set(table, 20, &[u32::MAX; 2]),
        outcome: Outcome::NoFile,
    },
];
