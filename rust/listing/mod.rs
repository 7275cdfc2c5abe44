// SPDX-License-Identifier: GPL-2.0

//! The contents of /proc/kallmodsyms: the symbols of all sources, one after the other.
//!
//! Symbols of the [sources](crate::sources) and the offset of a read come in; whole lines go out,
//! to [`open_file`](crate::abstractions::open_file). Nothing here imports the
//! answers to lookups.

mod line_buffer;
mod line_offsets;
mod reader;
mod run_time_symbols;

pub(crate) use reader::{ListedSymbols, Reader};
