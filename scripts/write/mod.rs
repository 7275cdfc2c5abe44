// SPDX-License-Identifier: GPL-2.0

//! Phase 4: the outputs of one pass of the link.
//!
//! In come the tables and the modules of the symbols. Out come [`Outputs`]: the assembler source for standard
//! output, and the files beside vmlinux. The files of this directory may import `common/`, `read/`,
//! `attribute/`, `encode/` and the format code.

pub(crate) mod assembler;
mod module_rows;
mod object_rows;
pub(crate) mod output_files;
mod outputs;
mod reports;
mod size_rows;

pub(crate) use outputs::Outputs;
