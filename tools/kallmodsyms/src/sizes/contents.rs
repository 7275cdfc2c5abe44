// SPDX-License-Identifier: GPL-2.0

//! The contents of an image: how many bytes each origin has of each class.

use std::collections::HashMap;
use std::ops::Range;

use crate::sizes::class::Class;

/// The object file or symbol that bytes of an image are from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// An object file, and the modules that it is part of, in alphabetical order.
    Object { path: String, modules: Vec<String> },
    /// Symbols of these modules, or of no module, whose object file is not known.
    Symbol { modules: Vec<String> },
    /// Several object files: the linker merged equal bytes, or objtool made the section.
    Merged,
    /// No object file: padding, or room that the linker script makes.
    Padding,
    /// Bytes in no symbol, whose object file is not known.
    NoSymbol,
}

impl Origin {
    /// The modules of the origin.
    pub(crate) fn modules(&self) -> &[String] {
        match self {
            Self::Object { modules, .. } | Self::Symbol { modules } => modules,
            Self::Merged | Self::Padding | Self::NoSymbol => &[],
        }
    }
}

/// An index of an origin in [`Origins`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OriginNumber(pub(crate) usize);

/// All origins of an image, each once.
#[derive(Default)]
pub(crate) struct Origins {
    by_number: Vec<Origin>,
    numbers: HashMap<Origin, usize>,
}

impl Origins {
    /// The index of `origin`, which is added if it is new.
    pub(crate) fn number(&mut self, origin: Origin) -> OriginNumber {
        if let Some(&number) = self.numbers.get(&origin) {
            return OriginNumber(number);
        }
        let number = self.by_number.len();
        self.numbers.insert(origin.clone(), number);
        self.by_number.push(origin);
        OriginNumber(number)
    }

    /// The origin with this index; [`Origin::NoSymbol`] if there is none.
    pub(crate) fn get(&self, number: OriginNumber) -> &Origin {
        self.by_number.get(number.0).unwrap_or(&Origin::NoSymbol)
    }

    /// The number of origins.
    pub(crate) fn len(&self) -> usize {
        self.by_number.len()
    }
}

/// Adjacent addresses whose bytes have one origin.
pub(crate) struct OriginRange {
    pub(crate) addresses: Range<u64>,
    pub(crate) origin: OriginNumber,
}

/// The number of bytes of one origin and one class.
pub(crate) struct ByteCount {
    pub(crate) origin: OriginNumber,
    pub(crate) class: Class,
    pub(crate) bytes: u64,
}

/// A symbol, and how many of its bytes are in no earlier symbol.
pub(crate) struct SymbolBytes {
    pub(crate) origin: OriginNumber,
    pub(crate) class: Class,
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// The contents of an image.
pub(crate) struct ImageContents {
    pub(crate) origins: Origins,
    /// All bytes of the image, or, if its sections are not known, only the bytes of symbols. An origin and a
    /// class can have several counts.
    pub(crate) byte_counts: Vec<ByteCount>,
    /// The symbols, if the caller wants them. Their bytes are also in `byte_counts`.
    pub(crate) symbols: Vec<SymbolBytes>,
}
