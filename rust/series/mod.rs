// SPDX-License-Identifier: GPL-2.0

//! What differs between kernel series: one file each, which `kallmodsyms.rs` names.
//!
//! The kernel crate and the format code come in; one spelling for all series goes out. A series
//! without a file is compiled with this one.

compile_error!("no support for this kernel series; see the files in rust/series/");
