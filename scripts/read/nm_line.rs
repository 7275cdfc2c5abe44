// SPDX-License-Identifier: GPL-2.0

//! The lines that nm prints and the kernel's mksysmap keeps.

use crate::common::hexadecimal;
use crate::common::lines::find;

/// The letter of symbols that are in no section.
const ABSOLUTE: u8 = b'A';

/// A line of nm.
///
/// ```text
/// ffffffff81000000 T startup_64
/// ```
pub(crate) struct NmLine<'t> {
    pub(crate) address: u64,
    /// The letter of the type.
    pub(crate) letter: u8,
    pub(crate) name: &'t [u8],
}

impl<'t> NmLine<'t> {
    /// Parses a line; `None` if the line does not have the form above.
    pub(crate) fn parse(line: &'t [u8]) -> Option<Self> {
        let (address, rest) = line.split_at(find(line, b' ')?);
        let address = hexadecimal::parse(address)?;
        match *rest {
            [b' ', letter, b' ', ref name @ ..] if !name.is_empty() => Some(Self {
                address,
                letter,
                name,
            }),
            _ => None,
        }
    }

    /// Return: true if the symbol is in no section.
    pub(crate) fn is_absolute(&self) -> bool {
        self.letter == ABSOLUTE
    }
}
