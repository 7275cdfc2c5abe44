// SPDX-License-Identifier: GPL-2.0

//! Runs each target on every input in `corpus/`, and on up to 40,000 changed inputs. The changes are the
//! same in each run. `make fuzz` searches for inputs that reach new code.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use fuzz::targets;

/// The most changed inputs for each target.
const CHANGED: u32 = 40_000;

/// The most time for the changed inputs of a target.
const TIME: Duration = Duration::from_secs(8);

/// The most bytes of a changed input. A flattened dump begins with a header of 4096 bytes.
const LONGEST: usize = 8192;

/// The generator xorshift64* of pseudo-random numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound.max(1)
    }

    /// Changes `input` in one of 8 ways. Two of the ways insert a part of `other`.
    fn change(&mut self, input: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(input.len() + 1);
        let end = (at + 1 + self.below(16)).min(input.len());
        let from = self.below(other.len());
        let part = &other[from..(from + 1 + self.below(64)).min(other.len())];
        match self.below(8) {
            0 => input.truncate(at),
            1 => _ = input.drain(at..end),
            2 => _ = input.splice(at..at, part.iter().copied()),
            3 => _ = input.splice(at..end, part.iter().copied()),
            4 => {
                let copy = input[at..end].to_vec();
                input.splice(at..at, copy);
            }
            5 => input[at..end].fill([0, 0xff, 0x80, 0x7f][self.below(4)]),
            6 => input[at..end]
                .iter_mut()
                .take(1)
                .for_each(|byte| *byte = self.next() as u8),
            _ => input[at..end]
                .iter_mut()
                .take(1)
                .for_each(|byte| *byte ^= 1 << self.below(8)),
        }
    }
}

fn replay(name: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let mut files: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", directory.display());
    let corpus: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let (_, run) = targets::ALL
        .iter()
        .find(|(target, _)| *target == name)
        .unwrap();
    for (file, input) in files.iter().zip(&corpus) {
        println!("{}", file.display());
        run(input);
    }

    let start = Instant::now();
    let mut random = Random(0x6b61_6c6c_6d6f_6473);
    for number in 0..CHANGED {
        if start.elapsed() > TIME {
            println!("{number} changed inputs");
            break;
        }
        let mut input = corpus[random.below(corpus.len())].clone();
        for _ in 0..=random.below(6) {
            let other = &corpus[random.below(corpus.len())];
            random.change(&mut input, other);
        }
        input.truncate(LONGEST);
        if let Err(panic) = std::panic::catch_unwind(|| run(&input)) {
            let file = std::env::temp_dir().join(format!("kallmodsyms-{name}-{number}"));
            fs::write(&file, &input).unwrap();
            println!("the failing input is in {}", file.display());
            std::panic::resume_unwind(panic);
        }
    }
}

macro_rules! replay {
    ($($target:ident),*) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target));
        })*

        #[test]
        fn every_target_is_replayed() {
            assert_eq!(targets::ALL.map(|(name, _)| name), [$(stringify!($target)),*]);
        }
    };
}

replay!(builtin, cmdfile, elf, link, listing, map, modules, objects, show, sizes, symbols, text);
