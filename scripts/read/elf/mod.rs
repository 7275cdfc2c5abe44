// SPDX-License-Identifier: GPL-2.0

//! ELF files, as far as symbols need them: section headers, symbol tables, the bytes of a section.
//!
//! In come the object files and images of all supported architectures (x86_64, arm64, riscv64), 64-bit little
//! endian. Out come sections and symbols. [`ElfFile::open`] reads the first 32 KiB, the section headers and the
//! section names; all other parts are read only if a caller asks for them. These files may import `common/`
//! only.

mod fields;
mod file;
mod section;
mod symbol_table;

pub(crate) use file::ElfFile;
pub(crate) use section::Section;
pub(crate) use symbol_table::{Entry, Linkage, Symbol, SymbolNames, SymbolTable};
