// SPDX-License-Identifier: GPL-2.0

//! Reads numbers and tables from the bytes of an input. If the input ends early, the missing bytes of a
//! number are zero, and a table lacks its last entries.

/// The remaining bytes of an input.
pub(crate) struct Input<'d>(pub(crate) &'d [u8]);

impl<'d> Input<'d> {
    /// The next `most` bytes, or all remaining bytes.
    pub(crate) fn bytes(&mut self, most: usize) -> &'d [u8] {
        let (bytes, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let bytes = self.bytes(N);
        array[..bytes.len()].copy_from_slice(bytes);
        array
    }

    pub(crate) fn byte(&mut self) -> u8 {
        u8::from_le_bytes(self.array())
    }

    pub(crate) fn short(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    pub(crate) fn word(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub(crate) fn long(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// The lengths of `N` tables. All lengths stand before all tables: a fuzzer that inserts a byte into a
    /// table changes no length.
    pub(crate) fn lengths<const N: usize>(&mut self) -> [usize; N] {
        std::array::from_fn(|_| self.short().into())
    }

    /// A table of `length` entries of 32 bits, or all remaining entries.
    pub(crate) fn words(&mut self, length: usize) -> Vec<u32> {
        let bytes = self.bytes(length * 4).chunks_exact(4);
        bytes
            .map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()))
            .collect()
    }

    /// A table of `length` entries of 64 bits, or all remaining entries.
    pub(crate) fn longs(&mut self, length: usize) -> Vec<u64> {
        let bytes = self.bytes(length * 8).chunks_exact(8);
        bytes
            .map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()))
            .collect()
    }
}
