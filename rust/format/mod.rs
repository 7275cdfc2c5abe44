// SPDX-License-Identifier: GPL-2.0

//! The format of the tables, and of the lines made from the tables.
//!
//! The input is the tables as they are linked. The output is checked tables, their entries, and
//! lines. This folder imports only `core`: it allocates nothing, names no kernel type and cannot
//! panic. The kernel, the generator and the host tests compile the same files, so that they cannot
//! disagree. The generator decodes its tables with these files before it writes the tables.
//!
//! `tables/` decodes and checks tables, and does not import `lines/`. `lines/` renders lines, and
//! imports `tables/`. [`walk`] renders the lines of all core symbols in order; [`line`](mod@line)
//! renders a single line of any symbol. The paths of Rust modules leave out these two folders.

#[path = "tables/addresses.rs"]
pub mod addresses;
#[path = "tables/error.rs"]
pub mod error;
#[path = "tables/layout.rs"]
pub mod layout;
#[path = "tables/names.rs"]
pub mod names;
#[path = "tables/object_layout.rs"]
pub mod object_layout;
#[path = "tables/object_paths.rs"]
pub mod object_paths;
#[path = "tables/objects.rs"]
pub mod objects;
#[path = "tables/ranges.rs"]
pub mod ranges;
#[path = "tables/size_layout.rs"]
pub mod size_layout;
#[path = "tables/sizes.rs"]
pub mod sizes;
#[path = "tables/sorted_names.rs"]
pub mod sorted_names;
#[path = "tables/symbol_tables.rs"]
mod symbol_tables;
#[path = "tables/symbols.rs"]
pub mod symbols;
#[path = "tables/tokens.rs"]
pub mod tokens;

#[path = "lines/braces.rs"]
pub mod braces;
#[path = "lines/hexadecimal.rs"]
mod hexadecimal;
#[path = "lines/line.rs"]
pub mod line;
#[path = "lines/name_expansion.rs"]
#[expect(
    unsafe_code,
    reason = "a check for each token would add a fifth to the instructions of reading the file"
)]
mod name_expansion;
#[path = "lines/prefixes.rs"]
mod prefixes;
// rustc compiles implementations of traits even if nothing calls them. So a kernel that stores no
// object files leaves out this file. The generator and the host tests compile it always.
#[cfg(any(not(CONFIG_KALLMODSYMS), CONFIG_KALLMODSYMS_OBJECTS))]
#[path = "lines/stored_braces.rs"]
mod stored_braces;
#[path = "lines/walk.rs"]
pub mod walk;
