// SPDX-License-Identifier: GPL-2.0

//! Which module calls this? The sample in Rust.
//!
//! `kallmodsyms_sample_rust()` logs the loaded or built-in module of its caller. It also logs the
//! size and the object file of the caller's function, if the kernel knows them:
//!
//! ```text
//! kallmodsyms_sample_rust: called from [kallmodsyms_sample_caller]
//! kallmodsyms_sample_rust: that is 14 bytes into a function of 16
//! ```
//!
//! In Linux 6.12, 7.2 and 7.3, Rust code in a module can neither read a return address nor export
//! a function. The C code in who_calls_export.c does both.

use core::str;
use kernel::{
    kallmodsyms::{object_path, Extent, Modules},
    prelude::*,
};

module! {
    type: Sample,
    name: "kallmodsyms_sample_rust",
    description: "Sample: logs the module of its caller",
    license: "GPL",
}

/// The module, which has no state.
struct Sample;

impl kernel::Module for Sample {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // Look up the address of this function.
        log_place("this code is in", Sample::init as *const () as usize);
        Ok(Self)
    }
}

/// Logs the modules at `address`, and the size and the object file of the function there.
fn log_place(what: &str, address: usize) {
    let modules = Modules::of(address);
    if modules.is_empty() {
        pr_info!("{} no module\n", what);
    } else {
        // Code of an object file that several built-in modules share is in all of these modules.
        pr_info!("{} {}\n", what, format_args!("{modules}"));
    }
    if let Some(Extent { size, offset }) = Extent::of(address) {
        pr_info!("that is {} bytes into a function of {}\n", offset, size);
    }
    // With `CONFIG_KALLMODSYMS_OBJECTS`, the kernel knows the object files of its image.
    let mut buf = [0; 128];
    if let Ok(path) = object_path(address, &mut buf) {
        let path = str::from_utf8(path).unwrap_or("?");
        pr_info!("in the object file {}\n", path);
    }
}

/// Logs the module of the caller. `address` is the return address of the call.
#[no_mangle]
pub extern "C" fn kallmodsyms_sample_rust_called_from(address: usize) {
    // The return address of a call at the end of a function is after the end of the function.
    log_place("called from", address.wrapping_sub(1));
}
