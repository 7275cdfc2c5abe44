// SPDX-License-Identifier: GPL-2.0

//! The object files in braces, for a walk over the lines of core symbols.
//!
//! Few lines have braces. So a walk keeps the next run whose lines have braces, and makes all lines
//! before that run without a look at any object file. `stored_braces.rs` finds these runs. A kernel
//! that stores no object files uses [`NoObjects`], whose functions compile to nothing.

use super::{name_expansion::Suffix, object_paths::ObjectPath};

/// The object files of a kernel's symbols.
pub trait Objects<'a>: Copy {
    /// The next run whose lines have braces.
    type Braces;

    /// The place of a walk that begins with symbol number `symbol`, before the first call of
    /// [`find`](Self::find).
    fn braces_from(self, symbol: u32) -> Self::Braces;

    /// Finds the next run with braces, if `braces` ends before symbol number `symbol`. `modules` is
    /// the suffix of the symbol without braces.
    fn find(self, braces: &mut Self::Braces, symbol: u32, modules: &Suffix);

    /// The suffix of symbol number `symbol`, and the number of the first symbol that may have
    /// another suffix. `modules` is the suffix without braces of the symbols before `end`.
    fn suffix<'b>(
        braces: &'b Self::Braces,
        symbol: u32,
        modules: &'b Suffix,
        end: u32,
    ) -> (&'b Suffix, u32);

    /// The part of the path that the line of symbol number `symbol` shows; `None` for a line
    /// without braces.
    fn path(self, braces: &Self::Braces, symbol: u32) -> Option<ObjectPath<'a>>;
}

/// No object files are stored.
#[derive(Clone, Copy)]
pub struct NoObjects;

impl<'a> Objects<'a> for NoObjects {
    type Braces = ();

    #[inline(always)]
    fn braces_from(self, _: u32) {}

    #[inline(always)]
    fn find(self, (): &mut (), _: u32, _: &Suffix) {}

    #[inline(always)]
    fn suffix<'b>((): &'b (), _: u32, modules: &'b Suffix, end: u32) -> (&'b Suffix, u32) {
        (modules, end)
    }

    #[inline(always)]
    fn path(self, (): &(), _: u32) -> Option<ObjectPath<'a>> {
        None
    }
}
