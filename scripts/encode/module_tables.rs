// SPDX-License-Identifier: GPL-2.0

//! Encodes the module tables (ranges, exceptions and module names) as the kernel reads them, and checks that
//! the tables decode to the modules of each symbol.

use super::exceptions::{self, Exception};
use super::module_names::ModuleNames;
use super::module_ranges::{self, Range};
use super::offset;
use crate::attribute::Attribution;
use crate::common::error::{show, Error, Result};
use crate::format::ranges::{self, RangeHint, RawTables};
use crate::read::Inputs;

/// The module tables. rust/format/tables/ranges.rs explains them.
#[derive(Debug, Default)]
pub(crate) struct ModuleTables<'a> {
    pub(crate) ranges: Vec<Range<'a>>,
    /// By range: the name offset of its modules, which is an offset in `names`.
    pub(crate) range_modules: Vec<u32>,
    pub(crate) exceptions: Vec<Exception<'a>>,
    /// By exception: the name offset of its modules.
    pub(crate) exception_modules: Vec<u32>,
    pub(crate) names: ModuleNames,
    /// The address of `_text`, as linked.
    pub(crate) text: u64,
}

impl<'a> ModuleTables<'a> {
    /// Encodes the modules of the symbols of `inputs`, and checks the result.
    pub(super) fn encode(inputs: &'a Inputs<'_>, attribution: &'a Attribution<'_>) -> Result<Self> {
        let (objects, sets) = (&attribution.objects, &attribution.of_symbols);
        let (symbols, text) = (&inputs.symbols, inputs.text);
        let pieces = &attribution.layout.pieces;
        let ranges = module_ranges::fuse(pieces, text, objects, symbols, sets)?;
        let exceptions = exceptions::find(symbols, sets, &ranges, text)?;
        let of_ranges = ranges.iter().map(|range| range.modules);
        let of_exceptions = exceptions.iter().map(|exception| exception.modules);
        let used = of_ranges.clone().chain(of_exceptions.clone());
        let names = ModuleNames::of(&objects.sets, used)?;
        let offsets = of_ranges.map(|set| names.name_offset(set));
        let range_modules = offsets.collect::<Result<_>>()?;
        let offsets = of_exceptions.map(|set| names.name_offset(set));
        let exception_modules = offsets.collect::<Result<_>>()?;
        let tables = Self {
            ranges,
            range_modules,
            exceptions,
            exception_modules,
            names,
            text,
        };
        tables.check(inputs, attribution)?;
        Ok(tables)
    }

    /// Decodes the tables with the kernel's own decoder, and compares the decoded modules of each symbol with
    /// the encoded modules. The symbols come in the order in which a reader of the listing asks for them.
    fn check(&self, inputs: &Inputs<'_>, attribution: &Attribution<'_>) -> Result<()> {
        let wrong = |what: String| {
            let problem = format!("the tables do not decode to what was encoded: {what}");
            Error::defect(problem)
        };
        let offsets: Vec<u32> = self.ranges.iter().map(|range| range.offset).collect();
        let exceptions = self.exceptions.iter().map(|exception| exception.symbol);
        let exceptions: Vec<u32> = exceptions.collect();
        let raw = RawTables {
            offsets: &offsets,
            modules: &self.range_modules,
            exceptions: &exceptions,
            exception_modules: &self.exception_modules,
            names: &self.names.bytes,
        };
        let decoded = ranges::ModuleTables::new(raw).map_err(|error| wrong(error.to_string()))?;
        let sets = &attribution.objects.sets;
        let mut hint = RangeHint::default();
        let symbols = inputs.symbols.iter().zip(&attribution.of_symbols);
        for (index, (symbol, &set)) in (0..).zip(symbols) {
            let offset = offset::from_text(symbol.value, self.text);
            if !decoded
                .of_symbol(index, offset, &mut hint)
                .eq(sets.names(set))
            {
                return Err(wrong(format!("symbol {}", show(symbol.name))));
            }
        }
        Ok(())
    }
}
