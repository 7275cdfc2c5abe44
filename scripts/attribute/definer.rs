// SPDX-License-Identifier: GPL-2.0

//! What defines a symbol.

use super::module_sets::SetId;
use super::object_modules::ObjectIndex;

/// What defines a symbol: an object file, or the linker or its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Definer {
    /// The modules of the object file; `None` if they are not known. The generator then reports the object
    /// file, once.
    pub(super) modules: Option<SetId>,
    /// The object file. Always `None` in a search that does not tell object files of the same modules apart.
    pub(super) object: Option<ObjectIndex>,
}

impl Definer {
    /// The linker, or its script.
    pub(super) const LINKER: Self = Self {
        modules: Some(SetId::EMPTY),
        object: None,
    };
}
