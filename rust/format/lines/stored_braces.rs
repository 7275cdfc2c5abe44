// SPDX-License-Identifier: GPL-2.0

//! The braces of a kernel that stores object files.

use super::{
    braces::Objects,
    name_expansion::Suffix,
    object_paths::ObjectPath,
    objects::{ObjectId, ObjectTables, Runs},
};

/// A walk over the runs whose lines have braces: the run of the current symbol, or the next such
/// run. Before the first call of [`find`](Objects::find), an empty run.
pub struct Braces<'a> {
    /// The runs after this run.
    runs: Runs<'a>,
    /// The number of the first symbol of the run; `u32::MAX` if no further run has braces.
    start: u32,
    /// The number of the first symbol after the run; `u32::MAX` if no further run has braces.
    end: u32,
    /// The object file, and the number of components in braces.
    shown: Option<(ObjectId, u8)>,
    /// The end of each line.
    suffix: Suffix,
}

impl<'a> Objects<'a> for Option<&ObjectTables<'a>> {
    type Braces = Braces<'a>;

    fn braces_from(self, symbol: u32) -> Braces<'a> {
        let runs = self.map_or(Runs::default(), |tables| tables.runs_from(symbol));
        Braces {
            start: runs.symbol(),
            end: runs.symbol(),
            runs,
            shown: None,
            suffix: Suffix::none(),
        }
    }

    #[inline]
    fn find(self, braces: &mut Braces<'a>, symbol: u32, modules: &Suffix) {
        if symbol >= braces.end {
            braces.go_on(self, symbol);
        }
        if symbol >= braces.start {
            let path = self.path(braces, symbol);
            braces.suffix.set_braces(modules, path);
        }
    }

    #[inline]
    fn suffix<'b>(
        braces: &'b Braces<'a>,
        symbol: u32,
        modules: &'b Suffix,
        end: u32,
    ) -> (&'b Suffix, u32) {
        if symbol < braces.start {
            (modules, end.min(braces.start))
        } else {
            (&braces.suffix, end.min(braces.end))
        }
    }

    fn path(self, braces: &Braces<'a>, symbol: u32) -> Option<ObjectPath<'a>> {
        let (object, components) = braces.shown.filter(|_| symbol >= braces.start)?;
        self?.end_of_path(object, components)
    }
}

impl<'a> Braces<'a> {
    /// Goes to the first run with braces that has symbol number `symbol` or only later symbols.
    #[inline(never)]
    fn go_on(&mut self, tables: Option<&ObjectTables<'a>>, symbol: u32) {
        let mut runs = self.runs;
        (self.start, self.end, self.shown) = (u32::MAX, u32::MAX, None);
        loop {
            if runs.is_at_block() {
                let Some(later) = tables.and_then(|tables| tables.braces_from(runs.symbol()))
                else {
                    break;
                };
                runs = later;
            }
            if runs.skip_short() {
                continue;
            }
            let start = runs.symbol();
            let Some(run) = runs.next() else {
                break;
            };
            if run.components != 0 && runs.symbol() > symbol {
                (self.start, self.end) = (start, runs.symbol());
                self.shown = run.object.map(|object| (object, run.components));
                break;
            }
        }
        self.runs = runs;
    }
}
