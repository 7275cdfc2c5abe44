// SPDX-License-Identifier: GPL-2.0

//! Bytes as little-endian numbers, without a copy if the machine can read the bytes in place.

use std::borrow::Cow;

use object::pod::{slice_from_bytes, Pod};

/// The number type of a table.
pub(crate) trait Word: Pod {
    /// The number whose bytes, the lowest first, are the bytes of `self` in memory.
    fn of_little_endian(self) -> Self;

    /// The number in the first bytes of `bytes`; `None` if `bytes` are too short.
    fn of_bytes(bytes: &[u8]) -> Option<Self>;
}

macro_rules! word {
    ($word:ident) => {
        impl Word for $word {
            fn of_little_endian(self) -> Self {
                Self::from_le(self)
            }

            fn of_bytes(bytes: &[u8]) -> Option<Self> {
                bytes.first_chunk().map(|bytes| Self::from_le_bytes(*bytes))
            }
        }
    };
}

word!(u16);
word!(u32);
word!(u64);

/// The numbers in `bytes`. Bytes after the last whole number are ignored.
pub(crate) fn words<T: Word>(bytes: &[u8]) -> Cow<'_, [T]> {
    match slice_from_bytes(bytes, bytes.len() / size_of::<T>()) {
        Ok((words, _)) if cfg!(target_endian = "little") => Cow::Borrowed(words),
        Ok((words, _)) => words
            .iter()
            .map(|word: &T| word.of_little_endian())
            .collect(),
        // The bytes are not aligned.
        Err(()) => each_word(bytes).collect(),
    }
}

/// An iterator over the numbers in `bytes`.
pub(crate) fn each_word<T: Word>(bytes: &[u8]) -> impl Iterator<Item = T> + Clone + '_ {
    bytes.chunks_exact(size_of::<T>()).filter_map(T::of_bytes)
}

/// The first `N` numbers in `bytes`, and 0 for each missing number.
pub(crate) fn word_array<T: Word + Default, const N: usize>(bytes: &[u8]) -> [T; N] {
    let mut array = [T::default(); N];
    let places = array.iter_mut().zip(each_word(bytes));
    places.for_each(|(place, word)| *place = word);
    array
}

#[cfg(test)]
mod tests {
    use super::{words, Cow};

    #[test]
    fn bytes_at_any_place() {
        let numbers = [0x0403_0201_u32, 0x0807_0605];
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        for shift in 0..4 {
            let mut buffer = vec![0_u64; 3];
            let buffer = object::pod::bytes_of_slice_mut(&mut buffer);
            // Two bytes are left over.
            let place = &mut buffer[shift..shift + 10];
            place[..8].copy_from_slice(&bytes);
            let found = words::<u32>(place);
            assert_eq!(*found, numbers);
            let is_copied = matches!(found, Cow::Owned(_));
            assert_eq!(is_copied, shift != 0 || cfg!(target_endian = "big"));
        }
    }
}
