// SPDX-License-Identifier: GPL-2.0

//! The differences between kernel series. `kallmodsyms.rs` selects the file for the series of the
//! kernel tree; Linux 7.2 and 7.3 use the same file. A series without a file gets `mod.rs`, which
//! stops the build.
//!
//! The files import the kernel crate and the format code. All of them define the same items, so the
//! code outside of this folder is the same for all series.

compile_error!("no support for this kernel series; see the files in rust/series/");
