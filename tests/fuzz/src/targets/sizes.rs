// SPDX-License-Identifier: GPL-2.0

//! Fuzzes the size tables. Compares the lookup at an index and the cursor with a count of all entries, and the
//! lines of a kernel with the lookup.

#[path = "../../../format/kernel/sizes.rs"]
mod encoder;

use encoder::Encoded;

use super::symbols::Rows;
use crate::format;
use crate::format::braces::NoObjects;
use crate::format::ranges::ModuleTables;
use crate::format::sizes::{SizeTables, NO_SIZE, RANK_STEP, VALUES};
use crate::format::symbols::SymbolNames;
use crate::format::tokens::{Tokens, TOKENS};
use crate::format::walk::{Tables, Walk, WINDOW};
use crate::input::Input;

/// The flag for tables of the required lengths, with right ranks.
const REPAIR: u8 = 1;
/// The flag for a change of one table, after the repair.
const FLIP: u8 = 2;

pub fn run(input: &[u8]) {
    let mut input = Input(input);
    let flags = input.byte();
    let symbols = match input.short() {
        u16::MAX => input.word(),
        symbols => symbols.into(),
    };
    let lengths: [usize; 8] = input.lengths();
    let mut sizes = Encoded {
        values: input.words(lengths[4]),
        bits: input.longs(lengths[0]),
        bit_ranks: input.words(lengths[1]),
        nibbles: input.bytes(lengths[2]).to_vec(),
        nibble_ranks: input.words(lengths[3]),
        bytes: input.bytes(lengths[5]).to_vec(),
        byte_ranks: input.words(lengths[6]),
        words: input.longs(lengths[7]),
    };
    if flags & REPAIR != 0 && symbols <= 4096 {
        sizes.repair(symbols as usize);
    }
    if flags & FLIP != 0 {
        sizes.flip(input.byte(), input.short().into(), input.byte() % 64);
    }
    let gap = input.long();
    let somewhere = [symbols.wrapping_sub(1), symbols, input.word(), u32::MAX, 0];
    match SizeTables::new(sizes.raw(), symbols) {
        Ok(tables) => {
            sizes.check(&tables, symbols, gap, somewhere);
            let shown = walk(tables, symbols);
            let expected = (0..shown.len() as u32).map(|symbol| {
                let is_last = symbol + 1 == symbols;
                tables.size(symbol, if is_last { 0 } else { GAP })
            });
            assert!(shown.iter().copied().eq(expected));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    // Unchecked tables may give any size, but must not cause a panic.
    let tables = SizeTables::unchecked(sizes.raw());
    for symbol in somewhere {
        tables.size(symbol, gap);
        let mut cursor = tables.cursor(symbol);
        for _ in 0..100 {
            tables.next(&mut cursor, gap);
        }
    }
    walk(tables, symbols);
}

/// The distance from one symbol of [`Rows`] to the next symbol.
const GAP: u64 = 16;
/// The most symbols for [`walk`]. A kernel with more symbols gets no lines.
const MOST: u32 = 2048;

/// The sizes in the lines of a kernel with this number of symbols `T n`.
fn walk(sizes: SizeTables<'_>, symbols: u32) -> Vec<u64> {
    let len = if symbols > MOST { 0 } else { symbols };
    let (mut index, mut words) = ([2; TOKENS], [[0; TOKENS]; 5]);
    index[0] = 0;
    let tokens = Tokens::new(b"T\0n\0", &index, &mut words).unwrap();
    let stream = [2, 0, 1].repeat(len as usize);
    let markers: Vec<u32> = (0..len).step_by(256).map(|symbol| 3 * symbol).collect();
    let tables = Tables {
        names: &SymbolNames::new(&stream, &markers, len, &tokens).unwrap(),
        tokens: &tokens,
        places: &Rows((0..len).collect()),
        modules: &ModuleTables::empty(),
        sizes: Some(&sizes),
        objects: NoObjects,
    };
    let (mut buf, mut shown) = (vec![0; 2 * WINDOW], Vec::new());
    let mut walk = Walk::new(&tables, 0);
    while walk.index() < len {
        let before = walk.index();
        let length = walk.lines(&tables, &mut buf, WINDOW, true);
        assert!(walk.index() > before);
        for line in buf[..length].split_inclusive(|&byte| byte == b'\n') {
            let line = std::str::from_utf8(line).unwrap();
            let address = format!("{:016x} ", shown.len() as u64 * GAP);
            let size = line.strip_prefix(&address).unwrap();
            let size = size.strip_suffix(" T n\n").unwrap();
            shown.push(u64::from_str_radix(size, 16).unwrap());
        }
        assert_eq!(shown.len(), walk.index() as usize);
    }
    shown
}

impl Encoded {
    fn bit(&self, symbol: usize) -> bool {
        self.bits[symbol / 64] & (1 << (symbol % 64)) != 0
    }

    fn nibble(&self, index: usize) -> u8 {
        [self.nibbles[index / 2] & 15, self.nibbles[index / 2] / 16][index % 2]
    }

    fn repair(&mut self, symbols: usize) {
        self.values.resize(VALUES, 0);
        self.bits.resize(symbols.div_ceil(64), 0);
        let (table, ones) = ranks(symbols, |symbol| self.bit(symbol));
        self.bit_ranks = table;
        self.nibbles.resize(ones.div_ceil(2), 0xf0);
        let (table, down) = ranks(ones, |nibble| self.nibble(nibble) == 15);
        self.nibble_ranks = table;
        self.bytes.resize(down, 0xff);
        let (table, down) = ranks(down, |byte| self.bytes[byte] == 255);
        self.byte_ranks = table;
        self.words.resize(down, 1 << 40);
    }

    fn flip(&mut self, table: u8, at: usize, bit: u8) {
        fn entry<T>(table: &mut [T], at: usize) -> Option<&mut T> {
            let length = table.len();
            table.get_mut(at.checked_rem(length)?)
        }
        match table % 8 {
            0 => _ = entry(&mut self.bits, at).map(|word| *word ^= 1 << bit),
            1 => _ = entry(&mut self.bit_ranks, at).map(|rank| *rank ^= 1 << (bit % 32)),
            2 => _ = entry(&mut self.nibbles, at).map(|pair| *pair ^= 1 << (bit % 8)),
            3 => _ = entry(&mut self.nibble_ranks, at).map(|rank| *rank ^= 1 << (bit % 32)),
            4 => _ = self.values.pop(),
            5 => _ = entry(&mut self.bytes, at).map(|byte| *byte ^= 1 << (bit % 8)),
            6 => _ = entry(&mut self.byte_ranks, at).map(|rank| *rank ^= 1 << (bit % 32)),
            _ => _ = self.words.pop(),
        }
    }

    /// Checks accepted tables: the levels have the right lengths, and the cursor and the lookup at an index give
    /// the counted sizes.
    fn check(&self, tables: &SizeTables<'_>, symbols: u32, gap: u64, somewhere: [u32; 5]) {
        let (mut nibble, mut byte, mut word) = (0, 0, 0);
        let mut walk = tables.cursor(0);
        for symbol in 0..symbols {
            let gap = gap.wrapping_mul(symbol.into());
            let mut expected = gap;
            if self.bit(symbol as usize) {
                let value = self.nibble(nibble);
                nibble += 1;
                if value < 15 {
                    let less = self.values[usize::from(value)];
                    expected = match less {
                        NO_SIZE => 0,
                        less => gap.wrapping_sub(less.into()),
                    };
                } else {
                    let less = self.bytes[byte];
                    byte += 1;
                    expected = gap.wrapping_sub(less.into());
                    if less == 255 {
                        expected = self.words[word];
                        word += 1;
                    }
                }
            }
            assert_eq!(tables.next(&mut walk, gap), expected, "symbol {symbol}");
            // A lookup can count many entries before the symbol, so only some of many symbols are looked up.
            if somewhere.contains(&symbol) || symbols < 100 || symbol % 61 == 60 {
                assert_eq!(tables.size(symbol, gap), expected, "symbol {symbol}");
                let mut cursor = tables.cursor(symbol);
                assert_eq!(cursor.symbol(), symbol);
                assert_eq!(tables.next(&mut cursor, gap), expected, "symbol {symbol}");
            }
        }
        assert_eq!((byte, word), (self.bytes.len(), self.words.len()));
        assert_eq!(nibble.div_ceil(2), self.nibbles.len());
    }
}

/// The number of escapes before each [`RANK_STEP`]th entry, and of all escapes.
fn ranks(entries: usize, goes_down: impl Fn(usize) -> bool) -> (Vec<u32>, usize) {
    let mut ranks = Vec::new();
    let mut count = 0;
    for entry in 0..entries {
        if entry % RANK_STEP == 0 {
            ranks.push(count as u32);
        }
        count += usize::from(goes_down(entry));
    }
    (ranks, count)
}
