// SPDX-License-Identifier: GPL-2.0

//! The contents of an image: each byte with its class and its origin.

use std::collections::HashMap;
use std::ops::Range;

use crate::sizes::class::Class;

/// The place that bytes of an image are from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// An object file, and its modules in alphabetical order.
    Object { path: String, modules: Vec<String> },
    /// A symbol of these modules, or of no module; its object file is not known.
    Symbol { modules: Vec<String> },
    /// Several object files: the linker merged equal bytes, or objtool made the section.
    Merged,
    /// No object file: padding, or room that the linker script makes.
    Padding,
    /// No symbol, and the object file is not known.
    NoSymbol,
}

impl Origin {
    /// Its modules.
    pub(crate) fn modules(&self) -> &[String] {
        match self {
            Self::Object { modules, .. } | Self::Symbol { modules } => modules,
            Self::Merged | Self::Padding | Self::NoSymbol => &[],
        }
    }
}

/// The number of an origin in [`Origins`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OriginNumber(pub(crate) usize);

/// All origins of an image, each once.
#[derive(Default)]
pub(crate) struct Origins {
    by_number: Vec<Origin>,
    numbers: HashMap<Origin, usize>,
}

impl Origins {
    /// The number of an origin, which is added if it is new.
    pub(crate) fn number(&mut self, origin: Origin) -> OriginNumber {
        if let Some(&number) = self.numbers.get(&origin) {
            return OriginNumber(number);
        }
        let number = self.by_number.len();
        self.numbers.insert(origin.clone(), number);
        self.by_number.push(origin);
        OriginNumber(number)
    }

    /// The origin of a number. A number that was not given out has no symbol.
    pub(crate) fn get(&self, number: OriginNumber) -> &Origin {
        self.by_number.get(number.0).unwrap_or(&Origin::NoSymbol)
    }

    /// The number of origins.
    pub(crate) fn len(&self) -> usize {
        self.by_number.len()
    }
}

/// Addresses of one origin.
pub(crate) struct Stretch {
    pub(crate) addresses: Range<u64>,
    pub(crate) origin: OriginNumber,
}

/// Bytes of one origin and one class.
pub(crate) struct Portion {
    pub(crate) origin: OriginNumber,
    pub(crate) class: Class,
    pub(crate) bytes: u64,
}

/// The bytes of a symbol that no symbol before it has.
pub(crate) struct SymbolBytes {
    pub(crate) origin: OriginNumber,
    pub(crate) class: Class,
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// The contents of an image.
pub(crate) struct Contents {
    pub(crate) origins: Origins,
    /// All bytes.
    pub(crate) portions: Vec<Portion>,
    /// The symbols, if they were asked for. Their bytes are part of the portions.
    pub(crate) symbols: Vec<SymbolBytes>,
}
