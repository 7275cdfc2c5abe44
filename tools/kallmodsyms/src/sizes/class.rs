// SPDX-License-Identifier: GPL-2.0

//! The classes of bytes in an image, and a count of bytes for each class.

/// The purpose of a byte in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Instructions.
    Text,
    /// Constants, and data that the kernel protects after boot.
    Rodata,
    /// Writable data with initial values in the file.
    Data,
    /// Writable data that start as zeros.
    Bss,
    /// Memory that the kernel frees after boot.
    Init,
    /// The per-cpu area in the image, from which the kernel makes a copy for each processor.
    Percpu,
    /// The table of instructions that may fault.
    Extable,
    /// The tables of the stack unwinder.
    Unwind,
    /// The tables of symbols that loadable modules can link to.
    Ksymtab,
    /// The type information for BPF.
    Btf,
}

impl Class {
    /// All classes, in the order of the columns.
    pub(crate) const ALL: [Self; 10] = [
        Self::Text,
        Self::Rodata,
        Self::Data,
        Self::Bss,
        Self::Init,
        Self::Percpu,
        Self::Extable,
        Self::Unwind,
        Self::Ksymtab,
        Self::Btf,
    ];

    /// The name of the column for the class.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Rodata => "rodata",
            Self::Data => "data",
            Self::Bss => "bss",
            Self::Init => "init",
            Self::Percpu => "percpu",
            Self::Extable => "extable",
            Self::Unwind => "unwind",
            Self::Ksymtab => "ksymtab",
            Self::Btf => "btf",
        }
    }

    /// The class of a symbol by the letter of its type, for a kernel whose sections are not known.
    pub(crate) fn of_letter(letter: u8) -> Self {
        match letter.to_ascii_lowercase() {
            b'r' => Self::Rodata,
            b'b' => Self::Bss,
            b'd' | b'v' | b'a' => Self::Data,
            _ => Self::Text,
        }
    }
}

/// The number of bytes of each class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClassBytes([u64; Class::ALL.len()]);

impl ClassBytes {
    /// Adds bytes to a class.
    pub(crate) fn add(&mut self, class: Class, bytes: u64) {
        if let Some(sum) = self.0.get_mut(class as usize) {
            *sum = sum.saturating_add(bytes);
        }
    }

    /// Adds the bytes of each class in `other`.
    pub(crate) fn add_all(&mut self, other: &Self) {
        for (class, bytes) in other.iter() {
            self.add(class, bytes);
        }
    }

    /// The bytes of each class, in the order of [`Class::ALL`].
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Class, u64)> + '_ {
        Class::ALL.into_iter().zip(self.0)
    }

    /// The bytes of all classes.
    pub(crate) fn total(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |sum: u64, bytes| sum.saturating_add(*bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_a_column_of_its_own() {
        let mut bytes = ClassBytes::default();
        for (number, class) in (1..).zip(Class::ALL) {
            bytes.add(class, number);
        }
        assert!(bytes.iter().map(|(_, bytes)| bytes).eq(1..=10));
        assert_eq!(bytes.total(), 55);
        bytes.add(Class::Btf, u64::MAX);
        assert_eq!(bytes.total(), u64::MAX);
    }
}
