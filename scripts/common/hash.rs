// SPDX-License-Identifier: GPL-2.0

//! A fast hash for names, paths and numbers.
//!
//! A link map names each object file some thirty times. The hash of the standard library took a tenth of
//! this program's time: it protects against keys that an attacker chooses, and no attacker chooses these
//! keys.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A hash map that uses [`FastHasher`].
pub(crate) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<FastHasher>>;

/// A hash set that uses [`FastHasher`].
pub(crate) type FastSet<K> = HashSet<K, BuildHasherDefault<FastHasher>>;

/// A hasher that multiplies and rotates, one word at a time.
#[derive(Default)]
pub(crate) struct FastHasher(u64);

impl Hasher for FastHasher {
    fn write(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.last_chunk() else {
            let word = bytes
                .iter()
                .fold(0, |word, &byte| (word << 8) | u64::from(byte));
            return self.write_u64(word);
        };
        let mut rest = bytes;
        while let Some((word, after)) = rest.split_first_chunk() {
            self.write_u64(u64::from_le_bytes(*word));
            rest = after;
        }
        // The last 8 bytes end with the remainder. The loop has hashed the bytes before the remainder already.
        self.write_u64(u64::from_le_bytes(*last));
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        /// 2^64 divided by the golden ratio.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    #[inline]
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        // The high bits are mixed best, and hash tables use the low bits too.
        self.0 ^ (self.0 >> 32)
    }
}
