// SPDX-License-Identifier: GPL-2.0

//! Which module calls this? The sample in Rust.
//!
//! `kallmodsyms_sample_rust()` logs which module its caller is in, and how large the caller's function
//! is. That the module is built in makes no difference:
//!
//! ```text
//! kallmodsyms_sample_rust: called from [kallmodsyms_sample_caller]
//! kallmodsyms_sample_rust: that is 14 bytes into a function of 16
//! ```
//!
//! In who_calls_export.c is what only C can do in this kernel series: to ask for a return address, and
//! to export a function of a module.

use kernel::{
    kallmodsyms::{Extent, Modules},
    prelude::*,
};

module! {
    type: Sample,
    name: "kallmodsyms_sample_rust",
    description: "Sample: logs which module calls it",
    license: "GPL",
}

/// Nothing has to be kept.
struct Sample;

impl kernel::Module for Sample {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // This code is in a module, too.
        log_place("this code is in", Sample::init as *const () as usize);
        Ok(Self)
    }
}

/// Logs the modules and the extent of what is at `address`.
fn log_place(what: &str, address: usize) {
    let modules = Modules::of(address);
    if modules.is_empty() {
        pr_info!("{} no module\n", what);
    } else {
        // An object file that is part of several built-in modules is in all of them.
        pr_info!("{} {}\n", what, format_args!("{modules}"));
    }
    if let Some(Extent { size, offset }) = Extent::of(address) {
        pr_info!("that is {} bytes into a function of {}\n", offset, size);
    }
}

/// Logs which module the code is in that a call returns to at `address`.
#[no_mangle]
pub extern "C" fn kallmodsyms_sample_rust_called_from(address: usize) {
    // A return address can be behind the function that it returns to.
    log_place("called from", address.wrapping_sub(1));
}
