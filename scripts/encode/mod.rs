// SPDX-License-Identifier: GPL-2.0

//! Phase 3: the tables of the kernel.
//!
//! In come the inputs, and the modules and object files of their symbols. Out come [`Tables`], as the numbers
//! that the kernel reads. The kernel's own decoder has checked these numbers. These files may import
//! `common/`, `read/`, `attribute/` and the format code.

mod braces;
pub(crate) mod exceptions;
pub(crate) mod module_names;
pub(crate) mod module_ranges;
pub(crate) mod module_tables;
pub(crate) mod object_tables;
mod offset;
pub(crate) mod size_tables;
mod tables;

pub(crate) use tables::Tables;
