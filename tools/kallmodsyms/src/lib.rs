// SPDX-License-Identifier: GPL-2.0

//! What `/proc/kallmodsyms` says of a kernel's own symbols, from the file of the kernel, without booting
//! it.
//!
//! The lines are made by the code that makes them in the kernel (`rust/format/` of this repository), from
//! the tables that the kernel reads, so they are the same to the byte. The modules of this crate follow
//! the data:
//!
//! - the [request](Show);
//! - the file: `source`, which maps it, `vmlinuz` and `decompress`;
//! - the image: `elf`, `image`, and `scanner` where there are no symbols;
//! - the tables: `tables` and `addresses`;
//! - the answer: `listing`, `selection`, `link_ranges` and `lookup`;
//! - its form: `line`, `json` and `output`.
//!
//! With the kernel it shares the format code alone, and with the generator, `scripts/`, nothing.
//!
//! ```no_run
//! # fn main() -> Result<(), kallmodsyms::Error> {
//! let mut lines = Vec::new();
//! kallmodsyms::show(&kallmodsyms::Show::of("vmlinux"), &mut lines)?;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod addresses;
mod decompress;
mod elf;
mod error;
#[path = "../../../rust/format/mod.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the same files serve the kernel and the host tests, which use all of them"
)]
mod format;
mod hexadecimal;
mod image;
mod json;
mod line;
mod link_ranges;
mod listing;
mod lookup;
mod output;
mod request;
mod scanner;
mod selection;
mod source;
mod tables;
mod vmlinuz;
mod words;

pub use error::{Error, Result};
pub use hexadecimal::parse_hexadecimal;
pub use listing::show;
pub use lookup::lookup;
pub use request::{Format, Lookup, Show, Source};
