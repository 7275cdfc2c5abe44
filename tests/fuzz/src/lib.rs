// SPDX-License-Identifier: GPL-2.0

//! What reads tables and build inputs, fed with bytes of any kind.
//!
//! The format code and the generator are compiled into this crate, and the tool for people is a crate that
//! it uses. Each of the [`targets`] takes
//! bytes, makes an input of them, and panics if the answer is not right. `make fuzz` lets libFuzzer
//! look for bytes that make one panic; the tests of this crate replay what is in `corpus/`, with
//! random changes to it.

#![expect(
    dead_code,
    unreachable_pub,
    reason = "programs are made of these files, and only parts of them are called here"
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
