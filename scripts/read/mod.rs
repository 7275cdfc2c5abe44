// SPDX-License-Identifier: GPL-2.0

//! Phase 1: the files of the build, parsed.
//!
//! In come files: the output of the pass, its link maps, object files, kbuild's commands, lists and
//! configuration, and the output of scripts/kallsyms. Out come [`Inputs`], the contents of the files without
//! any decision. [`Inputs`] record the object files and commands that cannot be read, and the lines of maps
//! that cannot be parsed. Any other damage is an error. These files may import `common/` and the format code;
//! [`elf`] and [`map`] may import `common/` only.

pub(crate) mod auto_conf;
pub(crate) mod cmd_file;
pub(crate) mod elf;
pub(crate) mod input_file;
pub(crate) mod inputs;
pub(crate) mod kallsyms_order;
pub(crate) mod link_maps;
pub(crate) mod map;
pub(crate) mod merge_kind;
pub(crate) mod modules_builtin;
pub(crate) mod nm_line;
pub(crate) mod object_files;
pub(crate) mod symbol_walk;
pub(crate) mod table_rooms;
pub(crate) mod vmlinux_o;

pub(crate) use inputs::{Buffers, Inputs};
