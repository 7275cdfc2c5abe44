// SPDX-License-Identifier: GPL-2.0

//! The object files of a kernel's own symbols, from the tables of the kernel.

use crate::format::objects::{ObjectId, ObjectTables};

/// The object file of each symbol.
pub(crate) struct ObjectFiles {
    paths: Vec<Vec<u8>>,
    /// By number of the symbol: the index of its path; `None` if no object file defines the symbol.
    of_symbols: Vec<Option<u32>>,
}

impl ObjectFiles {
    /// The object files of the first `symbols` symbols.
    pub(crate) fn of(tables: &ObjectTables<'_>, symbols: u32) -> Self {
        let paths = (0..tables.len()).map(|number| {
            let path = tables.path(ObjectId(number));
            path.map_or_else(Vec::new, |path| path.parts().concat())
        });
        let runs = tables.runs_from(0);
        let of_symbols = runs.flat_map(|run| {
            let number = run.object.map(|ObjectId(number)| number);
            std::iter::repeat_n(number, run.symbols as usize)
        });
        Self {
            paths: paths.collect(),
            of_symbols: of_symbols.take(symbols as usize).collect(),
        }
    }

    /// The paths of all object files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.paths.iter().map(Vec::as_slice)
    }

    /// The path of the object file that defines symbol number `symbol`; `None` if no object file does.
    pub(crate) fn path(&self, symbol: usize) -> Option<&[u8]> {
        let number = (*self.of_symbols.get(symbol)?)?;
        self.paths.get(number as usize).map(Vec::as_slice)
    }
}
