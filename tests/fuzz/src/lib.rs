// SPDX-License-Identifier: GPL-2.0

//! Fuzz targets for the format code, the generator and the tool.
//!
//! The format code and the generator are compiled into this crate, and the tool is a dependency. Each of the
//! [`targets`] makes an input for this code from bytes, and panics if the code gives a wrong result. `make fuzz`
//! runs libFuzzer, which searches for bytes that cause a panic. The tests of this crate run the inputs in
//! `corpus/`, also with pseudo-random changes.

#![expect(
    dead_code,
    unreachable_pub,
    reason = "the targets call only a part of these files"
)]

#[path = "../../../scripts/attribute/mod.rs"]
mod attribute;
#[path = "../../../scripts/common/mod.rs"]
mod common;
#[path = "../../generator/tests/generator/elf.rs"]
mod dump;
#[path = "../../../scripts/encode/mod.rs"]
mod encode;
#[path = "../../../rust/format/mod.rs"]
mod format;
mod input;
#[path = "../../../scripts/link.rs"]
mod link;
#[path = "../../../scripts/read/mod.rs"]
mod read;
mod scratch;
#[path = "../../../scripts/sort_symbols.rs"]
mod sort_symbols;
pub mod targets;
#[path = "../../../scripts/write/mod.rs"]
mod write;
