// SPDX-License-Identifier: GPL-2.0

//! Sets of built-in modules, each stored once.

use std::collections::HashMap;

use crate::format::names::MAX_LIST_LEN;
use crate::read::modules_builtin::{BuiltinModules, ModuleId};

/// A set of built-in modules: its index in [`ModuleSets`]. Equal sets have equal ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SetId(u32);

impl SetId {
    /// The empty set, of the symbols and object files in no module.
    pub(crate) const EMPTY: Self = Self(0);
}

/// The sets of modules that object files are part of.
#[derive(Debug)]
pub(crate) struct ModuleSets<'b> {
    builtin: &'b BuiltinModules,
    /// By id: the modules of the set, sorted by name. The first set is empty.
    sets: Vec<Vec<ModuleId>>,
    by_modules: HashMap<Vec<ModuleId>, SetId>,
}

impl<'b> ModuleSets<'b> {
    /// Makes the sets. At first, there is only the empty set.
    pub(crate) fn new(builtin: &'b BuiltinModules) -> Self {
        Self {
            builtin,
            sets: vec![Vec::new()],
            by_modules: HashMap::from([(Vec::new(), SetId::EMPTY)]),
        }
    }

    /// The modules of a set in the order of the listing. [`intern`](Self::intern) makes an id together with
    /// its set, so every id has a set.
    pub(crate) fn modules(&self, SetId(id): SetId) -> &[ModuleId] {
        let set = usize::try_from(id).ok().and_then(|id| self.sets.get(id));
        set.map_or(&[], Vec::as_slice)
    }

    /// The names of the modules of a set in the order of the listing.
    pub(crate) fn names(&self, set: SetId) -> impl Iterator<Item = &'b [u8]> + '_ {
        let modules = self.modules(set).iter();
        modules.map(|&module| self.builtin.name(module))
    }

    /// The modules of a set, for comments: `[a] [b]` as in the listing, or `in no module`.
    pub(crate) fn shown(&self, set: SetId) -> Vec<u8> {
        let brackets = self.names(set).map(|name| [b"[", name, b"]"].concat());
        let brackets: Vec<_> = brackets.collect();
        match brackets.is_empty() {
            true => b"in no module".to_vec(),
            false => brackets.join(&b' '),
        }
    }

    /// The set that the listing shows for `modules`: each name once, sorted by name. An error says why the
    /// listing cannot show the set.
    pub(super) fn intern(&mut self, modules: &[ModuleId]) -> Result<SetId, String> {
        let shown = modules.iter().map(|&module| self.builtin.shown(module));
        let mut set = shown.collect::<Result<Vec<_>, _>>()?;
        set.sort_unstable_by_key(|&module| self.builtin.name(module));
        set.dedup();
        if set.len() > MAX_LIST_LEN {
            return Err(format!(
                "it is in {} modules, and a list holds {MAX_LIST_LEN}",
                set.len()
            ));
        }
        if let Some(&id) = self.by_modules.get(&set) {
            return Ok(id);
        }
        let id =
            u32::try_from(self.sets.len()).map_err(|_| "there are too many sets of modules")?;
        self.sets.push(set.clone());
        self.by_modules.insert(set, SetId(id));
        Ok(SetId(id))
    }
}
