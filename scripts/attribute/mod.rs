// SPDX-License-Identifier: GPL-2.0

//! Phase 2: the modules of each object file, and the modules and the object file of each symbol.
//!
//! In come the parsed inputs of the pass. The symbol table of an object file is read only when the search for
//! a symbol needs it. Out comes an [`Attribution`]: the layout of the image, the modules of each symbol, and
//! the symbols and object files whose modules are not known. These files may import `common/`, `read/` and
//! the format code.

mod attribution;
mod constant_pools;
mod definer;
mod definition_search;
mod grouped_symbol;
pub(crate) mod image_layout;
mod leftover_definitions;
pub(crate) mod module_sets;
pub(crate) mod object_modules;
mod object_symbols;
pub(crate) mod piece;
pub(crate) mod place;
mod script_symbols;
mod symbol_definers;
pub(crate) mod unattributed;
mod vmlinux_o_sections;

pub(crate) use attribution::Attribution;
