// SPDX-License-Identifier: GPL-2.0

//! Tells which module, built-in modules included, each symbol and each address of a Linux kernel is in.
//!
//! [`Kernel`] reads the file `/proc/kallmodsyms` of the running kernel, a saved copy of that file, or a kernel
//! that does not run: a build directory, a vmlinux, a vmlinuz, an Image or a vmcore. The kernel must be built
//! with `CONFIG_KALLMODSYMS`. [`Symbols`] has the symbols in the order of the file, finds the [`Symbol`] that
//! contains an address, and lists the modules. Each [`Error`] has a remedy, and names the file at fault if
//! there is one.
//!
//! The module of an address in the running kernel:
//!
//! ```no_run
//! let kernel = kallmodsyms::Kernel::running()?;
//! let symbols = kernel.symbols()?;
//! if let Some(location) = symbols.location(0xffff_ffff_8da4_a500) {
//!     println!("{location}"); // ext4_fill_super+0xc1/0x2b22 [ext4]
//! }
//! # Ok::<(), kallmodsyms::Error>(())
//! ```
//!
//! The modules of a vmlinux:
//!
//! ```no_run
//! let kernel = kallmodsyms::Kernel::open(&kallmodsyms::Source::of("vmlinux"))?;
//! for module in kernel.symbols()?.modules()? {
//!     println!("{} symbols in {}", module.symbols, String::from_utf8_lossy(module.name));
//! }
//! # Ok::<(), kallmodsyms::Error>(())
//! ```
//!
//! The modules at an address of a crash. A vmcore has the KASLR offset of its boot, so the addresses of the
//! crash need no offset:
//!
//! ```no_run
//! let kernel = kallmodsyms::Kernel::open(&kallmodsyms::Source::of("vmcore"))?;
//! let symbols = kernel.symbols()?;
//! let modules = symbols.location(0xffff_ffff_9ba4_d141).map(|location| location.module_names().count());
//! println!("in {} modules", modules.unwrap_or(0));
//! # Ok::<(), kallmodsyms::Error>(())
//! ```
//!
//! The functions [`show()`], [`lookup()`], [`modules()`], [`sizes()`], [`annotate()`] and [`count()`] are the
//! commands of the program `kallmodsyms`: each takes a request and writes text.
//!
//! # For developers of this crate
//!
//! This crate and the kernel make the lines of the kernel's own symbols from the same tables with the same
//! code, `rust/format/` of the repository. At the same KASLR offset, the lines are thus equal to the byte. This
//! crate shares no other code with the kernel or the generator. The modules of this crate follow the data:
//!
//! - the request: `request`;
//! - the file: `kernel_file`, which recognises the form of the file, `file_bytes`, `vmlinuz`, `zboot`,
//!   `decompress` and `dump`;
//! - the image: `elf` or `raw_image`, `image`, and `scanner` for a file without symbols;
//! - the tables: `tables`, `addresses` and `object_files`;
//! - the kernel: `kernel`, `listing` for its lines, `link_ranges` and `modules_thick` for files that the build
//!   leaves beside vmlinux;
//! - the symbols: `symbol`, `listed_symbols` for the lines of a saved listing, `symbols`, `address_index`,
//!   `name_index` and `location`;
//! - the answer: `selection`, `lookup`, `modules`, `sizes`, and `annotate`, which has the command `count`, too;
//! - the form of the answer: `json`, `output` and `color`;
//! - for all of these: `error`, `hexadecimal`, `line` and `words`.

#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod address_index;
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
mod kernel;
mod kernel_file;
mod line;
mod link_ranges;
mod listed_symbols;
mod listing;
mod location;
mod lookup;
mod modules;
mod modules_thick;
mod name_index;
mod object_files;
mod output;
mod raw_image;
mod request;
mod scanner;
mod selection;
mod sizes;
mod symbol;
mod symbols;
mod tables;
mod vmlinuz;
mod words;
mod zboot;

pub use annotate::{annotate, count, Annotate, Count, CountBy, Texts};
pub use error::{Error, Result};
pub use hexadecimal::parse_hexadecimal;
pub use kernel::Kernel;
pub use listing::show;
pub use location::Location;
pub use lookup::lookup;
pub use modules::{modules, Modules};
pub use request::{Format, Lookup, Show, Source};
pub use sizes::{sizes, By, Sizes, TableFormat};
pub use symbol::Symbol;
pub use symbols::{Module, Symbols};
