// SPDX-License-Identifier: GPL-2.0

//! All of phase 3: from the modules of symbols to all tables.

use super::module_tables::ModuleTables;
use super::object_tables::ObjectTables;
use super::size_tables::SizeTables;
use crate::attribute::Attribution;
use crate::common::error::{Error, Result};
use crate::common::threads::in_two_threads;
use crate::format::layout::Counts;
use crate::format::object_layout::ObjectCounts;
use crate::read::auto_conf::Config;
use crate::read::Inputs;

/// All tables of one pass of the link.
pub(crate) struct Tables<'a> {
    pub(crate) modules: ModuleTables<'a>,
    /// `None` if `CONFIG_KALLMODSYMS_SIZES` is off.
    pub(crate) sizes: Option<SizeTables>,
    /// `None` if `CONFIG_KALLMODSYMS_OBJECTS` is off.
    pub(crate) objects: Option<ObjectTables>,
    pub(crate) counts: Counts,
}

impl<'a> Tables<'a> {
    /// Encodes the modules, the sizes and the object files of the symbols of `inputs`, and checks all.
    pub(crate) fn encode(inputs: &'a Inputs<'_>, attribution: &'a Attribution<'_>) -> Result<Self> {
        let (config, symbols) = (inputs.config, &inputs.symbols);
        let ((modules, sizes), objects) = in_two_threads(
            || {
                let modules = ModuleTables::encode(inputs, attribution)?;
                let sizes = config.sizes.then(|| SizeTables::encode(symbols));
                Ok((modules, sizes.transpose()?))
            },
            || {
                let objects = config.objects;
                let objects = objects.then(|| ObjectTables::encode(inputs, attribution));
                objects.transpose()
            },
        )?;
        Self::with_counts(modules, sizes, objects, inputs.symbols.len())
    }

    /// The tables of a pass without symbols.
    pub(crate) fn empty(config: Config) -> Result<Self> {
        let sizes = config.sizes.then(|| SizeTables::encode(&[])).transpose()?;
        let objects = config.objects.then(ObjectTables::default);
        Self::with_counts(ModuleTables::default(), sizes, objects, 0)
    }

    fn with_counts(
        modules: ModuleTables<'a>,
        sizes: Option<SizeTables>,
        objects: Option<ObjectTables>,
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
            objects: match &objects {
                Some(objects) => objects.counts()?,
                None => ObjectCounts::default(),
            },
        };
        Ok(Self {
            modules,
            sizes,
            objects,
            counts,
        })
    }
}

/// A count as the tables store it.
fn count(count: usize) -> Result<u32> {
    u32::try_from(count)
        .map_err(|_| Error::new("more than 2^32 symbols", "Build a smaller kernel."))
}
