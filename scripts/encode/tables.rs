// SPDX-License-Identifier: GPL-2.0

//! All of phase 3: from the modules of symbols to all tables.

use super::module_tables::ModuleTables;
use super::size_tables::SizeTables;
use crate::attribute::Attribution;
use crate::common::error::{Error, Result};
use crate::common::threads::in_two_threads;
use crate::format::layout::Counts;
use crate::read::Inputs;

/// All tables of one pass of the link.
pub(crate) struct Tables<'a> {
    pub(crate) modules: ModuleTables<'a>,
    /// `None` if `CONFIG_KALLMODSYMS_SIZES` is off.
    pub(crate) sizes: Option<SizeTables>,
    pub(crate) counts: Counts,
}

impl<'a> Tables<'a> {
    /// Encodes the modules and the sizes of the symbols of `inputs`, and checks both.
    pub(crate) fn encode(inputs: &'a Inputs<'_>, attribution: &'a Attribution<'_>) -> Result<Self> {
        let (modules, sizes) = in_two_threads(
            || ModuleTables::encode(inputs, attribution),
            || match inputs.config.sizes {
                true => SizeTables::encode(&inputs.symbols).map(Some),
                false => Ok(None),
            },
        )?;
        Self::with_counts(modules, sizes, inputs.symbols.len())
    }

    /// The tables of a pass without symbols.
    pub(crate) fn empty(has_sizes: bool) -> Result<Self> {
        let sizes = has_sizes.then(|| SizeTables::encode(&[])).transpose()?;
        Self::with_counts(ModuleTables::default(), sizes, 0)
    }

    fn with_counts(
        modules: ModuleTables<'a>,
        sizes: Option<SizeTables>,
        symbols: usize,
    ) -> Result<Self> {
        let [nibbles, bytes, words] = match &sizes {
            Some(sizes) => sizes.counts(),
            None => [0; 3],
        };
        let counts = Counts {
            symbols: count(symbols)?,
            ranges: count(modules.ranges.len())?,
            exceptions: count(modules.exceptions.len())?,
            names: count(modules.names.bytes.len())?,
            nibbles: count(nibbles)?,
            bytes: count(bytes)?,
            words: count(words)?,
        };
        Ok(Self {
            modules,
            sizes,
            counts,
        })
    }
}

/// A count as the tables store it.
fn count(count: usize) -> Result<u32> {
    u32::try_from(count)
        .map_err(|_| Error::new("more than 2^32 symbols", "Build a smaller kernel."))
}
