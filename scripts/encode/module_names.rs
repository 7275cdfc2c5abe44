// SPDX-License-Identifier: GPL-2.0

//! Makes the table of module names.

use crate::attribute::module_sets::{ModuleSets, SetId};
use crate::common::error::{Error, Result};
use crate::common::hash::FastMap;
use crate::format::names::MAX_LIST_LEN;

/// The table of names, and the entry of each set of modules. rust/format/tables/names.rs explains the bytes.
#[derive(Debug, Default)]
pub(crate) struct ModuleNames {
    pub(crate) bytes: Vec<u8>,
    /// The parts of `bytes` in order, for comments.
    pub(crate) parts: Vec<NamesPart>,
    by_set: FastMap<SetId, u32>,
    by_name: FastMap<Vec<u8>, u32>,
}

/// A part of the table of names.
#[derive(Clone, Debug)]
pub(crate) struct NamesPart {
    pub(crate) offset: u32,
    pub(crate) content: NamesContent,
}

/// The content of a part of the table.
#[derive(Clone, Debug)]
pub(crate) enum NamesContent {
    /// The zero byte for "in no module".
    NoModule,
    /// The two bytes at the beginning of a list. The list has this many names.
    List(u8),
    /// A name, either in a list or outside of any list.
    Name(Vec<u8>),
}

impl ModuleNames {
    /// The table with the names of all modules in the sets `used`.
    pub(super) fn of(
        sets: &ModuleSets<'_>,
        used: impl Iterator<Item = SetId> + Clone,
    ) -> Result<Self> {
        let mut names = Self::default();
        let no_module = names.begin(NamesContent::NoModule)?;
        names.bytes.push(0);
        names.by_set.insert(SetId::EMPTY, no_module);
        // Lists first: a set of one module then uses the name in a list, if a list has that name.
        let is_list = |set: &SetId| sets.modules(*set).len() > 1;
        for set in used.clone().filter(is_list).chain(used.clone()) {
            names.add(sets, set)?;
        }
        Ok(names)
    }

    fn add(&mut self, sets: &ModuleSets<'_>, set: SetId) -> Result<()> {
        if self.by_set.contains_key(&set) {
            return Ok(());
        }
        let names: Vec<_> = sets.names(set).collect();
        let offset = match names[..] {
            [name] => match self.by_name.get(name) {
                Some(&offset) => offset,
                None => self.add_name(name)?,
            },
            _ => self.add_list(&names)?,
        };
        self.by_set.insert(set, offset);
        Ok(())
    }

    /// The name offset of `set`, which is one of the sets of the table.
    pub(super) fn name_offset(&self, set: SetId) -> Result<u32> {
        let offset = self.by_set.get(&set).copied();
        offset.ok_or_else(|| Error::defect("a set of modules has no name offset"))
    }

    fn add_list(&mut self, names: &[&[u8]]) -> Result<u32> {
        // `ModuleSets` makes no set of more modules.
        let count = u8::try_from(names.len()).map_err(|_| {
            let problem = format!("a list of more than {MAX_LIST_LEN} modules is among the sets");
            Error::defect(problem)
        })?;
        let offset = self.begin(NamesContent::List(count))?;
        self.bytes.extend([0, count]);
        for name in names {
            self.add_name(name)?;
        }
        Ok(offset)
    }

    fn add_name(&mut self, name: &[u8]) -> Result<u32> {
        let offset = self.begin(NamesContent::Name(name.to_vec()))?;
        self.bytes.extend(name);
        self.bytes.push(0);
        self.by_name.entry(name.to_vec()).or_insert(offset);
        Ok(offset)
    }

    /// Records that a part begins at the end of the bytes. The caller then adds the bytes of the part.
    fn begin(&mut self, content: NamesContent) -> Result<u32> {
        let offset = u32::try_from(self.bytes.len()).map_err(|_| {
            Error::new(
                "the module names are larger than 4 GiB",
                "Build fewer modules in.",
            )
        })?;
        self.parts.push(NamesPart { offset, content });
        Ok(offset)
    }
}
