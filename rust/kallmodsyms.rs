// SPDX-License-Identifier: GPL-2.0

//! /proc/kallmodsyms: the symbols of /proc/kallsyms with their sizes and modules.
//!
//! The file also names built-in modules: a symbol is in each module that contains its object file.
//! The link of vmlinux adds the tables with these modules to the tables of kallsyms.
//! Documentation/kbuild/tables.rst describes the tables.
//!
//! Each folder is a layer with one role. A layer imports only the layers before it in this list:
//!
//! - [`format`](mod@format): decodes the tables and renders lines. Names no kernel type.
//! - [`series`]: the differences between kernel series.
//! - [`abstractions`]: safe abstractions of kernel interfaces.
//! - [`sources`]: the symbols of the kernel, of loadable modules, of tracing and of BPF.
//! - [`answers`]: answers to lookups of kernel code, and the lines in VMCOREINFO. Does not import
//!   the listing.
//! - [`listing`]: the contents of the file. Does not import the answers.

mod abstractions;
mod answers;
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the same files serve the generator and the host tests, which use all of them"
)]
#[deny(unsafe_code)]
mod format;
#[forbid(unsafe_code)]
mod listing;
#[cfg_attr(kallmodsyms_series = "6.12", path = "series/v6_12.rs")]
#[cfg_attr(kallmodsyms_series = "7.2", path = "series/v7_2.rs")]
#[cfg_attr(kallmodsyms_series = "7.3", path = "series/v7_2.rs")]
mod series;
mod sources;

use kernel::{c_str, ffi::c_int, prelude::*};

/// The prefix of this crate's messages. The macro `module!` defines such a prefix, but would also
/// turn the component into a module.
const __LOG_PREFIX: &[u8] = b"kallmodsyms\0";

/// Starts the component. An initcall of helpers.c calls this once, in process context.
#[no_mangle]
pub(crate) extern "C" fn kallmodsyms_init() -> c_int {
    match start() {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// Starts the lookups, makes the file, and adds the tables to VMCOREINFO. The lookups and the file
/// work for as long as the kernel runs.
fn start() -> Result {
    let symbols = KBox::new(sources::CoreSymbols::new()?, GFP_KERNEL)?;
    let symbols: &sources::CoreSymbols = KBox::leak(symbols);
    answers::start(symbols)?;
    let listed = KBox::new(listing::ListedSymbols::new(symbols)?, GFP_KERNEL)?;
    abstractions::proc_fs::create::<listing::Reader>(
        c_str!("kallmodsyms"),
        0o444,
        KBox::leak(listed),
    )?;
    answers::add_to_vmcoreinfo();
    Ok(())
}
