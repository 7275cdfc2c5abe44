// SPDX-License-Identifier: GPL-2.0

//! /proc/kallmodsyms: the symbols of /proc/kallsyms with their sizes and modules.
//!
//! For built-in symbols too it says which module, or modules, the symbol would be in if it were
//! built as a module. The tables for that are made when vmlinux is linked and lie beside those of
//! kallsyms; see Documentation/ in this directory for their layout and for the format of the file.
//!
//! From the bottom up:
//!
//! - [`format`](mod@format): decoding of the tables and rendering of lines, without any kernel
//!   type.
//! - [`proc_fs`], [`open_file`], [`cred`]: safe abstractions of kernel interfaces.
//! - [`series`], [`core_tables`], [`core_symbols`], [`checkpoints`], [`modules`], [`bpf`],
//!   [`dynamic`]: the sources of symbols.
//! - [`address_index`], [`lookup`], [`true_sizes`]: answers for the kernel's own code about addresses.
//! - [`vmcoreinfo`]: for crash dumps.
//! - [`listing`]: all sources in a row, as a sequence of lines.

mod address_index;
#[cfg(CONFIG_BPF_JIT)]
mod bpf;
#[forbid(unsafe_code)]
mod checkpoints;
#[forbid(unsafe_code)]
mod core_symbols;
mod core_tables;
mod cred;
mod dynamic;
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the same files serve the generator and the host tests, which use all of them"
)]
#[deny(unsafe_code)]
mod format;
#[forbid(unsafe_code)]
mod listing;
mod lookup;
#[cfg(CONFIG_MODULES)]
mod modules;
mod open_file;
mod proc_fs;
mod rodata;
#[cfg_attr(kallmodsyms_series = "6.12", path = "series/v6_12.rs")]
#[cfg_attr(kallmodsyms_series = "7.2", path = "series/v7_2.rs")]
#[cfg_attr(kallmodsyms_series = "7.3", path = "series/v7_2.rs")]
mod series;
#[cfg(CONFIG_KALLMODSYMS_SIZES)]
mod true_sizes;
#[cfg(CONFIG_VMCORE_INFO)]
mod vmcoreinfo;

use kernel::{c_str, ffi::c_int, prelude::*};

/// What messages of this crate begin with. `module!` would define it, and make a module of the
/// component.
const __LOG_PREFIX: &[u8] = b"kallmodsyms\0";

/// Starts the component. An initcall of helpers.c calls it, once, in process context.
#[no_mangle]
pub(crate) extern "C" fn kallmodsyms_init() -> c_int {
    match start() {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// Makes the file, and lets other code look symbols up, for as long as the kernel runs.
fn start() -> Result {
    let symbols = KBox::new(core_symbols::CoreSymbols::new()?, GFP_KERNEL)?;
    let symbols: &core_symbols::CoreSymbols = KBox::leak(symbols);
    lookup::publish(symbols)?;
    proc_fs::create::<listing::Listing>(c_str!("kallmodsyms"), 0o444, symbols)?;
    #[cfg(CONFIG_VMCORE_INFO)]
    vmcoreinfo::add_tables();
    Ok(())
}
