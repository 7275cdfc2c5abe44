// SPDX-License-Identifier: GPL-2.0

//! ELF files, as far as symbols need them: section headers, symbol tables, the bytes of a section.
//!
//! In come 64-bit little endian files, which every architecture with Rust in the kernel has. Out come
//! sections and symbols; only the parts that a caller asks for are read. These files may import
//! `common/` only.

mod fields;
mod file;
mod section;
mod symbol_table;

pub(crate) use file::ElfFile;
pub(crate) use section::Section;
pub(crate) use symbol_table::{Entry, Linkage, Symbol, SymbolNames, SymbolTable};
