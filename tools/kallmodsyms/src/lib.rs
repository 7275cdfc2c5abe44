// SPDX-License-Identifier: GPL-2.0

//! The lines of `/proc/kallmodsyms` for a kernel's own symbols, from the file of a kernel that does not
//! run.
//!
//! This crate and the kernel make the lines with the same code (`rust/format/` of this repository) from the
//! same tables, so the lines are equal to the byte. The modules of this crate follow the data:
//!
//! - the [request](Show);
//! - the file: `kernel_file`, which recognises its form, `file_bytes`, `vmlinuz`, `zboot`, `decompress` and
//!   `dump`;
//! - the image: `elf` or `raw_image`, `image`, and `scanner` for a file without symbols;
//! - the tables: `tables` and `addresses`;
//! - the symbols: `listing`, `listed_symbols`, `symbols`, and the build's files, `link_ranges` and
//!   `modules_thick`;
//! - the answer: `selection`, `lookup`, `modules`, `sizes` and `annotate`, which also counts;
//! - the form of the answer: `line`, `json` and `output`.
//!
//! Every answer is also made from a saved listing. For `modules` and `sizes`, `listed_symbols` separates the
//! kernel's own symbols from the symbols of loaded modules.
//!
//! This crate shares only the format code with the kernel, and no other code with the generator.
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
mod annotate;
mod color;
mod decompress;
mod dump;
mod elf;
mod error;
mod file_bytes;
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
mod kernel_file;
mod line;
mod link_ranges;
mod listed_symbols;
mod listing;
mod lookup;
mod modules;
mod modules_thick;
mod output;
mod raw_image;
mod request;
mod scanner;
mod selection;
mod sizes;
mod symbols;
mod tables;
mod vmlinuz;
mod words;
mod zboot;

pub use annotate::{annotate, count, Annotate, Count, CountBy, Texts};
pub use error::{Error, Result};
pub use hexadecimal::parse_hexadecimal;
pub use listing::show;
pub use lookup::lookup;
pub use modules::{modules, Modules};
pub use request::{Format, Lookup, Show, Source};
pub use sizes::{sizes, By, Sizes, TableFormat};
