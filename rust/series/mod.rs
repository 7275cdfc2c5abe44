// SPDX-License-Identifier: GPL-2.0

//! The differences between kernel series: one file for each series, named in `kallmodsyms.rs`.
//!
//! The kernel crate and the format code come in; one spelling for all series goes out. A series
//! without a file is compiled with this file.

compile_error!("no support for this kernel series; see the files in rust/series/");
