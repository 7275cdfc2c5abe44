// SPDX-License-Identifier: GPL-2.0

//! Phase 2: the modules of each object file and of each symbol.
//!
//! In come the parsed inputs of the pass; the symbol tables of single object files are read when a symbol
//! needs them. Out comes an [`Attribution`]: the layout of the image, the modules of each symbol, and all
//! that cannot be attributed. These files may import `common/` and `read/`.

mod attribution;
mod constant_pools;
mod definition_search;
mod grouped_symbol;
pub(crate) mod image_layout;
pub(crate) mod module_sets;
pub(crate) mod object_modules;
mod object_symbols;
pub(crate) mod piece;
pub(crate) mod place;
mod script_symbols;
mod symbol_modules;
pub(crate) mod unattributed;
mod vmlinux_o_sections;

pub(crate) use attribution::Attribution;
