// SPDX-License-Identifier: GPL-2.0

//! The tables: ranges, exceptions and module names, encoded as the kernel reads them, and the check
//! that they decode to what went in.

use crate::builtin::{BuiltinModules, ModuleId};
use crate::elf::Symbol;
use crate::error::{show, Error, Result};
use crate::exceptions::Exception;
use crate::format::names::MAX_LIST_LEN;
use crate::format::ranges::{ModuleTables, RangeHint, RawTables};
use crate::hash::FastMap;
use crate::objects::{Objects, SetId};
use crate::ranges::Range;

/// The encoded tables. See rust/format for their meaning.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) offsets: Vec<u32>,
    pub(crate) modules: Vec<u32>,
    pub(crate) exceptions: Vec<u32>,
    pub(crate) exception_modules: Vec<u32>,
    pub(crate) names: Vec<u8>,
    /// The entries of `names` in order, for comments.
    pub(crate) entries: Vec<Entry>,
}

/// An entry of the names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub offset: u32,
    /// How many names the list has; `None` for a name, in a list or by itself.
    pub list: Option<u8>,
}

/// Encodes `ranges` and `exceptions`.
pub(crate) fn encode(
    ranges: &[Range<'_, '_>],
    exceptions: &[Exception<'_>],
    objects: &Objects<'_>,
    builtin: &BuiltinModules,
) -> Result<Tables> {
    let range_sets = || ranges.iter().map(|range| range.modules);
    let exception_sets = || exceptions.iter().map(|exception| exception.modules);
    let mut names = Names::new(builtin);
    // Lists first, so that a module that stands in one is not written again by itself.
    for set in range_sets()
        .chain(exception_sets())
        .filter(|&set| objects.set(set).len() > 1)
    {
        names.add(set, objects.set(set))?;
    }
    for set in range_sets().chain(exception_sets()) {
        names.add(set, objects.set(set))?;
    }
    Ok(Tables {
        offsets: ranges.iter().map(|range| range.offset).collect(),
        modules: range_sets().map(|set| names.entry(set)).collect(),
        exceptions: exceptions
            .iter()
            .map(|exception| exception.symbol)
            .collect(),
        exception_modules: exception_sets().map(|set| names.entry(set)).collect(),
        names: names.bytes,
        entries: names.entries,
    })
}

/// Decodes `tables` with the kernel's own decoder and compares: each symbol, which has the given
/// modules, in order as a reader of the listing asks.
pub(crate) fn check(
    tables: &Tables,
    symbols: &[Symbol<'_>],
    modules: &[SetId],
    text: u64,
    objects: &Objects<'_>,
    builtin: &BuiltinModules,
) -> Result<()> {
    let wrong = |what: String| {
        Error::new(
            format!("the tables do not decode to what was encoded: {what}"),
            "This is a defect of this program. Turn CONFIG_KALLMODSYMS off, and please report it.",
        )
    };
    let raw = RawTables {
        offsets: &tables.offsets,
        modules: &tables.modules,
        exceptions: &tables.exceptions,
        exception_modules: &tables.exception_modules,
        names: &tables.names,
    };
    let decoded = ModuleTables::new(raw).map_err(|error| wrong(error.to_string()))?;
    let mut hint = RangeHint::default();
    for (index, (symbol, &set)) in (0..).zip(symbols.iter().zip(modules)) {
        let names = decoded.of_symbol(index, symbol.value.wrapping_sub(text) as u32, &mut hint);
        if !names.eq(objects.set(set).iter().map(|&module| builtin.name(module))) {
            return Err(wrong(format!("symbol {}", show(symbol.name))));
        }
    }
    Ok(())
}

/// The names table while it grows.
struct Names<'m> {
    builtin: &'m BuiltinModules,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    by_set: FastMap<SetId, u32>,
    by_module: FastMap<ModuleId, u32>,
}

impl<'m> Names<'m> {
    fn new(builtin: &'m BuiltinModules) -> Self {
        let (by_set, by_module) = (FastMap::from_iter([(SetId::NONE, 0)]), FastMap::default());
        Self {
            builtin,
            bytes: vec![0],
            entries: Vec::new(),
            by_set,
            by_module,
        }
    }

    fn add(&mut self, set: SetId, modules: &[ModuleId]) -> Result<()> {
        if self.by_set.contains_key(&set) {
            return Ok(());
        }
        let offset = match *modules {
            [module] => match self.by_module.get(&module) {
                Some(&offset) => offset,
                None => self.name(module)?,
            },
            _ => self.list(modules)?,
        };
        self.by_set.insert(set, offset);
        Ok(())
    }

    /// Where the entry of `set` is, which was added.
    fn entry(&self, set: SetId) -> u32 {
        self.by_set.get(&set).copied().unwrap_or(0)
    }

    fn list(&mut self, modules: &[ModuleId]) -> Result<u32> {
        let Ok(count) = u8::try_from(modules.len()) else {
            let first = modules
                .first()
                .map_or(&b""[..], |&module| self.builtin.name(module));
            return Err(Error::new(
                format!(
                    "an object is shared by {} built-in modules, {} first; a list holds {MAX_LIST_LEN}",
                    modules.len(),
                    first.escape_ascii(),
                ),
                "Make the object a module of its own, which the others depend on.",
            ));
        };
        let offset = self.begin(Some(count))?;
        self.bytes.extend([0, count]);
        for &module in modules {
            self.name(module)?;
        }
        Ok(offset)
    }

    fn name(&mut self, module: ModuleId) -> Result<u32> {
        let offset = self.begin(None)?;
        self.bytes.extend(self.builtin.name(module));
        self.bytes.push(0);
        self.by_module.entry(module).or_insert(offset);
        Ok(offset)
    }

    fn begin(&mut self, list: Option<u8>) -> Result<u32> {
        let offset = u32::try_from(self.bytes.len()).map_err(|_| {
            Error::new(
                "the module names are larger than 4 GiB",
                "Build fewer modules in.",
            )
        })?;
        self.entries.push(Entry { offset, list });
        Ok(offset)
    }
}
