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

#[path = "../../../scripts/asked.rs"]
mod asked;
#[path = "../../../scripts/both.rs"]
mod both;
#[path = "../../../scripts/builtin.rs"]
mod builtin;
#[path = "../../../scripts/by_address.rs"]
mod by_address;
#[path = "../../../scripts/cmdfile.rs"]
mod cmdfile;
#[path = "../../../scripts/config.rs"]
mod config;
#[path = "../../../scripts/definitions.rs"]
mod definitions;
#[path = "../../../scripts/digits.rs"]
mod digits;
#[path = "../../generator/tests/generator/elf.rs"]
mod dump;
#[path = "../../../scripts/elf/mod.rs"]
mod elf;
#[path = "../../../scripts/emit/mod.rs"]
mod emit;
#[path = "../../../scripts/error.rs"]
mod error;
#[path = "../../../scripts/exceptions.rs"]
mod exceptions;
#[path = "../../../rust/format/mod.rs"]
mod format;
#[path = "../../../scripts/hash.rs"]
mod hash;
mod input;
#[path = "../../../scripts/jobs.rs"]
mod jobs;
#[path = "../../../scripts/layout.rs"]
mod layout;
#[path = "../../../scripts/lines.rs"]
mod lines;
#[path = "../../../scripts/link.rs"]
mod link;
#[path = "../../../scripts/map/mod.rs"]
mod map;
#[path = "../../../scripts/maps.rs"]
mod maps;
#[path = "../../../scripts/objects.rs"]
mod objects;
mod output;
#[path = "../../../scripts/owners.rs"]
mod owners;
#[path = "../../../scripts/ranges.rs"]
mod ranges;
#[path = "../../../scripts/reports.rs"]
mod reports;
mod scratch;
#[path = "../../../scripts/script_symbols.rs"]
mod script_symbols;
#[path = "../../../scripts/sizes.rs"]
mod sizes;
#[path = "../../../scripts/sort_symbols.rs"]
mod sort_symbols;
#[path = "../../../scripts/symbols.rs"]
mod symbols;
#[path = "../../../scripts/tables.rs"]
mod tables;
pub mod targets;
#[path = "../../../scripts/unattributed.rs"]
mod unattributed;
#[path = "../../../scripts/vmlinux_o.rs"]
mod vmlinux_o;
